import type {
  Column,
  FoldTransform,
  NamedExpr,
  OperatorSpec,
  OverTransform,
  Relation,
  StepContext,
  Transform,
  Type,
  TypedExpr,
} from '@rta/dsl';
import { columnExpr, literal, messages, shapes } from '@rta/dsl';
import { LONG } from './aggregates/types.js';

/** `dedupe`: one row per group: its first, or its last. */
export const dedupe: OperatorSpec = {
  verb: 'dedupe',
  modifiers: ['groupBy', 'ttl'],
  summary: 'Keeps the first row of each group, or the last.',
  doc: `
\`dedupe\` takes a stream, whose rows are the same where the columns of \`groupBy\` are. First and last are by event time, of equal times by
partition and offset: it does not matter which row was read first. A record that is older than the watermark of its own partition is late.

- \`keep: first\` (default) lets the first row of a group through, when the watermark has passed its time, and gives a stream.
  \`within: 10m\` drops a row only if its group had another one, kept or not, at most ten minutes before. With \`ttl\` a group that was
  silent for longer is forgotten; without either, every group is remembered forever.
- \`keep: last\` gives a table with one row per group, which each later row takes the place of at once. With \`ttl\` the row leaves when the
  group has been silent for so long.

The result has the columns of the input, behind those that \`groupBy\` adds by \`{ new: expression }\`.
`,
  configSchema: shapes.map('`dedupe`', {
    keep: shapes.word(['first', 'last'], 'Which row of a group is kept. Default first.'),
    within: shapes.duration('Only rows that come so soon after another of their group are dropped.'),
  }),
  example: {
    columns: { time: 'timestamp', order_id: 'string', amount: 'int' },
    steps: `
- groupBy: order_id
  dedupe: { keep: first, within: 10m }
`,
    given: `
- { $time: 12:00:00, order_id: a, amount: 3 }
- { $time: 12:00:01, order_id: a, amount: 4 }
- { $time: 12:00:02, order_id: b, amount: 5 }
- { $time: 12:30:00, order_id: a, amount: 6 }
`,
    until: '13:00:00',
    expect: `
- { order_id: a, amount: 3 }
- { order_id: b, amount: 5 }
- { order_id: a, amount: 6 }
`,
  },

  check(context) {
    const { input, config, groupBy } = context;
    if (config.kind !== 'map') return null;
    const entryOf = (key: string) => config.entries.find((entry) => entry.key === key);
    const last = context.setting('keep') === 'last';
    const within = context.duration(config, 'within');
    if (input.kind === 'table') context.report(messages.overOnTable(context.verbSpan, '`dedupe`'));
    if (last && entryOf('within') !== undefined) context.report(messages.withinOfLast(entryOf('within')!.keySpan));
    else if (within !== null && within <= 0) context.report(messages.notPositive(entryOf('within')!.value.span, 'within'));
    if (context.modifier('groupBy') === null) context.report(messages.dedupeNeedsGroup(context.verbSpan));
    if (groupBy === null) return null;
    const added = newColumns(context, groupBy);
    const columns: Column[] = [...added.map(({ name, expr }) => ({ name, type: expr.type })), ...input.columns];
    const output: Relation = last
      ? { kind: 'table', columns, key: groupBy.map(({ name }) => name), windowed: false }
      : { ...input, columns, kind: 'stream' };
    return { transforms: last ? keepLast(context, groupBy, columns) : keepFirst(context, groupBy, added, within), output };
  },
};

/** Group columns that the input does not have; a name that it has for something else is reported. */
function newColumns(context: StepContext, groupBy: readonly NamedExpr[]): NamedExpr[] {
  const { input, report } = context;
  const added = groupBy.filter(({ name, expr }) => !(expr.kind === 'column' && expr.name === name));
  for (const { name } of added) {
    if (input.columns.some((column) => column.name === name))
      report(messages.columnTwice(context.modifier('groupBy')!.keySpan, name, 'give the group column another name'));
  }
  return added;
}

/** A row is let through if there was none before it in its group. */
function keepFirst(
  { input, verbSpan, ttlMs }: StepContext,
  groupBy: readonly NamedExpr[],
  added: readonly NamedExpr[],
  within: number | null,
): Transform[] {
  // No column of a pipeline has a dot in its name.
  const before = 'dedupe.before';
  const kept = [...added, ...columnExprs(input.columns, verbSpan)];
  const count: TypedExpr = { kind: 'column', name: before, type: LONG, span: verbSpan };
  const silence = [ttlMs, within].filter((ms) => ms !== null);
  const over: OverTransform = {
    type: 'over',
    group: groupBy,
    ttlMs: silence.length === 0 ? null : Math.min(...silence),
    accumulators: [{ fn: 'count', arg: null, where: null, type: LONG, over: { unit: 'rows', size: 1, previous: true } }],
    columns: [...kept, { name: before, expr: { kind: 'accumulator', index: 0, type: LONG, span: verbSpan } }],
  };
  const first: TypedExpr = {
    kind: 'binary',
    op: '==',
    left: count,
    right: literal(0, LONG, verbSpan),
    type: { kind: 'boolean' },
    span: verbSpan,
  };
  const columns = kept.map(({ name, expr }): Column => ({ name, type: expr.type }));
  return [over, { type: 'filter', condition: first }, { type: 'project', columns: columnExprs(columns, verbSpan) }];
}

/** The last row is an accumulator of its group: the columns that the group does not have. */
function keepLast({ input, verbSpan, ttlMs }: StepContext, groupBy: readonly NamedExpr[], columns: readonly Column[]): Transform[] {
  const fields = input.columns.filter((column) => !groupBy.some(({ name }) => name === column.name));
  const row: Type = { kind: 'record', name: 'row', fields };
  const accumulated: TypedExpr = { kind: 'accumulator', index: 0, type: row, span: verbSpan };
  const fold: FoldTransform = {
    type: 'fold',
    group: groupBy,
    window: null,
    ttlMs,
    accumulators: [{ fn: 'lastRow', arg: null, where: null, type: row }],
    results: fields.map(({ name, type }) => ({ name, expr: { kind: 'field', of: accumulated, field: name, type, span: verbSpan } })),
    emit: { mode: 'updates' },
    ordered: true,
  };
  return [fold, { type: 'project', columns: columnExprs(columns, verbSpan) }];
}

function columnExprs(columns: readonly Column[], span: StepContext['verbSpan']): NamedExpr[] {
  return columns.map((column) => ({ name: column.name, expr: columnExpr(column, span) }));
}
