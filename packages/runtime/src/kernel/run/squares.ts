/**
 * The exact sum of the squares of doubles. The square of one is a pair of doubles without an error (Dekker's product, "A floating-point
 * technique for extending the available precision", 1971; splitting by Veltkamp) as long as neither part leaves the range of normal numbers;
 * where it would, the square goes to a bigint in units of 2^-2148, the square of the least double.
 */
import { doubleOfRatio } from '../exact-ratio.js';
import type { AvroCursor } from './avro-cursor.js';
import { addDouble, bigIntOfBytes, partsOfSum, type Spill, unitsInSum, unitsOf } from './numbers.js';
import type { Scratch } from './scratch.js';
import { eachItem } from './sides/side-kind.js';

/** Doubles of a slot: values, those of them that are not finite, and the pairs of the two sums. */
export const SQUARES_INIT = [0, 0, 0, 0, 0, 0] as const;
const BAD = 1;
const SUM = 2;
const SQUARES = 4;
const [LEAST, GREATEST] = [2 ** -450, 2 ** 500];
const SPLITTER = 2 ** 27 + 1;
/** Bits from units of 2^-1074 to those of 2^-2148. */
const WIDER = 1074n;

export const squares = {
  /** @param sign -1 takes a value out that was added before */
  add(num: Float64Array, at: number, sum: Spill, spill: Spill, wide: Spill, slot: number, x: number, sign: 1 | -1): void {
    num[at] += sign;
    if (x - x !== 0) {
      num[at + BAD] += sign;
      return;
    }
    addDouble(num, at + SUM, sum, slot, x * sign);
    addSquare(num, at + SQUARES, spill, wide, slot, x, sign);
  },

  merge(num: Float64Array, to: number, from: number, sum: Spill, spill: Spill, wide: Spill, slot: number, other: number): void {
    num[to] += num[from];
    num[to + BAD] += num[from + BAD];
    for (const part of partsOfSum(num, from + SUM, sum, other)) addDouble(num, to + SUM, sum, slot, part);
    for (const part of partsOfSum(num, from + SQUARES, spill, other)) addDouble(num, to + SQUARES, spill, slot, part);
    const units = wide.get(other) as bigint | undefined;
    if (units !== undefined) widen(wide, slot, units);
  },

  write(W: Scratch, p: number, num: Float64Array, at: number, sum: Spill, spill: Spill, wide: Spill, slot: number): number {
    p = W.long(W.long(p, num[at]), num[at + BAD]);
    for (const parts of [partsOfSum(num, at + SUM, sum, slot), partsOfSum(num, at + SQUARES, spill, slot)]) {
      if (parts.length > 0) p = W.long(p, parts.length);
      for (const part of parts) p = W.double(p, part);
      p = W.byte(p, 0);
    }
    return W.decimal(p, (wide.get(slot) as bigint | undefined) ?? 0n);
  },

  read(c: AvroCursor, num: Float64Array, at: number, sum: Spill, spill: Spill, wide: Spill, slot: number): void {
    num[at] += Number(c.long());
    num[at + BAD] += Number(c.long());
    eachItem(c, () => addDouble(num, at + SUM, sum, slot, c.double()));
    eachItem(c, () => addDouble(num, at + SQUARES, spill, slot, c.double()));
    const length = c.length();
    const start = c.skip(length);
    const units = bigIntOfBytes(c.bytes, start, start + length);
    if (units !== 0n) widen(wide, slot, units);
  },

  /** The variance of a sample; null of less than two values. */
  variance(num: Float64Array, at: number, sum: Spill, spill: Spill, wide: Spill, slot: number): number | null {
    const n = num[at];
    if (n < 2) return null;
    if (num[at + BAD] > 0) return NaN;
    const total = unitsInSum(num, at + SUM, sum, slot);
    const squared = (unitsInSum(num, at + SQUARES, spill, slot) << WIDER) + ((wide.get(slot) as bigint | undefined) ?? 0n);
    const count = BigInt(n);
    return doubleOfRatio(count * squared - total * total, count * (count - 1n), -2148);
  },
};

function addSquare(num: Float64Array, at: number, spill: Spill, wide: Spill, slot: number, x: number, sign: 1 | -1): void {
  const magnitude = Math.abs(x);
  if (magnitude === 0) return;
  if (magnitude < LEAST || magnitude > GREATEST) {
    const units = unitsOf(x);
    widen(wide, slot, units * units * BigInt(sign));
    return;
  }
  const product = x * x;
  const scaled = x * SPLITTER;
  const high = scaled - (scaled - x);
  const low = x - high;
  const error = low * low - (product - high * high - 2 * high * low);
  addDouble(num, at, spill, slot, product * sign);
  if (error !== 0) addDouble(num, at, spill, slot, error * sign);
}

function widen(wide: Spill, slot: number, units: bigint): void {
  wide.set(slot, ((wide.get(slot) as bigint | undefined) ?? 0n) + units);
}
