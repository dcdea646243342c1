import type { OperatorSpec } from '@rta/dsl';
import { columnExpr, messages } from '@rta/dsl';
import { project } from './project.js';

/** `rename`: new names for columns. */
export const rename: OperatorSpec = {
  verb: 'rename',
  modifiers: [],
  summary: 'Gives columns new names.',
  doc: `
\`rename\` takes a map from new names to old ones: \`rename: { player: user_id }\`. Order, kind and key stay; a renamed key column goes on being
the key.
`,
  configSchema: {
    type: 'object',
    minProperties: 1,
    additionalProperties: { type: 'string', minLength: 1, 'x-expected': 'a column' },
    description: 'New names, and the columns that get them.',
    'x-expected': 'a map `{ new: old }`',
  },
  example: {
    columns: { user_id: 'string', score: 'int' },
    steps: '- rename: { player: user_id }',
    given: '- { user_id: ann, score: 12 }',
    expect: '- { player: ann, score: 12 }',
  },

  check(context) {
    const { input, config } = context;
    if (config.kind !== 'map') return null;
    const newNames = new Map<string, string>();
    for (const entry of config.entries) {
      const isNew = context.newName(entry.key, entry.keySpan);
      const old = context.columnName(entry.value);
      if (old === null || !isNew) continue;
      if (newNames.has(old)) context.report(messages.columnTwice(entry.value.span, old, 'a column has one name; `derive` makes a copy'));
      else newNames.set(old, entry.key);
    }
    const renamed = new Set(newNames.keys());
    const taken = new Set(input.columns.filter((column) => !renamed.has(column.name)).map((column) => column.name));
    for (const entry of config.entries) {
      if (taken.has(entry.key)) context.report(messages.columnTwice(entry.keySpan, entry.key, '`drop` or rename the other one too'));
    }
    const span = context.verbSpan;
    const columns = input.columns.map((column) => ({
      name: newNames.get(column.name) ?? column.name,
      expr: columnExpr(column, span),
      span,
    }));
    const missing = config.entries.map((entry) => entry.key).filter((name) => !columns.some((column) => column.name === name));
    return project(context, columns, missing, '`rename`');
  },
};
