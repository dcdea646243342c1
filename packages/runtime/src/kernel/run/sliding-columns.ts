/** Accumulators of a frame that slides, of all groups, by slot: numbers in arrays where numbers are all that they keep. */
import type { Value } from '@rta/dsl';
import { longer } from './longer.js';
import { addAnyDouble, addLongToSum, doubleOfSum, longOfSum, type NonFinite, type Spill, takeAnyDouble } from './numbers.js';
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
    if (slot >= this.counts.length) this.counts = longer(this.counts, slot + 1);
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

/** Two doubles per slot, which are a sum as numbers.ts has them. */
abstract class SlidingPairs {
  protected pairs = new Float64Array(0);

  open(slot: number): void {
    if (2 * slot >= this.pairs.length) this.pairs = longer(this.pairs, 2 * slot + 2);
    this.pairs.fill(0, 2 * slot, 2 * slot + 2);
  }
}

/** Wider than a long. */
export class SlidingLongSums extends SlidingPairs implements SlidingColumn {
  close(): void {
    // As of counts.
  }

  add(slot: number, value: Value): void {
    addLongToSum(this.pairs, 2 * slot, value as number | bigint);
  }

  remove(slot: number, value: Value): void {
    addLongToSum(this.pairs, 2 * slot, -(value as number | bigint));
  }

  result(slot: number): number | bigint {
    // What does not fit a long is an error only here.
    return longOfSum(this.pairs[2 * slot], this.pairs[2 * slot + 1]);
  }
}

/** Exact: taking out is adding the opposite (SEMANTICS rule 18). */
export class SlidingDoubleSums extends SlidingPairs implements SlidingColumn {
  private readonly spill: Spill = new Map();
  private readonly special: Spill = new Map();

  constructor(private readonly isFloat: boolean) {
    super();
  }

  override open(slot: number): void {
    super.open(slot);
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
