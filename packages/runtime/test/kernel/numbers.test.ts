import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addAnyDouble,
  addLongToSum,
  bigIntOfBytes,
  bytesOfBigInt,
  doubleOfSum,
  doubleOfUnits,
  longOfSum,
  partsOfSum,
  unitsOf,
} from '../../src/kernel/run/numbers.js';
import { Scratch } from '../../src/kernel/run/scratch.js';
import { readDoubleSum, readLongSum, writeDoubleSum, writeLongSum } from '../../src/kernel/run/sum-codec.js';
import { AvroCursor } from '../../src/kernel/run/avro-cursor.js';

/** A rational with a power of two below the line: every finite double is one. */
function rational(x: number): { readonly n: bigint; readonly shift: bigint } {
  let shift = 0n;
  while (!Number.isInteger(x)) {
    // Exact: only the exponent changes.
    x *= 2;
    shift++;
  }
  return { n: BigInt(x), shift };
}

/** The double nearest to the exact sum, by comparing with both neighbours as rationals. */
function exactSum(values: readonly number[]): number {
  const parts = values.map(rational);
  const shift = parts.reduce((max, part) => (part.shift > max ? part.shift : max), 1100n);
  const total = parts.reduce((sum, part) => sum + (part.n << (shift - part.shift)), 0n);
  const scaled = (x: number): bigint => {
    const { n, shift: own } = rational(x);
    return n << (shift - own);
  };
  const half = (a: number): bigint => {
    const difference = scaled(a) - total;
    return difference < 0n ? -difference : difference;
  };
  // Bisection over doubles by their bits.
  const order = (x: number): bigint => {
    const bits = new BigInt64Array(Float64Array.of(x).buffer)[0];
    return bits < 0n ? -(bits & (2n ** 63n - 1n)) : bits;
  };
  const fromOrder = (o: bigint): number => new Float64Array(BigInt64Array.of(o < 0n ? -o - 2n ** 63n : o).buffer)[0];
  let [low, high] = [order(-Number.MAX_VALUE), order(Number.MAX_VALUE)];
  while (low < high) {
    const middle = (low + high) >> 1n;
    if (scaled(fromOrder(middle)) < total) low = middle + 1n;
    else high = middle;
  }
  const above = fromOrder(low);
  const below = fromOrder(low - 1n);
  if (!Number.isFinite(below)) return above;
  const [up, down] = [half(above), half(below)];
  if (up !== down) return up < down ? above : below;
  return (order(above) & 1n) === 0n ? above : below;
}

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(1e308, -1e308, 5e-324, -5e-324, 0.1, 0.2, 0.3, 1e-300, Number.MAX_VALUE, 2 ** 53, 1, -1, 0, -0),
  fc.integer({ min: -1000, max: 1000 }).map((n) => n / 100),
);

class DoubleSum {
  readonly num = new Float64Array(8);
  readonly spill = new Map<number, unknown>();
  readonly special = new Map<number, unknown>();

  add(x: number): void {
    addAnyDouble(this.num, 2, this.spill, this.special, 5, x);
  }

  get value(): number {
    return doubleOfSum(this.num, 2, this.spill, this.special, 5);
  }
}

describe('sums of doubles', () => {
  it('are the exact sum, rounded once', () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 30 }), (values) => {
        const sum = new DoubleSum();
        for (const x of values) sum.add(x);
        const expected = exactSum(values);
        // Beyond the largest double the nearest is infinite.
        if (Math.abs(sum.value) === Infinity) expect(Math.abs(expected)).toBe(Number.MAX_VALUE);
        else expect(sum.value).toBe(expected + 0);
      }),
    );
  });

  it('do not overflow on the way', () => {
    const sum = new DoubleSum();
    for (const x of [1e308, 1e308, -1e308]) sum.add(x);
    expect(sum.value).toBe(1e308);
    sum.add(1e308);
    expect(sum.value).toBe(Infinity);
    sum.add(-1e308);
    expect(sum.value).toBe(1e308);
    // Here the sum is finite all along.
    const within = [-1e308, 1.2768161771814744e307, Number.MAX_VALUE];
    const other = new DoubleSum();
    for (const x of within) other.add(x);
    expect(other.value).toBe(exactSum(within));
  });

  it('count what is not finite apart', () => {
    const sum = new DoubleSum();
    for (const x of [1, Infinity, 2]) sum.add(x);
    expect(sum.value).toBe(Infinity);
    sum.add(-Infinity);
    expect(sum.value).toBeNaN();
    expect(partsOfSum(sum.num, 2, sum.spill, 5)).toEqual([3]);
  });

  it('are written as parts whose sum is exact, and read back', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(finite, fc.constantFrom(NaN, Infinity, -Infinity)), { maxLength: 20 }), (values) => {
        const sum = new DoubleSum();
        for (const x of values) sum.add(x);
        const scratch = new Scratch();
        const end = writeDoubleSum(scratch, 0, sum.num, 2, sum.spill, sum.special, 5);
        const again = new DoubleSum();
        const cursor = new AvroCursor().at(scratch.bytes, 0, end);
        readDoubleSum(cursor, again.num, 2, again.spill, again.special, 5);
        expect(cursor.pos).toBe(end);
        expect(again.value).toBe(sum.value);
        expect(again.special).toEqual(sum.special);
      }),
    );
  });

  it('convert units of the least double both ways', () => {
    fc.assert(
      fc.property(finite, (x) => {
        expect(doubleOfUnits(unitsOf(x))).toBe(x + 0);
      }),
    );
    expect(doubleOfUnits(unitsOf(Number.MAX_VALUE) * 2n)).toBe(Infinity);
  });
});

const long = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer()).map((value) => {
  const wide = BigInt(value);
  return wide >= -(2n ** 53n) + 1n && wide < 2n ** 53n ? Number(wide) : wide;
});

describe('sums of longs', () => {
  it('are exact beyond 64 bits, and written in one way', () => {
    fc.assert(
      fc.property(fc.array(long, { maxLength: 40 }), (values) => {
        const num = new Float64Array(4);
        let exact = 0n;
        for (const value of values) {
          addLongToSum(num, 1, value);
          exact += BigInt(value);
        }
        expect((BigInt(num[1]) << 52n) + BigInt(num[2])).toBe(exact);
        if (BigInt.asIntN(64, exact) === exact) expect(BigInt(longOfSum(num[1], num[2]))).toBe(exact);
        else expect(() => longOfSum(num[1], num[2])).toThrow('64 bits');
        const scratch = new Scratch();
        const end = writeLongSum(scratch, 0, num, 1);
        const cursor = new AvroCursor().at(scratch.bytes, 0, end);
        expect([cursor.long(), cursor.long()].map(BigInt)).toEqual([exact >> 52n, BigInt.asUintN(52, exact)]);
        const again = new Float64Array(4);
        readLongSum(new AvroCursor().at(scratch.bytes, 0, end), again, 1);
        expect((BigInt(again[1]) << 52n) + BigInt(again[2])).toBe(exact);
      }),
    );
  });
});

describe('decimals', () => {
  it('are two’s complement in as few bytes as can be', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }), (value) => {
        const bytes = bytesOfBigInt(value);
        expect(bigIntOfBytes(bytes, 0, bytes.length)).toBe(value);
        expect(BigInt.asIntN((bytes.length - 1) * 8, value) === value && bytes.length > 1).toBe(false);
      }),
    );
  });
});
