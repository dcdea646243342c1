/** What tables come to in the end, straight from SEMANTICS.md. */
import { ExpressionError, type JoinTransform, type Relation, type Row, type TypedExpr, type Value } from '@rta/dsl';
import { evaluateExpr } from './evaluation.js';
import type { Rows, StreamItem } from './recompute.js';
import { textOfValue } from './text.js';

/** Rule 16: of each key the record that came last in its partition; one without a value deletes it. */
export function lastVersions({ columns, key }: Relation, { items, watermark }: Rows): Rows {
  const last = new Map<string, StreamItem>();
  for (const item of items) {
    const id = key!.map((name) => textOfValue(columns.find((column) => column.name === name)!.type, item.row[name])).join();
    if (item.deleted === true) last.delete(id);
    else last.set(id, { ...item, origin: null });
  }
  return { items: [...last.values()], watermark };
}

/** Each left row with the right row of its key, if there is one. A key that is null, or cannot be computed, is no key. */
export function joinTables(transform: JoinTransform, { columns }: Relation, left: Rows, right: Rows): Rows {
  const { leftKey, rightKey, take, outer } = transform;
  const rights = right.items.flatMap((item) => {
    const computed = orNull(() => ({
      id: keyOf(rightKey, item)!,
      row: Object.fromEntries(take.map(({ name, expr }): [string, Value] => [name, evaluateExpr(expr, item)])),
      keys: rightKey.map((expr) => evaluateExpr(expr, item)),
    }));
    return computed === null ? [] : [{ ...computed, item, matched: false }];
  });
  const noRight: Row = Object.fromEntries(take.map(({ name }) => [name, null]));
  const noLeft: Row = Object.fromEntries(columns.map(({ name }) => [name, null]));
  const items = left.items.flatMap((item): StreamItem[] => {
    const key = orNull(() => ({ id: keyOf(leftKey, item) }));
    if (key === null) return [];
    const other = rights.find(({ id }) => id === key.id);
    if (other === undefined) return outer === 'inner' ? [] : [{ ...item, row: { ...item.row, ...noRight } }];
    other.matched = true;
    return [{ ...item, row: { ...item.row, ...other.row }, time: Math.max(item.time, other.item.time) }];
  });
  if (outer === 'outer')
    for (const { matched, row, keys, item } of rights) {
      if (matched) continue;
      const own = Object.fromEntries(leftKey.flatMap((expr, i) => (expr.kind === 'column' ? [[expr.name, keys[i]]] : [])));
      items.push({ ...item, row: { ...noLeft, ...own, ...row } });
    }
  return { items, watermark: Math.min(left.watermark, right.watermark) };
}

function keyOf(exprs: readonly TypedExpr[], item: StreamItem): string | null {
  const values = exprs.map((expr) => evaluateExpr(expr, item));
  return values.includes(null) ? null : values.map((value, i) => textOfValue(exprs[i].type, value)).join();
}

function orNull<T>(compute: () => T): T | null {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ExpressionError) return null;
    throw error;
  }
}
