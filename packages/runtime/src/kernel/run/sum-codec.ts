/** Sums as Avro (see state-layout.ts). */
import { ExpressionError } from '@rta/dsl';
import { addAnyDouble, addLongToSum, addNonFinite, bigIntOfBytes, type NonFinite, partsOfSum, type Spill } from './numbers.js';
import type { Scratch } from './scratch.js';
import type { AvroCursor } from './avro-cursor.js';

const TWO_52 = 2 ** 52;

/** record { hi, lo }, 0 <= lo < 2^52. */
export function writeLongSum(W: Scratch, p: number, num: Float64Array, at: number): number {
  let hi = num[at];
  let lo = num[at + 1];
  if (lo < 0) {
    hi -= 1;
    lo += TWO_52;
  }
  return W.long(W.long(p, hi), lo);
}

export function readLongSum(c: AvroCursor, num: Float64Array, at: number): void {
  const hi = Number(c.long());
  const lo = c.long();
  // Most sums are small, and then lo is all there is; a small negative one is hi -1 and comes out as a small negative lo.
  if (hi === -1 && typeof lo === 'number') addLongToSum(num, at, lo - TWO_52);
  else {
    num[at] += hi;
    addLongToSum(num, at, lo);
  }
}

/** record { parts, nan, pos, neg }. */
export function writeDoubleSum(W: Scratch, p: number, num: Float64Array, at: number, spill: Spill, special: Spill, slot: number): number {
  if (spill.size === 0 && num[at + 1] === 0 && num[at] !== 0) p = W.double(W.long(p, 1), num[at]);
  else {
    const parts = partsOfSum(num, at, spill, slot);
    if (parts.length > 0) p = W.long(p, parts.length);
    for (const part of parts) p = W.double(p, part);
  }
  p = W.byte(p, 0);
  const counts = special.size === 0 ? undefined : (special.get(slot) as NonFinite | undefined);
  if (counts === undefined) return W.byte(W.byte(W.byte(p, 0), 0), 0);
  return W.long(W.long(W.long(p, counts.nan), counts.pos), counts.neg);
}

export function readDoubleSum(c: AvroCursor, num: Float64Array, at: number, spill: Spill, special: Spill, slot: number): void {
  for (let count = Number(c.long()); count !== 0; count = Number(c.long())) {
    if (count < 0) {
      count = -count;
      c.long();
    }
    for (; count > 0; count--) addAnyDouble(num, at, spill, special, slot, c.double());
  }
  const nan = Number(c.long());
  const pos = Number(c.long());
  const neg = Number(c.long());
  if (nan !== 0 || pos !== 0 || neg !== 0) addNonFinite(special, slot, nan, pos, neg);
}

/** Sums of unscaled decimals, as bigints in a side map. */
export const sumOfDecimals = {
  decimal(c: AvroCursor): bigint {
    const length = c.length();
    const start = c.skip(length);
    return bigIntOfBytes(c.bytes, start, start + length);
  },

  read(c: AvroCursor, side: Map<number, unknown>, slot: number): void {
    side.set(slot, ((side.get(slot) as bigint | undefined) ?? 0n) + sumOfDecimals.decimal(c));
  },

  result(side: Map<number, unknown>, slot: number, precision: number): bigint {
    const sum = (side.get(slot) as bigint | undefined) ?? 0n;
    if ((sum < 0n ? -sum : sum) >= 10n ** BigInt(precision))
      throw new ExpressionError('overflow', `the sum has more than ${precision} digits`);
    return sum;
  },
};
