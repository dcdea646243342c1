import type { Column, OperatorSpec, Relation, StepContext } from '@rta/dsl';
import { messages, shapes } from '@rta/dsl';

/** `topK`: the first k rows of a table, in an order. */
export const topK: OperatorSpec = {
  verb: 'topK',
  modifiers: ['groupBy', 'window', 'emit'],
  summary: 'Keeps the first k rows of a table in an order, per group.',
  doc: `
\`topK\` is a board: the first \`k\` rows of a table by \`by\`, exact at every commit. \`by\` is an expression, or a list of them, each followed by
\`desc\` for the greatest first; nulls go last unless \`nulls first\` says otherwise. Rows that are equal in all of \`by\` are ordered by the
table's key, so the order is always total.

- \`rank: rnk\` names a column in front, from 1. Its value is then the key of the row, with \`groupBy\` in front, so the compacted topic is the
  board. Without it the key is that of the table; with \`k: 1\` it is the group alone.
- \`ties: all\` keeps every row that is equal in \`by\` to the last.
- \`groupBy\`: a board per group. Grouped by \`window_start, window_end\` of a windowed aggregate it may be \`emit: final\`.
`,
  configSchema: shapes.map(
    '`topK`',
    {
      k: shapes.whole(1, 100_000, 'How many rows.'),
      by: shapes.order('The order: most significant first.'),
      rank: { type: 'string', minLength: 1, description: 'The name of the rank column.', 'x-expected': 'the name of a new column' },
      ties: shapes.word(['all'], 'Keeps every row that ties with the last.'),
      list: { type: 'string', description: 'One row per group, with an array of rows.' },
      take: { type: ['string', 'array', 'object'], description: 'The columns of the listed rows.' },
    },
    ['k', 'by'],
  ),
  example: {
    columns: { user_id: 'string', score: 'int' },
    steps: `
- groupBy: user_id
  aggregate: { total: sum(score) }
- topK: { k: 2, by: total desc, rank: rnk }
`,
    given: `
- { user_id: ann, score: 3 }
- { user_id: bob, score: 5 }
- { user_id: cid, score: 1 }
- { user_id: ann, score: 4 }
`,
    expect: `
- { rnk: 1, user_id: ann, total: 7 }
- { rnk: 2, user_id: bob, total: 5 }
`,
  },

  check(context) {
    const { input, config, groupBy, emit } = context;
    if (config.kind !== 'map') return null;
    if (input.kind === 'stream') {
      context.report(messages.topKOfStream(context.verbSpan));
      return null;
    }
    if (context.modifier('window') !== null) context.report(messages.windowOnTable(context.modifier('window')!.keySpan));
    for (const key of ['list', 'take']) {
      const entry = config.entries.find((candidate) => candidate.key === key);
      if (entry !== undefined) context.report(messages.notYet(entry.keySpan, `\`${key}\` of \`topK\``));
    }
    const entryOf = (key: string) => config.entries.find((candidate) => candidate.key === key);
    const by = context.order(entryOf('by')!.value);
    const k = Number(context.setting('k'));
    const ties = context.setting('ties') === 'all';
    const rankEntry = entryOf('rank');
    const rank = rankEntry === undefined ? null : context.setting('rank');
    if (
      rankEntry !== undefined &&
      rank !== null &&
      context.newName(rank, rankEntry.value.span) &&
      input.columns.some((column) => column.name === rank)
    ) {
      context.report(messages.columnTwice(rankEntry.value.span, rank, 'give the rank another name'));
    }
    const group = readGroup(context);
    if (group === null || groupBy === null) return null;

    const keepsWindow = input.windowed && WINDOW_COLUMNS.every((name) => group.includes(name));
    if (emit.mode === 'final' && !keepsWindow) context.report(messages.finalTopK(context.modifier('emit')!.keySpan));
    const inputKey = input.key ?? [];
    if (rank === null && inputKey.length === 0 && (k > 1 || ties)) context.report(messages.boardNeedsRank(context.verbSpan));
    const rankColumn: readonly Column[] = rank === null ? [] : [{ name: rank, type: { kind: 'long' } }];
    const rest = rank !== null ? [rank] : k === 1 && !ties ? [] : inputKey.filter((name) => !group.includes(name));
    const output: Relation = {
      kind: emit.mode === 'final' ? 'stream' : 'table',
      columns: [...rankColumn, ...input.columns],
      key: [...group, ...rest],
      windowed: input.windowed && keepsWindow,
    };
    return { transforms: [{ type: 'rank', group, k, by: by ?? [], tieBreak: inputKey, rank, ties, emit }], output };
  },
};

const WINDOW_COLUMNS: readonly string[] = ['window_start', 'window_end'];

/** Boards are grouped by columns of the table; null with a report. */
function readGroup(context: StepContext): readonly string[] | null {
  const { groupBy, input } = context;
  if (groupBy === null) return null;
  const names: string[] = [];
  for (const { name, expr } of groupBy) {
    if (expr.kind === 'column' && expr.name === name) names.push(name);
    else {
      const known = input.columns.map((column) => column.name);
      context.report(messages.notYet(expr.span, 'a board per expression', `derive the column first, or group by ${known.join(', ')}`));
    }
  }
  return names.length === groupBy.length ? names : null;
}
