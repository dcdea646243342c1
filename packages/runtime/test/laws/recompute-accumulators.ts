/** What an accumulator comes to, from all of its rows at once. */
import { Buffer } from 'node:buffer';
import { type Accumulator, ExpressionError, type Type, type Value } from '@rta/dsl';
import { doubleOfRatio } from '../../src/kernel/exact-ratio.js';
import { kindOf } from '../../src/kernel/interpreter/accumulators.js';
import { AvroCodec, toRaw } from '../../src/kernel/interpreter/avro-codec.js';
import { doubleOfExact, exactOfDouble } from '../../src/kernel/interpreter/exact-sum.js';
import { canonicalLong, compareTotally, compareValues, definite } from '../../src/kernel/interpreter/values.js';
import { valueSchema } from '../../src/kernel/state-layout.js';
import { evaluateExpr } from './evaluation.js';
import type { StreamItem } from './recompute.js';
import { comparePlaces } from './recompute-unnest.js';

/** What a row gives, and the row. */
interface Given {
  readonly value: Value;
  readonly by: Value;
  readonly item: StreamItem;
}

/** What a row gives to an accumulator; null: nothing. */
export function givenBy({ where, arg, by }: Accumulator, item: StreamItem): Given | null {
  if (where !== null && evaluateExpr(where, item) !== true) return null;
  const value = arg === null ? true : evaluateExpr(arg, item);
  const rank = by === undefined ? null : evaluateExpr(by, item);
  return value === null || (by !== undefined && rank === null) ? null : { value, by: rank, item };
}

export function accumulate(accumulator: Accumulator, given: readonly Given[]): Value {
  const { fn, type, arg, limit } = accumulator;
  const values = given.map(({ value }) => value);
  switch (fn) {
    case 'count':
      return values.length;
    case 'min':
      return [...values].sort(compareTotally)[0] ?? null;
    case 'max':
      return [...values].sort((a, b) => compareTotally(b, a))[0] ?? null;
    case 'lastRow':
    case 'topRows':
    case 'newest':
    case 'owned':
      throw new Error(`${fn} is not made of values`);
    case 'sum':
      return sum(type, values);
    case 'distinct':
      return new Set(values.map((value) => hexOf(arg!.type, value))).size;
    case 'variance':
      return variance(values as number[]);
    case 'approxDistinct':
    case 'percentile': {
      // How good they are is tested elsewhere (sketches.test.ts); here it is that nothing changes them.
      const kind = kindOf(accumulator);
      const place = { time: 0, partition: 0, offset: 0 };
      return kind.result(values.reduce<unknown>((state, value) => kind.merge(state, kind.of({ value, by: null, place })), kind.empty));
    }
    case 'funnel':
      return funnel(
        inOrder(LONG, given).map(({ value }) => Number(value)),
        limit!,
      );
    case 'first':
      return inOrder(arg!.type, given)[0]?.value ?? null;
    case 'last':
      return inOrder(arg!.type, given).at(-1)?.value ?? null;
    case 'collect':
      return inOrder(arg!.type, given)
        .slice(0, limit)
        .map(({ value }) => value);
    case 'argMin':
    case 'argMax':
    case 'topK': {
      const ranked = inOrder(arg!.type, given).sort((a, b) => (fn === 'argMin' ? compareValues(a.by, b.by) : compareValues(b.by, a.by)));
      return fn === 'topK' ? ranked.slice(0, limit).map(({ value }) => value) : (ranked[0]?.value ?? null);
    }
  }
}

const LONG: Type = { kind: 'long' };

/** By (event time, partition, offset); rows that are no records of a source by (event time, bytes of the value). */
function inOrder(type: Type, given: readonly Given[]): Given[] {
  const bytes = ({ item: { origin }, value }: Given): string =>
    origin === null ? (type === LONG ? String(Number(value)).padStart(10) : hexOf(type, value)) : '';
  return [...given].sort((a, b) => comparePlaces(a.item, b.item) || Number(bytes(a) > bytes(b)) - Number(bytes(a) < bytes(b)));
}

/** Of numbers that stand for the conditions that each row meets: how many are met by a row after the one before. */
function funnel(rows: readonly number[], steps: number): number {
  /** For n conditions: the earliest row that may be the last of them. */
  let reached = -1;
  for (let n = 0; n < steps; n++) {
    const next = rows.findIndex((met, i) => i > reached && Math.floor(met / 2 ** n) % 2 === 1);
    if (next < 0) return n;
    reached = next;
  }
  return steps;
}

function hexOf(type: Type, value: Value): string {
  const inner = definite(type);
  return Buffer.from(new AvroCodec(valueSchema(inner)).encode(toRaw(inner, value))).toString('hex');
}

/** The mean square of the distances from the mean, as the definition has it, in whole numbers: n times each distance, and n^2 below. */
function variance(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  if (!values.every(Number.isFinite)) return NaN;
  const n = BigInt(values.length);
  const exact = values.map(exactOfDouble);
  const total = exact.reduce((a, b) => a + b, 0n);
  const distances = exact.map((x) => (n * x - total) ** 2n).reduce((a, b) => a + b, 0n);
  return doubleOfRatio(distances, n * n * (n - 1n), -2148);
}

function sum(type: Type, values: readonly Value[]): Value {
  if (type.kind === 'double') {
    const doubles = values as number[];
    if (!doubles.every(Number.isFinite)) return doubles.filter((x) => !Number.isFinite(x)).reduce((a, b) => a + b);
    return doubleOfExact(doubles.map(exactOfDouble).reduce((a, b) => a + b, 0n));
  }
  const total = values.map((value) => BigInt(value as number | bigint)).reduce((a, b) => a + b, 0n);
  if (total !== BigInt.asIntN(64, total)) throw new ExpressionError('overflow', 'the sum is outside 64 bits');
  return canonicalLong(total);
}
