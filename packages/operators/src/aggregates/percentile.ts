import type { AggregateProblem, AggregateSpec, AggregateUse, TypedExpr } from '@rta/dsl';
import { nullable, nullableIf } from '@rta/dsl';
import { mayBeNothing, oneDouble, overTable } from './arguments.js';
import { DOUBLE, isProblem } from './types.js';

/** The rule that `percentile` and `median` share. */
export function sketched(
  name: string,
  args: readonly TypedExpr[],
  where: TypedExpr | null,
  distinct: boolean,
  fraction: number,
  rows: 'stream' | 'table',
): AggregateUse | AggregateProblem {
  const arg = oneDouble(name, args, distinct);
  if (isProblem(arg)) return arg;
  const problem = overTable(name, rows, 'close windows first: a windowed `aggregate` with `emit: final` gives a stream');
  if (problem !== null) return problem;
  return {
    accumulators: [{ fn: 'percentile', arg, fraction, where, type: nullable(DOUBLE) }],
    result: ([ref]) => ({ ...ref, type: nullableIf(mayBeNothing(where, arg), DOUBLE) }),
  };
}

/** `percentile(x, fraction)`. */
export const percentile: AggregateSpec = {
  name: 'percentile',
  summary: 'The value below which a fraction of the values are, within 1 %.',
  doc: `
\`percentile(x, 0.95)\` is the value at rank \`fraction * (n - 1)\`, rounded down, of the sorted values: 0 is the least, 1 the greatest. It comes from a
DDSketch and is within 1 % of that value, whatever the values are like, and does not depend on the order of rows. NaN counts as the greatest
value. The fraction is a number from 0 to 1. A double; null where there is no value: with \`where\`, or when \`x\` may be null.

A group keeps one counter per 2 % step that values fall in: about 120 per factor of ten between the least and the greatest. The sketch cannot
forget, so over a table it does not compile.
`,
  example: 'round(percentile(x, 0.75))',
  sample: { columns: { x: 'double' }, rows: [{ x: 1 }, { x: 2 }, { x: 3 }, { x: 4 }, { x: 5 }], gives: 4 },
  check(args, where, distinct, _span, rows) {
    const help = 'for example `percentile(score, 0.95)`';
    if (args.length !== 2) return { error: '`percentile` takes a value and a fraction from 0 to 1', help };
    const [arg, at] = args;
    if (at.kind !== 'literal' || typeof at.value !== 'number')
      return { error: 'the fraction of `percentile` is written as a number', help };
    if (!(at.value >= 0 && at.value <= 1))
      return {
        error: `the fraction of \`percentile\` is from 0 to 1, not ${at.value}`,
        help: at.value >= 10 && at.value <= 100 ? `for ${at.value} % write \`${at.value / 100}\`` : help,
      };
    return sketched('percentile', [arg], where, distinct, at.value, rows);
  },
};
