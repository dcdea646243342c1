import type { Column, OperatorSpec, Relation, Type, TypedExpr } from '@rta/dsl';
import { arrayOfEntries, definite, messages, shapes } from '@rta/dsl';

/** `unnest`: a row per item of an array. */
export const unnest: OperatorSpec = {
  verb: 'unnest',
  modifiers: [],
  summary: 'Makes a row of each item of an array, or of each entry of a map.',
  doc: `
\`unnest\` takes a column or a path (\`properties.items\`, which becomes the column \`items\`), or a new name and an expression
(\`{ item: properties.items }\`). Each row is followed by one row per item, with all of its columns and the item. A column of the array's own
name is replaced by the item; another name is a new column behind the others.

Items may be of any type: the fields of a record are then \`item.sku\`. A map gives its entries, each a record of \`key\` and \`value\`. Null
and the empty array give no row.

It takes streams only. The rows keep event time, partition and offset of the record; where that order matters (\`over\`, \`dedupe\`, \`first\`,
\`last\`, \`collect\`), rows of one record go by the number of the item, as far as the 4095th. If an expression fails for one of the items,
the whole record goes to \`errors\`, once, and none of its items has any effect.
`,
  configSchema: {
    type: ['string', 'object'],
    description: 'The array: a column, a path, or `{ new: expression }`.',
    minLength: 1,
    minProperties: 1,
    'x-expected': 'a column, a path or `{ new: expression }`',
    additionalProperties: shapes.expression('The array or map.'),
  },
  example: {
    columns: { user_id: 'string', basket: 'string' },
    steps: `
- unnest: { sku: 'split(basket, " ")' }
- select: [user_id, sku]
`,
    given: `
- { user_id: ann, basket: tea milk }
- { user_id: bob, basket: bread }
`,
    expect: `
- { user_id: ann, sku: tea }
- { user_id: ann, sku: milk }
- { user_id: bob, sku: bread }
`,
  },

  check(context) {
    const { input, config, verbSpan } = context;
    if (input.kind === 'table') context.report(messages.overOnTable(verbSpan, '`unnest`'));
    const { columns, failed } = context.columns(config);
    if (columns.length > 1) {
      context.report(
        messages.unnestOne(
          config.span,
          columns.map(({ name }) => name),
        ),
      );
    }
    if (columns.length === 0) return failed.length === 0 ? null : { transforms: [], output: input, missing: failed };
    const [{ name, expr, span }] = columns;
    const array = itemsOf(expr);
    if (array === null) {
      context.report(messages.nothingToUnnest(expr.span, definite(expr.type)));
      return { transforms: [], output: input, missing: [name] };
    }
    const own = expr.kind === 'column' && expr.name === name;
    if (!own && input.columns.some((column) => column.name === name))
      context.report(messages.columnTwice(span, name, 'give the item a name of its own: `{ item: expression }`'));
    const column: Column = { name, type: array.items };
    const output: Relation = {
      kind: 'stream',
      columns: own ? input.columns.map((one) => (one.name === name ? column : one)) : [...input.columns, column],
      key: input.key?.includes(name) ? null : input.key,
      windowed: input.windowed,
    };
    return { transforms: [{ type: 'unnest', array: array.expr, column }], output };
  },
};

/** The array, and the type of its items; null for what has none. */
function itemsOf(expr: TypedExpr): { readonly expr: TypedExpr; readonly items: Type } | null {
  const type = definite(expr.type);
  if (type.kind === 'array') return { expr, items: type.items };
  return type.kind === 'map' ? itemsOf(arrayOfEntries(expr)) : null;
}
