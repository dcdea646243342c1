import type { OperatorSpec } from '@rta/dsl';
import { shapes } from '@rta/dsl';
import { project } from './project.js';

/** `select`: these columns, in this order. */
export const select: OperatorSpec = {
  verb: 'select',
  modifiers: [],
  summary: 'Keeps the named columns, in the order written.',
  doc: `
\`select\` takes columns (\`user_id\`), paths (\`user.city\`, which becomes the column \`city\`) and new names (\`{ total: score * 2 }\`).

The rows of a table are identified by its key, so a table's key cannot be left out. A stream may lose its key; grouping by that column then
costs a repartition again.
`,
  configSchema: shapes.columns('The columns to keep.'),
  example: {
    columns: { user_id: 'string', score: 'int', level: 'int' },
    steps: '- select: [user_id, { points: score * 10 }]',
    given: '- { user_id: ann, score: 12, level: 3 }',
    expect: '- { user_id: ann, points: 120 }',
  },

  check(context) {
    const { columns: chosen, failed, complete } = context.columns(context.config);
    if (chosen.length === 0 && !complete) return null;
    return project(context, chosen, failed, '`select`');
  },
};
