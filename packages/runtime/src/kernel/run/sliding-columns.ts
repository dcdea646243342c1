/** Accumulators of a frame that slides, of all groups, by slot: numbers in arrays where numbers are all that they keep. */
import { canonicalLong, type Value } from '@rta/dsl';
import { addAnyDouble, doubleOfSum, type NonFinite, type Spill, takeAnyDouble } from './numbers.js';
import type { Sliding } from './sliding-values.js';

/** Like `Sliding`, per slot. */
export interface SlidingColumn {
  /** An empty one. */
  open(slot: number): void;
  /** It is not asked for again before it is opened. */
  close(slot: number): void;
  /** Values are not null. */
  add(slot: number, value: Value): void;
  /** The oldest value that is still in. */
  remove(slot: number, value: Value): void;
  /** Throws ExpressionError where the result does not fit its type. */
  result(slot: number): Value;
}

/** One that has an object per group. */
export class SlidingObjects implements SlidingColumn {
  private readonly each: (Sliding | null)[] = [];

  constructor(private readonly make: () => Sliding) {}

  open(slot: number): void {
    while (this.each.length <= slot) this.each.push(null);
    this.each[slot] = this.make();
  }

  close(slot: number): void {
    this.each[slot] = null;
  }

  add(slot: number, value: Value): void {
    this.each[slot]!.add(value);
  }

  remove(slot: number, value: Value): void {
    this.each[slot]!.remove(value);
  }

  result(slot: number): Value {
    return this.each[slot]!.result();
  }
}

export class SlidingCounts implements SlidingColumn {
  private counts = new Float64Array(0);

  open(slot: number): void {
    this.counts = atLeast(this.counts, slot + 1);
    this.counts[slot] = 0;
  }

  close(): void {
    // A number is kept for the next group of the slot.
  }

  add(slot: number): void {
    this.counts[slot]++;
  }

  remove(slot: number): void {
    this.counts[slot]--;
  }

  result(slot: number): number {
    return this.counts[slot];
  }
}

/** A number while that is exact, else a bigint: wider than a long. */
export class SlidingLongSums implements SlidingColumn {
  private sums = new Float64Array(0);
  private readonly wide = new Map<number, bigint>();

  open(slot: number): void {
    this.sums = atLeast(this.sums, slot + 1);
    this.sums[slot] = 0;
    this.wide.delete(slot);
  }

  close(slot: number): void {
    this.wide.delete(slot);
  }

  add(slot: number, value: Value): void {
    if (typeof value === 'number') {
      const sum = this.sums[slot] + value;
      if (Number.isSafeInteger(sum)) {
        this.sums[slot] = sum;
        return;
      }
    }
    this.addWide(slot, BigInt(value as number | bigint));
  }

  remove(slot: number, value: Value): void {
    this.add(slot, typeof value === 'bigint' ? -value : -(value as number));
  }

  /** Sums that are no safe integers are in `wide`, and NaN here. */
  private addWide(slot: number, by: bigint): void {
    const exact = (this.wide.get(slot) ?? BigInt(this.sums[slot])) + by;
    const sum = Number(exact);
    if (Number.isSafeInteger(sum)) {
      this.wide.delete(slot);
      this.sums[slot] = sum;
    } else {
      this.wide.set(slot, exact);
      this.sums[slot] = NaN;
    }
  }

  result(slot: number): number | bigint {
    const sum = this.sums[slot];
    // What does not fit a long is an error only here.
    return sum === sum ? sum + 0 : canonicalLong(this.wide.get(slot)!);
  }
}

/** Exact: taking out is adding the opposite (SEMANTICS rule 18). */
export class SlidingDoubleSums implements SlidingColumn {
  private pairs = new Float64Array(0);
  private readonly spill: Spill = new Map();
  private readonly special: Spill = new Map();

  constructor(private readonly isFloat: boolean) {}

  open(slot: number): void {
    this.pairs = atLeast(this.pairs, 2 * slot + 2);
    this.pairs.fill(0, 2 * slot, 2 * slot + 2);
    this.close(slot);
  }

  close(slot: number): void {
    this.spill.delete(slot);
    this.special.delete(slot);
  }

  add(slot: number, value: Value): void {
    addAnyDouble(this.pairs, 2 * slot, this.spill, this.special, slot, value as number);
  }

  remove(slot: number, value: Value): void {
    takeAnyDouble(this.pairs, 2 * slot, this.spill, this.special, slot, value as number);
    if (this.special.size === 0) return;
    const counts = this.special.get(slot) as NonFinite | undefined;
    if (counts?.nan === 0 && counts.pos === 0 && counts.neg === 0) this.special.delete(slot);
  }

  result(slot: number): number {
    const sum = doubleOfSum(this.pairs, 2 * slot, this.spill, this.special, slot);
    // Zero has one sign, whatever was added and taken out.
    return sum === 0 ? 0 : this.isFloat ? Math.fround(sum) : sum;
  }
}

function atLeast(before: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (before.length >= length) return before;
  const after = new Float64Array(length * 2);
  after.set(before);
  return after;
}
