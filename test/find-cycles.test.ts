import { expect, test } from 'vitest';
import { findCycles } from './find-cycles.js';

function graph(edges: Record<string, string[]>): Map<string, string[]> {
  return new Map(Object.entries(edges));
}

test('a tree and a diamond have no circle', () => {
  expect(findCycles(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }))).toEqual([]);
});

test('a file that imports itself', () => {
  expect(findCycles(graph({ a: ['a'] }))).toEqual([['a', 'a']]);
});

test('of a knot, the shortest way around from each node that is on none yet', () => {
  expect(findCycles(graph({ a: ['b', 'c'], b: ['c'], c: ['a'], d: ['a'] }))).toEqual([
    ['a', 'c', 'a'],
    ['b', 'c', 'a', 'b'],
  ]);
});

test('two circles', () => {
  expect(findCycles(graph({ a: ['b'], b: ['a'], c: ['d'], d: ['c'], e: ['elsewhere'] }))).toEqual([
    ['a', 'b', 'a'],
    ['c', 'd', 'c'],
  ]);
});
