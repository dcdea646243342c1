import type { AggregateSpec } from '@rta/dsl';
import { definite } from '@rta/dsl';
import { limitOf, notDistinct, ordered, typed } from './arguments.js';

/** `topK(x, k)` and `topK(value, k, by)`: the greatest values. */
export const topKValues: AggregateSpec = {
  name: 'topK',
  summary: 'The greatest values, or those of the rows with the greatest rank, as an array.',
  doc: `
\`topK(x, k)\` is the array of the \`k\` greatest values, greatest first; a value that comes several times counts several times. \`topK(value, k, by)\`
has the values of the \`k\` rows in which \`by\` is greatest. Of rows with equal rank the first come first, by event time, partition and offset. Rows
where a value or \`by\` is null are left out; of nothing it is the empty array. A group keeps at most \`k\` (1 to 10000) values with their ranks.

As a step of its own, \`topK: { k: 10, by: total desc }\` is a board of rows.

Of the scores 3, 5 and 4 \`topK(score, 2)\` is \`[5, 4]\`.
`,
  example: 'topK(score, 2)',
  sample: { columns: { score: 'int' }, rows: [{ score: 3 }, { score: 5 }, { score: 4 }], gives: [5, 4] },
  check(args, where, distinct) {
    if (args.length > 3 || args.length === 0)
      return { error: '`topK` takes a value, how many, and what rows are ranked by', help: 'for example `topK(user_id, 3, score)`' };
    const [arg, , by = arg] = args;
    const problem = notDistinct('topK', distinct) ?? typed('topK', arg) ?? ordered('topK', by);
    if (problem !== null) return problem;
    const limit = limitOf('topK', args[1]);
    if (typeof limit !== 'number') return limit;
    return {
      accumulators: [{ fn: 'topK', arg, by, limit, where, type: { kind: 'array', items: definite(arg.type) } }],
      result: ([ref]) => ref,
    };
  },
};
