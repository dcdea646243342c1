/** What joins with tables ask of their settings and keys, and the join of two tables. */
import type { Column, Joined, JoinHow, JoinKeys, JoinTransform, Relation, StepContext, Transform } from '@rta/dsl';
import { columnExpr, entryOf, messages, valueOf } from '@rta/dsl';

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
  if (keys.condition !== null && (context.setting('type') ?? 'inner') !== 'inner')
    report(messages.tablesCondition(keys.condition.expr.span));
  return { kind: 'tables', foreign };
}

/** How it runs: a condition beside the keys is a filter of the pairs, which have what it asks for. */
export function joinOfTables(join: JoinTransform, { columns }: Relation, { verbSpan }: StepContext): readonly Transform[] {
  const { condition, take } = join;
  if (condition === null) return [join];
  return [
    { ...join, take: [...take, ...condition.carried], condition: null },
    { type: 'filter', condition: condition.expr },
    { type: 'project', columns: columns.map((column) => ({ name: column.name, expr: columnExpr(column, verbSpan) })) },
  ];
}

/** The relation that two tables make: a row per row of the left one, and of `outer` of both. */
export function joinedTable({ input }: StepContext, columns: readonly Column[]): Relation {
  return { kind: 'table', columns, key: input.key, windowed: false };
}
