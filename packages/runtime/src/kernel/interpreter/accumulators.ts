/** The accumulators of a fold, as plain immutable values: what is in, what comes out, and their Avro form. */
import type { Accumulator, Type, Value } from '@rta/dsl';
import { ExpressionError } from '@rta/dsl';
import { bigintOfBytes, bytesOfBigint, type Raw, toRaw, toValue } from './avro-codec.js';
import type { Datum } from './avro-read.js';
import { doubleOfExact, exactOfDouble, partsOfExact } from './exact-sum.js';
import { type LastRow, lastRow } from './last-row.js';
import { canonicalLong, compareTotally, definite } from './values.js';

/** A sum of doubles: the finite ones exactly, the others counted. */
interface DoubleSum {
  readonly exact: bigint;
  readonly nan: number;
  readonly pos: number;
  readonly neg: number;
}

/** count: number; sum: bigint (longs, unscaled decimals) or DoubleSum; min and max: the value or null. */
export type State = number | bigint | DoubleSum | { readonly best: Value } | LastRow;

export interface Kind {
  readonly empty: State;
  /** The state of one value alone, which is not null. */
  of(value: Value): State;
  merge(a: State, b: State): State;
  /** Throws ExpressionError where the final value does not fit. */
  result(state: State): Value;
  toRaw(state: State): Raw;
  fromDatum(datum: Datum): State;
}

export function kindOf(accumulator: Accumulator): Kind {
  const type = definite(accumulator.type);
  switch (accumulator.fn) {
    case 'count':
      return count;
    case 'min':
      return extreme(type, -1);
    case 'max':
      return extreme(type, 1);
    case 'lastRow':
      return lastRow(type);
    case 'sum':
      return type.kind === 'decimal' ? decimalSum(type.precision) : type.kind === 'double' || type.kind === 'float' ? doubleSum : longSum;
  }
}

const count: Kind = {
  empty: 0,
  of: () => 1,
  merge: (a, b) => (a as number) + (b as number),
  result: (state) => state as number,
  toRaw: (state) => state as number,
  fromDatum: (datum) => Number(datum),
};

const LOW_BITS = 52n;

const longSum: Kind = {
  empty: 0n,
  of: (value) => BigInt(value as number | bigint),
  merge: (a, b) => (a as bigint) + (b as bigint),
  result: (state) => {
    const sum = state as bigint;
    if (sum !== BigInt.asIntN(64, sum)) throw new ExpressionError('overflow', `the sum ${sum} is outside 64 bits`);
    return canonicalLong(sum);
  },
  toRaw: (state) => {
    const sum = state as bigint;
    return { hi: canonicalLong(sum >> LOW_BITS), lo: Number(BigInt.asUintN(Number(LOW_BITS), sum)) };
  },
  fromDatum: (datum) => {
    const fields = datum as ReadonlyMap<string, Datum>;
    return (BigInt(fields.get('hi') as number | bigint) << LOW_BITS) + BigInt(fields.get('lo') as number | bigint);
  },
};

function decimalSum(precision: number): Kind {
  return {
    empty: 0n,
    of: (value) => value as bigint,
    merge: (a, b) => (a as bigint) + (b as bigint),
    result: (state) => {
      const sum = state as bigint;
      const magnitude = sum < 0n ? -sum : sum;
      if (magnitude >= 10n ** BigInt(precision)) throw new ExpressionError('overflow', `the sum has more than ${precision} digits`);
      return sum;
    },
    toRaw: (state) => bytesOfBigint(state as bigint),
    fromDatum: (datum) => bigintOfBytes(datum as Uint8Array),
  };
}

const doubleSum: Kind = {
  empty: { exact: 0n, nan: 0, pos: 0, neg: 0 },
  of: (value) => {
    const double = value as number;
    return {
      exact: Number.isFinite(double) ? exactOfDouble(double) : 0n,
      nan: Number(Number.isNaN(double)),
      pos: Number(double === Infinity),
      neg: Number(double === -Infinity),
    };
  },
  merge: (a, b) => {
    const [x, y] = [a as DoubleSum, b as DoubleSum];
    return { exact: x.exact + y.exact, nan: x.nan + y.nan, pos: x.pos + y.pos, neg: x.neg + y.neg };
  },
  result: (state) => {
    const { exact, nan, pos, neg } = state as DoubleSum;
    if (nan > 0 || (pos > 0 && neg > 0)) return NaN;
    return pos > 0 ? Infinity : neg > 0 ? -Infinity : doubleOfExact(exact);
  },
  toRaw: (state) => {
    const { exact, nan, pos, neg } = state as DoubleSum;
    return { parts: partsOfExact(exact), nan, pos, neg };
  },
  fromDatum: (datum) => {
    const fields = datum as ReadonlyMap<string, Datum>;
    const exact = (fields.get('parts') as number[]).map(exactOfDouble).reduce((a, b) => a + b, 0n);
    return { exact, nan: Number(fields.get('nan')), pos: Number(fields.get('pos')), neg: Number(fields.get('neg')) };
  },
};

/** @param sign -1 keeps the least, 1 the greatest */
function extreme(type: Type, sign: -1 | 1): Kind {
  const best = (state: State): Value => (state as { readonly best: Value }).best;
  return {
    empty: { best: null },
    of: (value) => ({ best: value }),
    merge: (a, b) => {
      if (best(a) === null) return b;
      if (best(b) === null) return a;
      return compareTotally(best(b), best(a)) * sign > 0 ? b : a;
    },
    result: best,
    toRaw: (state) => toRaw(type, best(state)),
    fromDatum: (datum) => ({ best: datum === null ? null : toValue(type, datum) }),
  };
}
