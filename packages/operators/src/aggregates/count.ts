import type { AggregateProblem, AggregateSpec, TypedExpr } from '@rta/dsl';
import { definite, isNullable, showType } from '@rta/dsl';
import { LONG } from './types.js';

/** Whether values can be told apart as keys are. */
export function countable(name: string, arg: TypedExpr): AggregateProblem | null {
  const { kind } = definite(arg.type);
  if (!['null', 'array', 'map', 'record'].includes(kind)) return null;
  const help = 'give it a text, a number, a time or one of its fields';
  return { error: `\`${name}\` cannot tell values of ${showType(arg.type)} apart`, help };
}

/** `count()` of rows, `count(x)` of values, `count(distinct x)` of different values. */
export const count: AggregateSpec = {
  name: 'count',
  summary: 'The number of rows, of values that are not null, or of different values.',
  doc: `
\`count()\` counts rows; \`count(x)\` those where \`x\` is not null; \`count(distinct x)\` the different values of \`x\` that are not null, exactly. With
\`where\` only rows for which the condition is true are counted. The result is a long and never null: 0 of nothing.

Values are different where \`groupBy\` makes different groups of them (so 0.0 and -0.0 are). A group of \`count(distinct x)\` keeps every value it has
seen, all in one record that is written to the changelog at each commit in which a new one came: where the broker takes records of 1 MB (its default),
there is room for some 50,000 values of 20 bytes per group and window. \`approxDistinct(x)\` keeps 4 KiB at most. \`window\` or \`ttl\` bound for how
long values are kept.

Of \`ann\`, \`bob\` and \`ann\` \`count(distinct user)\` is 2.
`,
  example: 'count() where score > 10',
  sample: { columns: { score: 'int' }, rows: [{ score: 3 }, { score: 12 }, { score: 11 }], gives: 2 },
  check(args, where, distinct) {
    if (args.length > 1)
      return { error: '`count` takes one value, or none', help: 'write `count()` for rows, `count(x)` for values that are not null' };
    if (distinct) {
      if (args.length === 0) return { error: '`count(distinct)` needs to know of what', help: 'for example `count(distinct user_id)`' };
      const problem = countable('count(distinct …)', args[0]);
      if (problem !== null) return problem;
      return { accumulators: [{ fn: 'distinct', arg: args[0], where, type: LONG }], result: ([n]) => n };
    }
    // A value that is never null counts as the row does, so that both share one accumulator.
    const arg = args.length === 1 && isNullable(args[0].type) ? args[0] : null;
    return { accumulators: [{ fn: 'count', arg, where, type: LONG }], result: ([n]) => n };
  },
};
