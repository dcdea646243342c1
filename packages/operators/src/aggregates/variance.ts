import type { AggregateProblem, AggregateSpec, AggregateUse, TypedExpr } from '@rta/dsl';
import { nullable } from '@rta/dsl';
import { oneDouble } from './arguments.js';
import { DOUBLE, isProblem } from './types.js';

/** The accumulator of `variance` and `stddev`. */
export function varianceOf(
  name: string,
  args: readonly TypedExpr[],
  where: TypedExpr | null,
  distinct: boolean,
  result: AggregateUse['result'],
): AggregateUse | AggregateProblem {
  const arg = oneDouble(name, args, distinct);
  if (isProblem(arg)) return arg;
  return { accumulators: [{ fn: 'variance', arg, where, type: nullable(DOUBLE) }], result };
}

/** `variance(x)`: of a sample. */
export const variance: AggregateSpec = {
  name: 'variance',
  summary: 'The variance of a sample, exactly rounded.',
  doc: `
\`variance(x)\` is the sum of the squared distances from the mean, divided by n - 1. It is computed from the exact sums of the values and of their
squares and rounded once, so that it depends neither on the order of the rows nor on how far their mean is from 0. Numbers of other types are
taken as doubles. It is null of less than two values, and NaN where a value is NaN or infinite.

Of 1, 2 and 4 \`variance(x)\` is 2.3333333333333335.
`,
  example: 'variance(x)',
  sample: { columns: { x: 'double' }, rows: [{ x: 1 }, { x: 2 }, { x: 4 }], gives: 2.3333333333333335 },
  check: (args, where, distinct) => varianceOf('variance', args, where, distinct, ([ref]) => ref),
};
