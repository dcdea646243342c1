import { describe, expect, it } from 'vitest';
import { MEASURES } from './speed.js';

describe('what speed.ts measures', () => {
  // That it runs; figures mean nothing beside other tests.
  it.each(Object.entries(MEASURES))('%s', (_name, measure) => {
    expect(measure(4000)).toMatch(/M\/s/);
  });
});
