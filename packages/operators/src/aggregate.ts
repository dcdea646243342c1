import type { Column, Emit, OperatorSpec, Relation } from '@rta/dsl';
import { messages, shapes } from '@rta/dsl';
import { mayBecomeEmpty } from './aggregates/empty.js';
import { WINDOW_COLUMNS, windowEndOf } from './window-columns.js';

/** `aggregate`: one row per group, and window. */
export const aggregate: OperatorSpec = {
  verb: 'aggregate',
  modifiers: ['groupBy', 'window', 'emit', 'ttl'],
  summary: 'Folds the rows of each group, and window, into one row.',
  doc: `
\`aggregate\` takes a map from new columns to aggregate expressions: \`total: sum(score)\`, \`wins: count() where won\`,
\`average: sum(score) / count()\`. Beside it stand

- \`groupBy\`: columns, paths or \`{ new: expression }\`; left out, there is one global group. A group column is never null.
- \`window\`: by event time, with \`grace\` to keep windows open past the watermark:
  - \`{ tumbling: 1m }\`: one after the other;
  - \`{ hopping: 5m, every: 1m }\`: overlapping, every row counts in each that its time is in;
  - \`{ cumulate: 1d, every: 1h }\`: from the same start, after one step, two, and so on up to the size: a day so far, each hour. Each is a
    window of its own, so with \`emit: updates\` a row changes all that are still to come; \`final\` gives each when it has closed;
  - \`zone: Europe/Prague\` beside these three: days as its clocks have them, of 23 and 25 hours too. Sizes and steps are whole days (\`7d\` from
    Monday), or parts that divide a day: \`6h\`, \`15m\`. Those are counted from midnight, each of its full length, and the last ends with the
    day. Without \`zone\` windows are multiples of the duration since 1970-01-01 in UTC, so \`7d\` begins on a Thursday. There are no months;
  - \`{ session: 30m }\`: stretches of rows of a group that are no more than the gap apart, up to the last one + gap. A session that grows or
    joins another is another row, and the old ones get tombstones; it is final when the watermark is 2 x gap past its last row;
  - \`{ sliding: 5m }\`: one result per row, over the rows of its group from 5m before its time to its time, both included: those are
    \`window_start\` and \`window_end\`. Results come in the order of event time, when the watermark has passed them.
- \`emit\`: \`updates\` (default), \`{ every: 10s }\`, or \`final\`, which gives one row per group and window when it has closed.
  Windows that overlap cost less then: a record is folded once, into the piece between two of their bounds, however many windows it is in.
  Grouping the results of windows by \`window_start, window_end\` keeps the window: it may be \`final\` again, and what is kept of it goes when
  it closes.
- \`ttl\`: without a window, the inactivity in event time after which a group's row leaves.

Over a table (the result of another aggregate, of \`topK\`) a row that changes or leaves is taken back: the groups are always those of the
table's rows as they are now, and a group without rows is gone. Without \`groupBy\` the one row stays, with a count of 0. So that values can be taken back,
\`min\`, \`max\`, \`first\`, \`last\`, \`argMin\`, \`argMax\`, \`collect\`, \`topK\` and \`count(distinct x)\` keep the values of all rows of a group there; sketches and
\`funnel\` cannot, and do not compile. There is no \`window\` and no \`ttl\`.

The result has the group columns, \`window_start\` and \`window_end\` where there is a window, and the new columns; nothing else is left. It is a
table, keyed by group and window; with \`emit: final\`, and in sliding windows, a stream.
`,
  configSchema: {
    type: 'object',
    minProperties: 1,
    additionalProperties: shapes.expression('An aggregate expression.'),
    description: 'New columns and their aggregate expressions.',
    'x-expected': 'a map from new columns to aggregates such as `total: sum(score)`',
  },
  example: {
    columns: { team_id: 'string', score: 'int' },
    steps: `
- groupBy: team_id
  aggregate:
    games: count()
    total: sum(score)
`,
    given: `
- { team_id: red, score: 3 }
- { team_id: blue, score: 5 }
- { team_id: red, score: 4 }
`,
    expect: `
- { team_id: red, games: 2, total: 7 }
- { team_id: blue, games: 1, total: 5 }
`,
  },

  check(context) {
    const { input, config, groupBy: group, window, ttlMs } = context;
    if (config.kind !== 'map') return null;
    const isSliding = window !== null && window !== 'broken' && window.kind === 'sliding';
    if (isSliding && context.modifier('emit') !== null && context.emit.mode !== 'final')
      context.report(messages.slidingEmit(context.modifier('emit')!.keySpan));
    const emit: Emit = isSliding ? { mode: 'final' } : context.emit;
    if (window !== null && input.kind === 'table') context.report(messages.windowOnTable(context.modifier('window')!.keySpan));
    // Grouped by the window that the rows are results of, a group ends with it.
    const windowEnd = windowEndOf(context);
    if (window === null && emit.mode === 'final' && windowEnd === null)
      context.report(messages.finalWithoutWindow(context.modifier('emit')!.keySpan));
    if ((window !== null || (windowEnd !== null && emit.mode === 'final')) && context.modifier('ttl') !== null)
      context.report(messages.ttlOnWindow(context.modifier('ttl')!.keySpan));
    if (window === null && input.kind === 'table' && ttlMs !== null)
      context.report(messages.ttlOverTable(context.modifier('ttl')!.keySpan));

    if (input.kind === 'table' && context.periodic)
      context.report(messages.everyBeforeAggregate(context.verbSpan, 'an aggregate over a table'));

    const taken = new Set([...(group ?? []).map((column) => column.name), ...(window === null ? [] : WINDOW_COLUMNS)]);
    for (const entry of config.entries) {
      context.newName(entry.key, entry.keySpan);
      if (taken.has(entry.key))
        context.report(messages.columnTwice(entry.keySpan, entry.key, 'the group or the window has it; give the aggregate another name'));
    }
    if (window !== null) {
      const clash = (group ?? []).find((column) => WINDOW_COLUMNS.includes(column.name));
      if (clash !== undefined) context.report(messages.windowColumn(context.modifier('groupBy')!.keySpan, clash.name));
    }
    const { accumulators, results: perGroup, failed } = context.aggregates(config, group ?? []);
    if (group === null || window === 'broken') return null;
    const results = group.length === 0 && window === null && input.kind === 'table' ? mayBecomeEmpty(perGroup, accumulators) : perGroup;

    const groupColumns = group.map(({ name, expr }) => ({ name, type: expr.type }));
    const windowColumns: Column[] =
      window === null ? [] : WINDOW_COLUMNS.map((name) => ({ name, type: { kind: 'timestamp', unit: 'millis' } }));
    const output: Relation = {
      kind: emit.mode === 'final' ? 'stream' : 'table',
      columns: [...groupColumns, ...windowColumns, ...results.map(({ name, expr }) => ({ name, type: expr.type }))],
      key: [...groupColumns, ...windowColumns].map((column) => column.name),
      windowed: (window !== null && !isSliding) || windowEnd !== null,
    };
    const closes = window === null && ttlMs === null && windowEnd !== null ? { closes: windowEnd } : {};
    return { transforms: [{ type: 'fold', group, window, ttlMs, accumulators, results, emit, ...closes }], output, missing: failed };
  },
};
