/** Accumulators of a frame that slides, of those that keep values, or counts of them. */
import type { Value } from '@rta/dsl';
import { bucketOf, quantile } from '../dd-sketch.js';
import { byteString } from './bytes.js';
import { squares, SQUARES_INIT } from './squares.js';

export interface Sliding {
  /** Values are not null. */
  add(value: Value): void;
  /** The oldest value that is still in. */
  remove(value: Value): void;
  /** Throws ExpressionError where the result does not fit its type. */
  result(): Value;
}

/** Of a sample, from exact sums: taking out is adding the opposite. */
export class SlidingVariance implements Sliding {
  private readonly num = Float64Array.from(SQUARES_INIT);
  private readonly sum = new Map<number, unknown>();
  private readonly spill = new Map<number, unknown>();
  private readonly wide = new Map<number, unknown>();

  add(value: Value): void {
    squares.add(this.num, 0, this.sum, this.spill, this.wide, 0, value as number, 1);
  }

  remove(value: Value): void {
    squares.add(this.num, 0, this.sum, this.spill, this.wide, 0, value as number, -1);
  }

  result(): number | null {
    return squares.variance(this.num, 0, this.sum, this.spill, this.wide, 0);
  }
}

/** A DDSketch forgets where nothing was collapsed, as here. */
export class SlidingPercentile implements Sliding {
  private readonly counts = { nan: 0, pos: 0, neg: 0, zero: 0 };
  private readonly above = new Map<number, number>();
  private readonly below = new Map<number, number>();

  constructor(private readonly fraction: number) {}

  add(value: Value): void {
    this.change(value as number, 1);
  }

  remove(value: Value): void {
    this.change(value as number, -1);
  }

  private change(x: number, by: 1 | -1): void {
    if (x - x !== 0) this.counts[x !== x ? 'nan' : x > 0 ? 'pos' : 'neg'] += by;
    else if (x === 0) this.counts.zero += by;
    else count(x > 0 ? this.above : this.below, bucketOf(Math.abs(x)), by);
  }

  result(): number | null {
    return quantile({ ...this.counts, above: inOrder(this.above), below: inOrder(this.below) }, this.fraction);
  }
}

function inOrder(buckets: ReadonlyMap<number, number>): [number, number][] {
  return [...buckets].sort(([a], [b]) => a - b);
}

/** How many different values, told apart as keys are. */
export class SlidingDistinct implements Sliding {
  private readonly counts = new Map<Value, number>();

  add(value: Value): void {
    count(this.counts, identity(value), 1);
  }

  remove(value: Value): void {
    count(this.counts, identity(value), -1);
  }

  result(): number {
    return this.counts.size;
  }
}

/** What is one value to a `Map` where it is one key: bytes by what is in them, and there are two zeros. */
function identity(value: Value): Value {
  if (value instanceof Uint8Array) return byteString(value, 0, value.length);
  return Object.is(value, -0) ? '-0' : value;
}

/** Counts of nothing are not kept. */
function count<Key>(counts: Map<Key, number>, key: Key, by: 1 | -1): void {
  const n = (counts.get(key) ?? 0) + by;
  if (n === 0) counts.delete(key);
  else counts.set(key, n);
}

const FORGET_AT = 64;

/** The values in the order in which they came. */
export class SlidingList implements Sliding {
  private values: Value[] = [];
  private from = 0;

  /** @param pick what the values from `from` on come to */
  constructor(private readonly pick: (values: readonly Value[], from: number) => Value) {}

  add(value: Value): void {
    this.values.push(value);
  }

  remove(): void {
    if (++this.from < FORGET_AT || this.from * 2 < this.values.length) return;
    this.values = this.values.slice(this.from);
    this.from = 0;
  }

  result(): Value {
    return this.pick(this.values, this.from);
  }
}
