/** Accumulators of a frame that slides over rows: values come in at one end and leave at the other, in the same order. */
import { canonicalLong, compareStrings, ExpressionError, type OverAccumulator, type Type, type Value } from '@rta/dsl';
import { compareBytes } from '../../state/group-table-hash.js';
import { extreme } from './extremes.js';
import { addAnyDouble, addNonFinite, doubleOfSum, type NonFinite } from './numbers.js';
import { Scratch } from './scratch.js';
import { SlidingArgument, SlidingEstimate, SlidingExtreme, SlidingFunnel, SlidingTop } from './sliding-best.js';
import { type Sliding, SlidingDistinct, SlidingList, SlidingPercentile, SlidingVariance } from './sliding-values.js';
import { valueWriter } from './value-writer.js';

/** What makes empty ones. */
export function slidingOf({ fn, type: resultType, arg, limit = 1, fraction = 0 }: OverAccumulator): () => Sliding {
  const type = resultType.kind === 'nullable' ? resultType.of : resultType;
  switch (fn) {
    case 'count':
      return () => new SlidingCount();
    case 'sum':
      if (type.kind === 'decimal') return () => new SlidingDecimalSum(type.precision);
      return type.kind === 'double' || type.kind === 'float'
        ? () => new SlidingDoubleSum(type.kind === 'float')
        : () => new SlidingLongSum();
    case 'min':
    case 'max': {
      const before = orderOf(arg!.type);
      return () => new SlidingExtreme(fn === 'max' ? (a, b) => before(b, a) : before);
    }
    case 'variance':
      return () => new SlidingVariance();
    case 'percentile':
      return () => new SlidingPercentile(fraction);
    case 'distinct':
      return () => new SlidingDistinct();
    case 'first':
      return () => new SlidingList((values, from) => (from < values.length ? values[from] : null));
    case 'last':
      return () => new SlidingList((values, from) => (from < values.length ? values[values.length - 1] : null));
    case 'collect':
      return () => new SlidingList((values, from) => values.slice(from, from + limit));
    case 'argMin':
      return () => new SlidingArgument(-1);
    case 'argMax':
      return () => new SlidingArgument(1);
    case 'topK':
      return () => new SlidingTop(limit);
    case 'funnel':
      return () => new SlidingFunnel(limit);
    case 'approxDistinct': {
      const of = arg!.type;
      const write = valueWriter(of.kind === 'nullable' ? of.of : of);
      const scratch = new Scratch();
      return () => new SlidingEstimate(write, scratch);
    }
    default:
      throw new Error(`${fn} cannot slide`);
  }
}

class SlidingCount implements Sliding {
  private count = 0;

  add(): void {
    this.count++;
  }

  remove(): void {
    this.count--;
  }

  result(): number {
    return this.count;
  }
}

/** A number while that is exact, else a bigint: wider than a long. */
class SlidingLongSum implements Sliding {
  private sum: number | bigint = 0;

  add(value: Value): void {
    this.change(value as number | bigint);
  }

  remove(value: Value): void {
    this.change(typeof value === 'bigint' ? -value : -(value as number));
  }

  private change(by: number | bigint): void {
    if (typeof this.sum === 'number' && typeof by === 'number') {
      const sum = this.sum + by;
      if (Number.isSafeInteger(sum)) {
        this.sum = sum;
        return;
      }
    }
    const wide = BigInt(this.sum) + BigInt(by);
    const sum = Number(wide);
    this.sum = Number.isSafeInteger(sum) ? sum : wide;
  }

  result(): number | bigint {
    const { sum } = this;
    // What does not fit a long is an error only here.
    return typeof sum === 'bigint' ? canonicalLong(sum) : sum + 0;
  }
}

class SlidingDecimalSum implements Sliding {
  private sum = 0n;
  private readonly limit: bigint;

  constructor(private readonly precision: number) {
    this.limit = 10n ** BigInt(precision);
  }

  add(value: Value): void {
    this.sum += value as bigint;
  }

  remove(value: Value): void {
    this.sum -= value as bigint;
  }

  result(): bigint {
    if (this.sum >= this.limit || this.sum <= -this.limit)
      throw new ExpressionError('overflow', `the sum has more than ${this.precision} digits`);
    return this.sum;
  }
}

/** Exact: taking out is adding the opposite (SEMANTICS rule 18). */
class SlidingDoubleSum implements Sliding {
  private readonly pair = new Float64Array(2);
  private readonly spill = new Map<number, unknown>();
  private readonly special = new Map<number, unknown>();

  constructor(private readonly isFloat: boolean) {}

  add(value: Value): void {
    addAnyDouble(this.pair, 0, this.spill, this.special, 0, value as number);
  }

  remove(value: Value): void {
    const x = value as number;
    if (x - x === 0) addAnyDouble(this.pair, 0, this.spill, this.special, 0, -x);
    else addNonFinite(this.special, 0, x !== x ? -1 : 0, x > 0 ? -1 : 0, x < 0 ? -1 : 0);
    if (this.special.size > 0) {
      const { nan, pos, neg } = this.special.get(0) as NonFinite;
      if (nan === 0 && pos === 0 && neg === 0) this.special.clear();
    }
  }

  result(): number {
    const sum = doubleOfSum(this.pair, 0, this.spill, this.special, 0);
    // Zero has one sign, whatever was added and taken out.
    return sum === 0 ? 0 : this.isFloat ? Math.fround(sum) : sum;
  }
}

/** Ascending: NaN is the greatest number, of zeros the negative one is less, texts go by their UTF-8 bytes. */
function orderOf(type: Type): (a: Value, b: Value) => number {
  const { kind } = type.kind === 'nullable' ? type.of : type;
  switch (kind) {
    case 'string':
    case 'enum':
      return (a, b) => compareStrings(a as string, b as string);
    case 'float':
    case 'double':
      return (a, b) => (extreme.less(a as number, b as number) ? -1 : extreme.less(b as number, a as number) ? 1 : 0);
    case 'bytes':
      return (a, b) => compareBytes(a as Uint8Array, 0, (a as Uint8Array).length, b as Uint8Array, 0, (b as Uint8Array).length);
    default:
      return (a, b) => (a! < b! ? -1 : a! > b! ? 1 : 0);
  }
}
