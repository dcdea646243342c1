import type { AggregateSpec, TypedExpr } from '@rta/dsl';
import { binary, definite, isNullable, literal, showType } from '@rta/dsl';
import { notDistinct, overTable } from './arguments.js';
import { LONG } from './types.js';

/** Conditions are bits of a number that stays an int. */
const MAX_CONDITIONS = 30;
const BOOLEAN = { kind: 'boolean' } as const;

/** `funnel(c1, c2, …)`: how many conditions were met in order. */
export const funnel: AggregateSpec = {
  name: 'funnel',
  summary: 'How many of the conditions were met one after the other.',
  doc: `
\`funnel(c1, c2, …)\` is the greatest number n such that there are rows, one after the other, of which the first meets \`c1\`, the second \`c2\` and so on
up to the n-th condition. Rows between them do not matter, one row serves for one condition, and rows are in the order of event time, partition
and offset, in whatever order they arrive. An int, 0 where no row meets \`c1\`. A condition that is null is not met. At most 30 conditions.

A group keeps the time and place of the rows that meet a condition until the funnel is complete, except that of rows that meet only the first
condition it keeps the first, and of those that meet only the last condition the last.

Of \`view\`, \`buy\`, \`cart\` in that order \`funnel(type == "view", type == "cart", type == "buy")\` is 2.
`,
  example: 'funnel(type == "view", type == "cart", type == "buy")',
  sample: { columns: { type: 'string' }, rows: [{ type: 'view' }, { type: 'buy' }, { type: 'cart' }], gives: 2 },
  check(args, where, distinct, span, rows) {
    if (args.length === 0 || args.length > MAX_CONDITIONS)
      return { error: `\`funnel\` takes 1 to ${MAX_CONDITIONS} conditions`, help: 'for example `funnel(type == "view", type == "buy")`' };
    const other = args.find((arg) => definite(arg.type).kind !== 'boolean');
    if (other !== undefined)
      return {
        error: `\`funnel\` takes conditions, not ${showType(other.type)}`,
        help: 'for example `funnel(type == "view", type == "buy")`',
      };
    const problem = notDistinct('funnel', distinct) ?? overTable('funnel', rows, 'take it from the stream before it became a table');
    if (problem !== null) return problem;
    const bits = args.map((arg, i): TypedExpr => {
      const met = isNullable(arg.type) ? binary('??', arg, literal(false, BOOLEAN, span), BOOLEAN) : arg;
      return { kind: 'call', fn: 'if', args: [met, literal(2 ** i, LONG, span), literal(0, LONG, span)], type: LONG, span };
    });
    const mask = bits.reduce((a, b) => binary('+', a, b, LONG));
    return {
      accumulators: [{ fn: 'funnel', arg: mask, limit: args.length, where, type: { kind: 'int' } }],
      result: ([ref]) => ref,
    };
  },
};
