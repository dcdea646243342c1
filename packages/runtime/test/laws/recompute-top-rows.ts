/** The first rows of a group in an order, from all of them; and rows of lists. */
import type { Accumulator, Row, SpreadTransform, Value } from '@rta/dsl';
import { AvroCodec, toRaw } from '../../src/kernel/interpreter/avro-codec.js';
import { compareValues } from '../../src/kernel/interpreter/values.js';
import { valueSchema } from '../../src/kernel/state-layout.js';
import { rowTypeOf } from '../../src/plan/columns-used.js';
import { evaluateExpr } from './evaluation.js';
import type { Rows, StreamItem } from './recompute.js';
import { inOrder } from './recompute-over.js';

/** Nulls go where the order says, whatever its direction. */
export function ordered(a: Value, b: Value, descending: boolean, nullsFirst: boolean): number {
  if (a === null && b === null) return 0;
  if (a === null) return nullsFirst ? -1 : 1;
  if (b === null) return nullsFirst ? 1 : -1;
  return descending ? compareValues(b, a) : compareValues(a, b);
}

export function firstNonZero(orders: readonly number[]): number {
  return orders.find((order) => order !== 0) ?? 0;
}

export function topRows(accumulator: Accumulator, items: readonly StreamItem[]): Value {
  const { limit = 1, type, retracts } = accumulator;
  const { by, ties, rank } = accumulator.top!;
  const rowType = rowTypeOf(accumulator);
  const codec = new AvroCodec(valueSchema(rowType));
  const kept = ({ row }: StreamItem): Row => Object.fromEntries(rowType.fields.map(({ name }) => [name, row[name]]));
  // Rows of a table have no place of their own.
  const placed = retracts ? items.map((item) => ({ ...item, time: 0, origin: null })) : items;
  const candidates = inOrder(placed, (item) => codec.encode(toRaw(rowType, kept(item)))).map((item) => ({
    row: kept(item),
    order: by.map(({ expr }) => evaluateExpr(expr, item)),
  }));
  const compare = (a: Value[], b: Value[]): number => firstNonZero(by.map((o, i) => ordered(a[i], b[i], o.descending, o.nullsFirst)));
  const sorted = candidates.sort((a, b) => compare(a.order, b.order));
  const best = sorted.filter(({ order }, i) => i < limit || (ties && compare(order, sorted[limit - 1].order) === 0));
  const rows = best.map(({ row }, i) => (rank === null ? row : { [rank]: i + 1, ...row }));
  return type.kind === 'array' ? rows : rows[0];
}

export function spread({ column, rank }: SpreadTransform, rows: Rows): Rows {
  const items = rows.items.flatMap((item) => {
    const { [column]: list, ...others } = item.row;
    return (list as readonly Row[]).map((record, i) => ({
      ...item,
      row: { ...(rank === null ? {} : { [rank]: i + 1 }), ...others, ...record },
    }));
  });
  return { ...rows, items };
}
