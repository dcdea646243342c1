/** What joins with tables ask of their settings and keys, and the join of two tables. */
import type {
  Column,
  Joined,
  JoinCondition,
  JoinHow,
  JoinKeys,
  JoinTransform,
  NamedExpr,
  Relation,
  Span,
  StepContext,
  Transform,
  TypedExpr,
} from '@rta/dsl';
import { BOOLEAN, call, columnExpr, entryOf, literal, messages, notNull, nullable, valueOf } from '@rta/dsl';

/** Reports the settings of joins of two streams. */
export function noTimes({ config, report }: StepContext): void {
  for (const [name, help] of [
    ['within', 'a table has one row of a key at a time'],
    ['grace', 'give the source a `lateness`'],
  ] as const) {
    const entry = entryOf(config, name);
    if (entry !== null) report(messages.joinSetting(entry.keySpan, name, help));
  }
}

/** Whether `on` gives the right table's whole key, and no more; reports where it does not. */
export function onWholeKey({ config, report }: StepContext, { relation }: Joined, keys: JoinKeys): boolean {
  const on = keys.right.map((expr) => (expr.kind === 'column' ? expr.name : ''));
  const key = relation.key ?? [];
  if (on.length === key.length && key.every((name) => on.includes(name))) return true;
  report(messages.joinWholeKey(valueOf(config, 'on')!.span, key));
  return false;
}

/** Two tables: on the left one's key, or on a foreign key. Null with reports. */
export function tablesHow(context: StepContext, right: Joined, keys: JoinKeys | null): JoinHow | null {
  const { config, input, report } = context;
  noTimes(context);
  const version = entryOf(config, 'version');
  if (version !== null) report(messages.joinSetting(version.keySpan, 'version', 'tables are joined as they are now'));
  if (keys === null || !onWholeKey(context, right, keys)) return null;
  const key = input.key ?? [];
  const names = keys.left.map((expr) => (expr.kind === 'column' ? expr.name : null));
  const foreign = names.length !== key.length || key.some((name) => !names.includes(name));
  if (foreign && context.setting('type') === 'outer') report(messages.outerForeignKey(entryOf(config, 'type')!.value.span, key));
  if (foreign && context.periodic) report(messages.everyBeforeAggregate(context.verbSpan, 'a join on a foreign key'));
  if (keys.condition !== null && context.setting('type') === 'outer') report(messages.tablesCondition(keys.condition.expr.span));
  return { kind: 'tables', foreign };
}

/**
 * How it runs: a condition beside the keys is asked of the pairs, which have what it asks for. Where it does not hold, `inner` has no row, and
 * `left` has one without the right columns.
 */
export function joinOfTables(join: JoinTransform, { columns }: Relation, context: StepContext): readonly Transform[] {
  const { condition, take } = join;
  if (condition === null) return [join];
  const at = context.verbSpan;
  if (join.outer === 'inner')
    return [
      { ...join, take: [...take, ...condition.carried], condition: null },
      { type: 'filter', condition: condition.expr },
      { type: 'project', columns: columns.map((column) => ({ name: column.name, expr: columnExpr(column, at) })) },
    ];
  return padded(join, condition, columns, context);
}

/** Names that no column of a pipeline has: whether there is a right row, and whether it is a match. */
const THERE = 'join.there';
const MEETS = 'join.meets';

function padded(
  join: JoinTransform,
  { expr, carried }: JoinCondition,
  columns: readonly Column[],
  { input, verbSpan: at }: StepContext,
): readonly Transform[] {
  const yes = literal(true, BOOLEAN, at);
  const there = columnExpr({ name: THERE, type: nullable(BOOLEAN) }, at);
  // The condition reads right columns as if they were there: it is asked only where they are.
  const meets = call('if', [notNull(there), expr, literal(false, BOOLEAN, at)], BOOLEAN, at);
  const same = (column: Column): NamedExpr => ({ name: column.name, expr: columnExpr(column, at) });
  const isLeft = ({ name }: Column): boolean => input.columns.some((column) => column.name === name);
  return [
    { ...join, take: [...join.take, ...carried, { name: THERE, expr: yes }], condition: null },
    { type: 'project', columns: [...columns.map(same), { name: MEETS, expr: meets }] },
    { type: 'project', columns: columns.map((column) => (isLeft(column) ? same(column) : whereMet(column, at))) },
  ];
}

function whereMet(column: Column, at: Span): NamedExpr {
  const met: TypedExpr = columnExpr({ name: MEETS, type: BOOLEAN }, at);
  return { name: column.name, expr: call('if', [met, columnExpr(column, at), literal(null, column.type, at)], column.type, at) };
}

/** The relation that two tables make: a row per row of the left one, and of `outer` of both. */
export function joinedTable({ input }: StepContext, columns: readonly Column[]): Relation {
  return { kind: 'table', columns, key: input.key, windowed: false };
}
