/** Accumulators of a frame that slides over rows: values come in at one end and leave at the other, in the same order. */
import { compareStrings, ExpressionError, type OverAccumulator, type Type, type Value } from '@rta/dsl';
import { compareBytes } from '../../state/group-table-hash.js';
import { extreme } from './extremes.js';
import { Scratch } from './scratch.js';
import { SlidingArgument, SlidingEstimate, SlidingExtreme, SlidingFunnel, SlidingTop } from './sliding-best.js';
import { SlidingCounts, type SlidingColumn, SlidingDoubleSums, SlidingLongSums, SlidingObjects } from './sliding-columns.js';
import { type Sliding, SlidingDistinct, SlidingList, SlidingPercentile, SlidingVariance } from './sliding-values.js';
import { valueWriter } from './value-writer.js';

/** What makes one for the groups of a task. */
export function slidingOf(accumulator: OverAccumulator): () => SlidingColumn {
  const { fn } = accumulator;
  const type = plain(accumulator.type);
  if (fn === 'count') return () => new SlidingCounts();
  if (fn !== 'sum' || type.kind === 'decimal') {
    const make = objectOf(accumulator);
    return () => new SlidingObjects(make);
  }
  return type.kind === 'double' || type.kind === 'float' ? () => new SlidingDoubleSums(type.kind === 'float') : () => new SlidingLongSums();
}

function objectOf({ fn, type, arg, limit = 1, fraction = 0 }: OverAccumulator): () => Sliding {
  switch (fn) {
    case 'sum': {
      const { precision } = plain(type) as Extract<Type, { kind: 'decimal' }>;
      return () => new SlidingDecimalSum(precision);
    }
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
      const write = valueWriter(plain(arg!.type));
      const scratch = new Scratch();
      return () => new SlidingEstimate(write, scratch);
    }
    default:
      throw new Error(`${fn} cannot slide`);
  }
}

function plain(type: Type): Type {
  return type.kind === 'nullable' ? type.of : type;
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

/** Ascending: NaN is the greatest number, of zeros the negative one is less, texts go by their UTF-8 bytes. */
function orderOf(type: Type): (a: Value, b: Value) => number {
  switch (plain(type).kind) {
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
