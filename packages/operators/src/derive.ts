import type { NamedExpr, OperatorSpec } from '@rta/dsl';
import { columnExpr, messages, shapes } from '@rta/dsl';

/** `derive`: the row with more columns. */
export const derive: OperatorSpec = {
  verb: 'derive',
  modifiers: [],
  summary: 'Adds columns that are computed from those of the row.',
  doc: `
\`derive\` takes a map from new columns to expressions and adds them behind the columns that are there. Kind and key of the rows stay.

The new columns do not see each other: write two \`derive\` steps where one builds on the other. An existing name cannot be taken again;
\`drop\` or \`rename\` the old column first, or use \`select\`.
`,
  configSchema: {
    type: 'object',
    minProperties: 1,
    additionalProperties: shapes.expression('The value of the new column.'),
    description: 'New columns and their expressions.',
    'x-expected': 'a map from new columns to expressions',
  },
  example: {
    columns: { user_id: 'string', score: 'int', games: 'int' },
    steps: `
- derive:
    average: score / games
    lucky: score % 7 == 0
`,
    given: '- { user_id: ann, score: 21, games: 4 }',
    expect: '- { user_id: ann, score: 21, games: 4, average: 5.25, lucky: true }',
  },

  check(context) {
    const { input, config } = context;
    if (config.kind !== 'map') return null;
    const names = new Set(input.columns.map((column) => column.name));
    const added: NamedExpr[] = [];
    const missing: string[] = [];
    for (const entry of config.entries) {
      const isNew = context.newName(entry.key, entry.keySpan);
      const expr = context.expression(entry.value);
      if (names.has(entry.key))
        context.report(messages.columnTwice(entry.keySpan, entry.key, 'give the new column another name, or `drop` the old one first'));
      else if (expr === null || !isNew) missing.push(entry.key);
      else added.push({ name: entry.key, expr });
    }
    const columns = [...input.columns.map((column) => ({ name: column.name, expr: columnExpr(column, context.verbSpan) })), ...added];
    return {
      transforms: [{ type: 'project', columns }],
      output: { ...input, columns: columns.map(({ name, expr }) => ({ name, type: expr.type })) },
      missing,
    };
  },
};
