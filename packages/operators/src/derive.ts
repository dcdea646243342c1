import type { NamedExpr, OperatorSpec, Transform } from '@rta/dsl';
import { columnExpr, messages, shapes } from '@rta/dsl';

/** `derive`: the row with more columns. */
export const derive: OperatorSpec = {
  verb: 'derive',
  modifiers: ['groupBy', 'ttl'],
  summary: 'Adds columns that are computed from those of the row, and of the rows before it.',
  doc: `
\`derive\` takes a map from new columns to expressions and adds them behind the columns that are there. Kind and key of the rows stay.

The new columns do not see each other: write two \`derive\` steps where one builds on the other. An existing name cannot be taken again;
\`drop\` or \`rename\` the old column first, or use \`select\`.

An aggregate with \`over\` looks back on the rows of its group (\`groupBy\`; left out, there is one global group):

- \`avg(score) over 10s\`: the last ten seconds of event time, both ends and rows of the same time included (SQL's \`RANGE\`);
- \`avg(score) over 3 rows\`: the row and the two before it;
- over results of closed windows of a minute, \`over 3m\` spans four of them, since both ends belong to it (there is a warning);
- \`avg(score) over previous 30 rows\`, \`over previous 10s\`: only rows before it, for a time only earlier ones. Null where there are none.

All aggregates can look back, and give what they would of those rows alone, \`approxDistinct\` and \`percentile\` too. One row comes out for
each row that goes in, in event-time order (of equal times by partition and offset), as soon as the watermark has passed its time; so a source's \`lateness\` is how long it waits. A record that
is older than the watermark of its own partition is late. With \`ttl\` a group that had no row for longer than that begins anew, which
bounds the state of \`over N rows\`. \`over\` takes streams only.
`,
  configSchema: {
    type: 'object',
    minProperties: 1,
    additionalProperties: shapes.expression('The value of the new column.'),
    description: 'New columns and their expressions.',
    'x-expected': 'a map from new columns to expressions',
  },
  example: {
    columns: { time: 'timestamp', user_id: 'string', score: 'int', games: 'int' },
    steps: `
- derive:
    average: score / games
    lucky: score % 7 == 0
- groupBy: user_id
  derive:
    recent: sum(score) over 10s
    last: max(score) over previous 1 row
`,
    given: `
- { $time: 12:00:00, user_id: ann, score: 21, games: 4 }
- { $time: 12:00:10, user_id: ann, score: 4, games: 1 }
- { $time: 12:00:21, user_id: ann, score: 5, games: 2 }
`,
    until: '12:01:00',
    expect: `
- { user_id: ann, score: 21, games: 4, average: 5.25, lucky: true, recent: 21, last: null }
- { user_id: ann, score: 4, games: 1, average: 4.0, lucky: false, recent: 25, last: 21 }
- { user_id: ann, score: 5, games: 2, average: 2.5, lucky: false, recent: 5, last: 4 }
`,
  },

  check(context) {
    const { input, config, groupBy, ttlMs } = context;
    if (config.kind !== 'map') return null;
    const { accumulators, exprs } = context.derived(config);
    const names = new Set(input.columns.map((column) => column.name));
    const added: NamedExpr[] = [];
    const missing: string[] = [];
    for (const entry of config.entries) {
      const isNew = context.newName(entry.key, entry.keySpan);
      const expr = exprs.get(entry.key) ?? null;
      if (names.has(entry.key))
        context.report(messages.columnTwice(entry.keySpan, entry.key, 'give the new column another name, or `drop` the old one first'));
      else if (expr === null || !isNew) missing.push(entry.key);
      else added.push({ name: entry.key, expr });
    }
    const columns = [...input.columns.map((column) => ({ name: column.name, expr: columnExpr(column, context.verbSpan) })), ...added];
    const looksBack = accumulators.length > 0;
    if (looksBack && input.kind === 'table') context.report(messages.overOnTable(context.verbSpan, '`over`'));
    for (const name of ['groupBy', 'ttl'] as const) {
      const entry = context.modifier(name);
      if (!looksBack && entry !== null && missing.length === 0) context.report(messages.nothingOver(entry.keySpan, name));
    }
    const over: Transform = { type: 'over', group: groupBy ?? [], ttlMs, accumulators, columns };
    return {
      transforms: [looksBack ? over : { type: 'project', columns }],
      output: { ...input, columns: columns.map(({ name, expr }) => ({ name, type: expr.type })) },
      missing,
    };
  },
};
