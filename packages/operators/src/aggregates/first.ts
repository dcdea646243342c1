import type { AggregateProblem, AggregateSpec, AggregateUse, TypedExpr } from '@rta/dsl';
import { definite, nullable, nullableIf } from '@rta/dsl';
import { mayBeNothing, typed } from './arguments.js';
import { isProblem, oneArgument } from './types.js';

/** The rule that `first` and `last` share. */
export function placed(
  fn: 'first' | 'last',
  args: readonly TypedExpr[],
  where: TypedExpr | null,
  distinct: boolean,
): AggregateUse | AggregateProblem {
  const arg = oneArgument(fn, args, distinct);
  if (isProblem(arg)) return arg;
  const untyped = typed(fn, arg);
  if (untyped !== null) return untyped;
  const type = definite(arg.type);
  return {
    accumulators: [{ fn, arg, where, type: nullable(type) }],
    result: ([ref]) => ({ ...ref, type: nullableIf(mayBeNothing(where, arg), type) }),
  };
}

/** `first(x)`: the value of the first row. */
export const first: AggregateSpec = {
  name: 'first',
  summary: 'The value of the first row in event time.',
  doc: `
\`first(x)\` is the value of \`x\` in the row with the least event time; of rows with the same time, of the one that comes first by partition and
offset, so that it does not matter in which order partitions are read: a straggler that is older takes its place. Nulls are left out; it is null where
there is no value: with \`where\`, or when \`x\` may be null. Results of closed windows have the time of the window's end and no offset: of those
with the same time the least value by its bytes is taken.

Of \`{ $time: 12:01, page: cart }\` and \`{ $time: 12:00, page: home }\` \`first(page)\` is \`home\`.
`,
  example: 'first(page)',
  sample: {
    columns: { page: 'string' },
    rows: [
      { at: 2, page: 'cart' },
      { at: 1, page: 'home' },
    ],
    gives: 'home',
  },
  check: (args, where, distinct) => placed('first', args, where, distinct),
};
