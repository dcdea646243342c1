import type { OperatorSpec } from '@rta/dsl';
import { shapes } from '@rta/dsl';

/** `filter`: rows for which a condition holds. */
export const filter: OperatorSpec = {
  verb: 'filter',
  modifiers: [],
  summary: 'Lets through the rows for which a condition is true.',
  doc: `
\`filter\` takes one boolean expression. It must be definite: true or false, never null. Say what null means (\`active ?? false\`), or exclude
it (\`score != null and score > 10\`).

What the condition proves is known afterwards: after \`filter: city != null\` the column \`city\` is a plain string, and rows can be grouped by
it. This holds for nested paths too.

On a table, a row that stops passing is retracted. A \`filter\` after \`aggregate\` is SQL's \`HAVING\`.
`,
  configSchema: shapes.expression('A condition that is true or false for every row.'),
  example: {
    columns: { user_id: 'string', score: 'int' },
    steps: '- filter: score >= 10',
    given: `
- { user_id: ann, score: 12 }
- { user_id: bob, score: 7 }
`,
    expect: '- { user_id: ann, score: 12 }',
  },

  check(context) {
    const { input } = context;
    const condition = context.condition(context.config);
    if (condition === null) return { transforms: [], output: input, nullsUnknown: true };
    return {
      transforms: [{ type: 'filter', condition: condition.expr }],
      output: { ...input, columns: condition.narrowed },
    };
  },
};
