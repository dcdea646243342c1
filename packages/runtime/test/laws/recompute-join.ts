/** What a join gives, straight from SEMANTICS.md: every row of the left side with every row of the right side. */
import { ExpressionError } from '@rta/dsl';
import type { Column, JoinTransform, NamedExpr, Row, TypedExpr } from '@rta/dsl';
import { evaluateExpr } from './evaluation.js';
import type { Origin, Rows, StreamItem } from './recompute.js';
import { textOfValue } from './text.js';

type Late = (origin: Origin, windows: readonly { readonly start: number; readonly end: number }[]) => void;

/** A row of one side with its key. */
interface Item {
  readonly item: StreamItem;
  readonly key: Row;
  readonly id: string;
}

/**
 * Rule 6: each row of the stream with the newest version at or before its time; a version that is older than its own partition's watermark
 * holds from that on.
 */
export function joinTable(transform: JoinTransform, _columns: readonly Column[], left: Rows, right: Rows, late: Late): Rows {
  const { leftKey, rightKey, take, outer } = transform;
  const keyOf = (exprs: readonly TypedExpr[], item: StreamItem): string =>
    exprs.map((expr) => textOfValue(expr.type, evaluateExpr(expr, item))).join();
  const versions = right.items.map((item) => ({ item, key: keyOf(rightKey, item), from: Math.max(item.time, item.origin!.watermark) }));
  const watermark = Math.min(left.watermark, right.watermark);
  const items = left.items.flatMap((item): StreamItem[] => {
    if (item.origin !== null && item.time < item.origin.watermark) {
      late(item.origin, [{ start: item.time, end: item.time }]);
      return [];
    }
    if (item.time >= watermark) return [];
    const key = keyOf(leftKey, item);
    const held = versions.filter((version) => version.key === key && version.from <= item.time);
    // Of two from the same time on the one that was read later.
    const newest = held.reduce<(typeof held)[number] | undefined>((a, b) => (a === undefined || b.from >= a.from ? b : a), undefined);
    const found = newest === undefined || newest.item.deleted === true ? null : newest.item;
    const row = found !== null && satisfies(transform, item, found) ? found : null;
    if (row === null && outer === 'inner') return [];
    const taken = take.map(({ name, expr }) => [name, row === null ? null : evaluateExpr(expr, row)] as const);
    return [{ row: { ...item.row, ...Object.fromEntries(taken) }, time: item.time, origin: null }];
  });
  return { items, watermark };
}

function takenOf(take: readonly NamedExpr[], item: StreamItem): Row {
  return Object.fromEntries(take.map(({ name, expr }) => [name, evaluateExpr(expr, item)]));
}

/** Whether the condition holds of a left row and one of the right; `b` has the right side's own columns. */
function satisfies({ take, condition }: JoinTransform, a: StreamItem, b: StreamItem): boolean {
  if (condition === null) return true;
  const row = { ...a.row, ...takenOf([...take, ...condition.carried], b) };
  try {
    return evaluateExpr(condition.expr, { ...a, row }) === true;
  } catch (error) {
    if (error instanceof ExpressionError) return false;
    throw error;
  }
}

/** @param columns of the result */
export function joinRows(transform: JoinTransform, columns: readonly Column[], left: Rows, right: Rows, late: Late): Rows {
  const { leftKey, rightKey, take, how, outer } = transform;
  const { beforeMs, afterMs, graceMs } = how.kind === 'within' ? how : { beforeMs: 0, afterMs: 0, graceMs: 0 };
  const lefts = accepted(left, leftKey, graceMs, late);
  const rights = accepted(right, rightKey, graceMs, late).map((each) => ({
    ...each,
    read: each.item,
    item: { ...each.item, row: takenOf(take, each.item) },
  }));
  const watermark = Math.min(left.watermark, right.watermark);
  const items: StreamItem[] = [];
  const matched = new Set<StreamItem>();
  for (const a of lefts)
    for (const b of rights) {
      const later = b.item.time - a.item.time;
      if (a.id !== b.id || later < -beforeMs || later > afterMs || !satisfies(transform, a.item, b.read)) continue;
      matched.add(a.item).add(b.item);
      items.push({ row: { ...a.item.row, ...b.item.row }, time: Math.max(a.item.time, b.item.time), origin: null });
    }
  // Rule 4: without a match only when the watermark exceeds its time and `within`.
  const alone = (sides: readonly Item[], kept: number): Item[] =>
    sides.filter(({ item }) => !matched.has(item) && watermark > item.time + kept + graceMs);
  const nullLeft = Object.fromEntries(columns.map(({ name }) => [name, null]));
  const nullTake = Object.fromEntries(take.map(({ name }) => [name, null]));
  if (outer !== 'inner')
    for (const { item } of alone(lefts, afterMs)) items.push({ row: { ...item.row, ...nullTake }, time: item.time, origin: null });
  if (outer === 'outer')
    for (const { item, key } of alone(rights, beforeMs))
      items.push({ row: { ...nullLeft, ...key, ...item.row }, time: item.time, origin: null });
  const waits = { inner: 0, left: afterMs, outer: Math.max(beforeMs, afterMs) }[outer];
  return { items, watermark: watermark - graceMs - waits };

  function accepted(rows: Rows, exprs: readonly TypedExpr[], grace: number, report: Late): Item[] {
    return rows.items.flatMap((item) => {
      if (item.origin !== null && item.time < item.origin.watermark - grace) {
        report(item.origin, [{ start: item.time, end: item.time + grace }]);
        return [];
      }
      const values = exprs.map((expr) => evaluateExpr(expr, item));
      const key = Object.fromEntries(leftKey.flatMap((expr, i) => (expr.kind === 'column' ? [[expr.name, values[i]]] : [])));
      return [{ item, key, id: values.map((value, i) => textOfValue(exprs[i].type, value)).join() }];
    });
  }
}
