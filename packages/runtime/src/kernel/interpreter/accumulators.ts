/** The accumulators of a fold, as plain immutable values: what is in, what comes out, and their Avro form. */
import type { Accumulator, Type, Value } from '@rta/dsl';
import { ExpressionError } from '@rta/dsl';
import { bigintOfBytes, bytesOfBigint, toRaw, toValue } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import { approxDistinct, percentile } from './accumulators/sketches.js';
import { bag } from './accumulators/bag.js';
import { distinct } from './accumulators/distinct.js';
import { funnel } from './accumulators/funnel.js';
import { keptValues } from './accumulators/kept-values.js';
import { newest, owned } from './accumulators/newest.js';
import { lastRow } from './accumulators/last-row.js';
import { topRows } from './accumulators/top-rows.js';
import type { Kind } from './accumulators/kind.js';
import { variance } from './accumulators/variance.js';
import { doubleOfExact, exactOfDouble, partsOfExact } from './exact-sum.js';
import { canonicalLong, compareTotally, definite } from './values.js';

/** A sum of doubles: the finite ones exactly, the others counted. */
interface DoubleSum {
  readonly exact: bigint;
  readonly nan: number;
  readonly pos: number;
  readonly neg: number;
}

/** What a state is depends on the kind: each knows its own. */
export type State = unknown;

export function kindOf(accumulator: Accumulator): Kind<State> {
  return chosen(accumulator) as Kind<State>;
}

function chosen(accumulator: Accumulator): unknown {
  const type = definite(accumulator.type);
  switch (accumulator.fn) {
    case 'count':
      return count;
    case 'min':
      return accumulator.retracts === true ? bag(accumulator) : extreme(type, -1);
    case 'max':
      return accumulator.retracts === true ? bag(accumulator) : extreme(type, 1);
    case 'newest':
      return newest(accumulator);
    case 'owned':
      return owned(accumulator);
    case 'lastRow':
      return lastRow(accumulator);
    case 'topRows':
      return topRows(accumulator);
    case 'sum':
      return type.kind === 'decimal' ? decimalSum(type.precision) : type.kind === 'double' || type.kind === 'float' ? doubleSum : longSum;
    case 'distinct':
      return accumulator.retracts === true ? bag(accumulator) : distinct(accumulator);
    case 'approxDistinct':
      return approxDistinct(accumulator);
    case 'variance':
      return variance;
    case 'percentile':
      return percentile(accumulator);
    case 'funnel':
      return funnel(accumulator);
    default:
      return accumulator.retracts === true ? bag(accumulator) : keptValues(accumulator);
  }
}

const count: Kind<number> = {
  empty: 0,
  of: () => 1,
  merge: (a, b) => a + b,
  inverse: (state) => -state,
  result: (state) => state,
  toRaw: (state) => state,
  fromDatum: (datum) => Number(datum),
};

const LOW_BITS = 52n;

const longSum: Kind<bigint> = {
  empty: 0n,
  of: ({ value }) => BigInt(value as number | bigint),
  merge: (a, b) => a + b,
  inverse: (state) => -state,
  result: (sum) => {
    if (sum !== BigInt.asIntN(64, sum)) throw new ExpressionError('overflow', `the sum ${sum} is outside 64 bits`);
    return canonicalLong(sum);
  },
  toRaw: (sum) => {
    return { hi: canonicalLong(sum >> LOW_BITS), lo: Number(BigInt.asUintN(Number(LOW_BITS), sum)) };
  },
  fromDatum: (datum) => {
    const fields = datum as ReadonlyMap<string, Datum>;
    return (BigInt(fields.get('hi') as number | bigint) << LOW_BITS) + BigInt(fields.get('lo') as number | bigint);
  },
};

function decimalSum(precision: number): Kind<bigint> {
  return {
    empty: 0n,
    of: ({ value }) => value as bigint,
    merge: (a, b) => a + b,
    inverse: (state) => -state,
    result: (sum) => {
      const magnitude = sum < 0n ? -sum : sum;
      if (magnitude >= 10n ** BigInt(precision)) throw new ExpressionError('overflow', `the sum has more than ${precision} digits`);
      return sum;
    },
    toRaw: bytesOfBigint,
    fromDatum: (datum) => bigintOfBytes(datum as Uint8Array),
  };
}

const doubleSum: Kind<DoubleSum> = {
  empty: { exact: 0n, nan: 0, pos: 0, neg: 0 },
  of: ({ value }) => {
    const double = value as number;
    return {
      exact: Number.isFinite(double) ? exactOfDouble(double) : 0n,
      nan: Number(Number.isNaN(double)),
      pos: Number(double === Infinity),
      neg: Number(double === -Infinity),
    };
  },
  merge: (x, y) => ({ exact: x.exact + y.exact, nan: x.nan + y.nan, pos: x.pos + y.pos, neg: x.neg + y.neg }),
  inverse: ({ exact, nan, pos, neg }) => ({ exact: -exact, nan: -nan, pos: -pos, neg: -neg }),
  result: ({ exact, nan, pos, neg }) => {
    if (nan > 0 || (pos > 0 && neg > 0)) return NaN;
    return pos > 0 ? Infinity : neg > 0 ? -Infinity : doubleOfExact(exact);
  },
  toRaw: ({ exact, nan, pos, neg }) => ({ parts: partsOfExact(exact), nan, pos, neg }),
  fromDatum: (datum) => {
    const fields = datum as ReadonlyMap<string, Datum>;
    const exact = (fields.get('parts') as number[]).map(exactOfDouble).reduce((a, b) => a + b, 0n);
    return { exact, nan: Number(fields.get('nan')), pos: Number(fields.get('pos')), neg: Number(fields.get('neg')) };
  },
};

/** @param sign -1 keeps the least, 1 the greatest */
function extreme(type: Type, sign: -1 | 1): Kind<Value> {
  return {
    empty: null,
    of: ({ value }) => value,
    merge: (a, b) => {
      if (a === null) return b;
      if (b === null) return a;
      return compareTotally(b, a) * sign > 0 ? b : a;
    },
    result: (best) => best,
    toRaw: (best) => toRaw(type, best),
    fromDatum: (datum) => (datum === null ? null : toValue(type, datum)),
  };
}
