import type { AggregateProblem, AggregateSpec, AggregateUse, TypedExpr } from '@rta/dsl';
import { definite, nullable, nullableIf } from '@rta/dsl';
import { mayBeNothing, notDistinct, ordered, typed } from './arguments.js';

/** The rule that `argMin` and `argMax` share. */
export function argExtreme(
  fn: 'argMin' | 'argMax',
  args: readonly TypedExpr[],
  where: TypedExpr | null,
  distinct: boolean,
): AggregateUse | AggregateProblem {
  if (args.length !== 2)
    return { error: `\`${fn}\` takes a value and what rows are ranked by`, help: `for example \`${fn}(user_id, score)\`` };
  const [arg, by] = args;
  const problem = notDistinct(fn, distinct) ?? typed(fn, arg) ?? ordered(fn, by);
  if (problem !== null) return problem;
  const type = definite(arg.type);
  return {
    accumulators: [{ fn, arg, by, where, type: nullable(type) }],
    result: ([ref]) => ({ ...ref, type: nullableIf(mayBeNothing(where, arg, by), type) }),
  };
}

/** `argMax(value, by)`. */
export const argMax: AggregateSpec = {
  name: 'argMax',
  summary: 'The value of the row with the greatest rank.',
  doc: `
\`argMax(value, by)\` is \`value\` in the row where \`by\` is greatest (NaN is the greatest number); of several such rows, in the first by event time,
partition and offset. Rows where either is null are left out; it is null where there is none: with \`where\`, or when either may be null.

Of \`{ user: ann, score: 3 }\` and \`{ user: bob, score: 5 }\` \`argMax(user, score)\` is \`bob\`.
`,
  example: 'argMax(user, score)',
  sample: {
    columns: { user: 'string', score: 'int' },
    rows: [
      { user: 'ann', score: 3 },
      { user: 'bob', score: 5 },
    ],
    gives: 'bob',
  },
  check: (args, where, distinct) => argExtreme('argMax', args, where, distinct),
};
