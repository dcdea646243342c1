import { type OperatorSpec, shapes } from '@rta/dsl';
import { topKOfStream } from './topk/of-stream.js';
import { topKOfTable } from './topk/of-table.js';
import { readSettings } from './topk/settings.js';

/** `topK`: the first k rows of a stream or a table, in an order. */
export const topK: OperatorSpec = {
  verb: 'topK',
  modifiers: ['groupBy', 'window', 'emit', 'ttl'],
  summary: 'Keeps the first k rows in an order, per group and window.',
  doc: `
\`topK\` is a board: the first \`k\` rows by \`by\`, exact at every commit. \`by\` is an expression, or a list of them, each followed by
\`desc\` for the greatest first; nulls go last unless \`nulls first\` says otherwise. The order is always total: rows of a table that are equal in
all of \`by\` go by the table's key, those of a stream by event time, partition and offset, the earlier one first.

- \`rank: rnk\` names a column in front, from 1. Its value is then the key of the row, with \`groupBy\` and the window in front, so the compacted
  topic is the board. With \`k: 1\` the key is the group, and window, alone. Without either it is that of the table; rows of a stream have none,
  so a board of them that changes needs \`rank\`, and one that is final does not.
- \`ties: all\` keeps every row that is equal in \`by\` to the last. Their ranks go on.
- \`groupBy\`: a board per group. On a stream it may add columns, \`{ day: date(time) }\`; they stand in front of the input's.
- \`window\`: on a stream, a board per window, with the columns \`window_start\` and \`window_end\` in front: tumbling, hopping, cumulate and session,
  as \`aggregate\` has them; there are no sliding ones. On a table, and on the stream that another step with \`emit: final\` gives, a board is of one
  window if it is grouped by \`window_start, window_end\`.
- \`emit\`: \`updates\` (default) and \`{ every: 10s }\` give a table. Boards of a window may be \`final\`: a stream, each board once, when its window has
  closed, best first. What is kept of a window goes when it closes; its rows stay.
- \`take\`: the columns of the rows that are kept; by default all.
- \`list: rows\` gives one row per group and window instead, with the board as an array of records, the rank inside if it is named.
- \`ttl\`: on a stream without windows, the inactivity of a group in event time after which its board leaves.
`,
  configSchema: shapes.map(
    '`topK`',
    {
      k: shapes.whole(1, 100_000, 'How many rows.'),
      by: shapes.order('The order: most significant first.'),
      rank: { type: 'string', minLength: 1, description: 'The name of the rank column.', 'x-expected': 'the name of a new column' },
      ties: shapes.word(['all'], 'Keeps every row that ties with the last.'),
      list: {
        type: 'string',
        minLength: 1,
        description: 'One row per group, with an array of rows: the name of its column.',
        'x-expected': 'the name of a new column',
      },
      take: shapes.columns('The columns of the rows that are kept.'),
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
    const settings = readSettings(context);
    if (settings === null) return null;
    return context.input.kind === 'stream' ? topKOfStream(context, settings) : topKOfTable(context, settings);
  },
};
