/** The slow paths of min and max. */
import { canonicalLong } from '@rta/dsl';

export const extreme = {
  /** A bigint beyond 53 bits against the long at `num[at]`, which is ±Infinity where the value is in `side`. */
  takeBig(num: Float64Array, at: number, side: Map<number, unknown>, slot: number, value: bigint, max: boolean): void {
    const current = num[at];
    const infinite = value > 0n ? Infinity : -Infinity;
    if (current === infinite) {
      const kept = side.get(slot) as bigint;
      if (max ? value <= kept : value >= kept) return;
    } else if (max ? current > infinite : current < infinite) return;
    num[at] = infinite;
    side.set(slot, value);
  },

  longOf(num: Float64Array, at: number, side: Map<number, unknown>, slot: number): number | bigint {
    const value = num[at];
    return value - value === 0 ? value : canonicalLong(side.get(slot) as bigint);
  },

  takeBigInt(side: Map<number, unknown>, slot: number, value: bigint, max: boolean): void {
    const kept = side.get(slot) as bigint | undefined;
    if (kept === undefined || (max ? value > kept : value < kept)) side.set(slot, value);
  },

  /** Whether `x` is the greater double; NaN is the greatest, 0 is greater than -0. */
  greater(x: number, y: number): boolean {
    if (x > y) return true;
    if (x === y) return x === 0 && Object.is(y, -0) && !Object.is(x, -0);
    return x !== x && y === y;
  },

  less(x: number, y: number): boolean {
    if (x < y) return true;
    if (x === y) return x === 0 && Object.is(x, -0) && !Object.is(y, -0);
    return x === x && y !== y;
  },
};
