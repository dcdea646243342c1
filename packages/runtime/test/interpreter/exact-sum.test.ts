import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doubleOfExact, exactOfDouble, partsOfExact } from '../../src/kernel/interpreter/exact-sum.js';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const exactSum = (values: readonly number[]): bigint => values.map(exactOfDouble).reduce((a, b) => a + b, 0n);

describe('doubles as exact integers', () => {
  it('come back as they were', () => {
    fc.assert(fc.property(finite, (x) => doubleOfExact(exactOfDouble(x)) === x));
  });

  it('add up to what IEEE says of two, which is correctly rounded', () => {
    fc.assert(fc.property(finite, finite, (x, y) => Object.is(doubleOfExact(exactSum([x, y])), x + y === 0 ? 0 : x + y)));
  });

  it('multiply as IEEE says of whole factors', () => {
    fc.assert(fc.property(finite, fc.integer({ min: 1, max: 1 << 20 }), (x, n) => doubleOfExact(exactOfDouble(x) * BigInt(n)) === x * n));
  });

  it.each([
    ['overflow to infinity', [Number.MAX_VALUE, 2 ** 970], Infinity],
    ['stay finite just below', [Number.MAX_VALUE, 2 ** 969], Number.MAX_VALUE],
    ['keep what cancels', [1e308, 1e308, -1e308, -1e308, 5e-324], 5e-324],
    ['tie to even', [1, 2 ** -53], 1],
    ['break a tie by the smallest bit', [1, 2 ** -53, 5e-324], 1 + 2 ** -52],
  ])('%s', (_name, values, sum) => {
    expect(doubleOfExact(exactSum(values))).toBe(sum);
    expect(doubleOfExact(exactSum(values.map((x) => -x)))).toBe(-sum);
  });

  it('are written as parts that are finite and add up exactly', () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 8 }), (values) => {
        const parts = partsOfExact(exactSum(values));
        expect(parts.every(Number.isFinite)).toBe(true);
        expect(exactSum(parts)).toBe(exactSum(values));
      }),
    );
  });
});
