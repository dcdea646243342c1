import type { OperatorSpec } from '@rta/dsl';
import { columnExpr, messages } from '@rta/dsl';
import { project } from './project.js';

/** `drop`: all columns but these. */
export const drop: OperatorSpec = {
  verb: 'drop',
  modifiers: [],
  summary: 'Leaves out the named columns.',
  doc: `
\`drop\` takes columns and keeps the others, in their order. The key of a table cannot be dropped.
`,
  configSchema: {
    type: ['string', 'array'],
    minLength: 1,
    minItems: 1,
    items: { type: 'string', minLength: 1, 'x-expected': 'a column' },
    description: 'The columns to leave out.',
    'x-expected': 'a column or a list of columns',
  },
  example: {
    columns: { user_id: 'string', score: 'int', level: 'int' },
    steps: '- drop: [level]',
    given: '- { user_id: ann, score: 12, level: 3 }',
    expect: '- { user_id: ann, score: 12 }',
  },

  check(context) {
    const { input, config } = context;
    const dropped = new Set((config.kind === 'seq' ? config.items : [config]).map((item) => context.columnName(item)));
    const kept = input.columns.filter((column) => !dropped.has(column.name));
    if (kept.length === 0) {
      context.report(messages.nothingLeft(context.verbSpan));
      return null;
    }
    const span = context.verbSpan;
    return project(
      context,
      kept.map((column) => ({ name: column.name, expr: columnExpr(column, span), span })),
      [],
      '`drop`',
    );
  },
};
