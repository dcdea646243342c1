import type { NamedExpr, OperatorSpec, StepContext, TypedExpr } from '@rta/dsl';
import { columnExpr, isNullable, literal, messages, shapes } from '@rta/dsl';

/** `sample`: the rows of some of the keys. */
export const sample: OperatorSpec = {
  verb: 'sample',
  modifiers: ['groupBy'],
  summary: 'Lets through the rows of a share of all keys.',
  doc: `
\`sample: 10%\` lets through all rows of about a tenth of the keys, and no row of the others: a tenth of the players with everything that they
did. The hash of the key decides, so the same keys are in the sample whenever and wherever it is taken, and a smaller sample is part of a
larger one.

The key is what \`groupBy\` says; left out, it is that of the rows.
`,
  configSchema: shapes.textLike('^\\d{1,3}(\\.\\d{1,6})?%$', 'a share such as 10%', 'The share of the keys.'),
  example: {
    columns: { user_id: 'string', score: 'int' },
    steps: `
- groupBy: user_id
  sample: 50%
`,
    given: `
- { user_id: ann, score: 1 }
- { user_id: bob, score: 2 }
- { user_id: cid, score: 3 }
- { user_id: ann, score: 4 }
`,
    expect: `
- { user_id: ann, score: 1 }
- { user_id: ann, score: 4 }
`,
  },

  check(context) {
    const { input, config, verbSpan } = context;
    if (config.kind !== 'scalar') return null;
    const percent = Number(config.text.slice(0, -1));
    if (percent <= 0 || percent > 100) context.report(messages.badShare(config.span, config.text));
    const key = keyOf(context);
    if (key === null) return { transforms: [], output: input };
    const condition: TypedExpr = {
      kind: 'call',
      fn: 'sampled',
      args: [literal(percent / 100, { kind: 'double' }, verbSpan), ...key.map(({ expr }) => expr)],
      type: { kind: 'boolean' },
      span: verbSpan,
    };
    return { transforms: [{ type: 'filter', condition }], output: input };
  },
};

/** The columns that decide; null with a report. */
function keyOf(context: StepContext): readonly NamedExpr[] | null {
  const { input, groupBy, verbSpan } = context;
  if (context.modifier('groupBy') !== null) return groupBy;
  const columns = (input.key ?? []).flatMap((name) => input.columns.filter((column) => column.name === name && !isNullable(column.type)));
  if (columns.length > 0 && columns.length === input.key?.length)
    return columns.map((column) => ({ name: column.name, expr: columnExpr(column, verbSpan) }));
  context.report(messages.sampleNeedsKey(verbSpan));
  return null;
}
