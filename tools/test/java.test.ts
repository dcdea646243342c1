import { expect, test } from 'vitest';
import { findJava, installedJavas, parseMajor } from '../src/java.js';

test.each([
  ['17.0.15', 17],
  ['25', 25],
  ['21-ea', 21],
  ['1.8.0_402', 8],
  ['unknown', undefined],
])('%s is Java %s', (version, major) => {
  expect(parseMajor(version)).toBe(major);
});

test('the oldest Java that is new enough is taken', () => {
  for (const { major } of installedJavas()) expect(findJava(major)?.major).toBe(major);
  expect(findJava(1000)).toBeUndefined();
});
