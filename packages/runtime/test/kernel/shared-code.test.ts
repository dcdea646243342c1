/** Generated functions of the same source are compiled once, and each still sees its own constants. */
import { describe, expect, it } from 'vitest';
import { Constants, makeFunction } from '../../src/kernel/generate/code.js';

/** What profilers know a function by that throws. */
const urlOf = (fn: () => unknown): string => {
  try {
    fn();
  } catch (error) {
    return /(rta-kernel\S*?):\d+:\d+/.exec((error as Error).stack!)?.[1] ?? '';
  }
  return '';
};

const made = (of: string | null, values: readonly unknown[], body: string): ((x?: number) => unknown) => {
  const constants = new Constants(of);
  for (const value of values) constants.name(value);
  return makeFunction<(x?: number) => unknown>(constants, body);
};

describe('functions of the same source', () => {
  it('see their own constants', () => {
    const adders = [1, 2, 3].map((step) => made(null, [step], 'return (x) => x + k0;'));
    expect(adders.map((add) => add(10))).toEqual([11, 12, 13]);
  });

  it('are others where there are more constants, which their source may not name', () => {
    expect(made(null, [1], 'return () => typeof k1;')()).toBe('undefined');
    expect(made(null, [1, 2], 'return () => typeof k1;')()).toBe('number');
  });

  it('are made again when very many others came in between', () => {
    const body = 'return () => k0;';
    expect(made(null, [1], body)()).toBe(1);
    for (let i = 0; i < 1500; i++) made(null, [], `return () => ${i};`);
    expect(made(null, [2], body)()).toBe(2);
  });

  it('are known by their pipeline where they are to be, and by nobody’s name otherwise', () => {
    const body = 'return () => { throw new Error(); };';
    expect(['rta-kernel:a/0', 'rta-kernel:b/0', null].map((of) => urlOf(made(of, [], body)))).toEqual([
      'rta-kernel:a/0',
      'rta-kernel:b/0',
      'rta-kernel',
    ]);
  });
});
