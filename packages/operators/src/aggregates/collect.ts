import type { AggregateSpec } from '@rta/dsl';
import { definite } from '@rta/dsl';
import { limitOf, notDistinct, typed } from './arguments.js';

/** `collect(x, limit)`: the values, in order. */
export const collect: AggregateSpec = {
  name: 'collect',
  summary: 'The values of the first rows, as an array.',
  doc: `
\`collect(x, limit)\` is the array of the values of the first \`limit\` rows, in the order of event time, partition and offset. Nulls are left out;
of nothing it is the empty array. The limit is a number from 1 to 10000, and it bounds what a group keeps: at most \`limit\` values, each with
its row's time and place, all of which are written to the changelog at each commit in which one of them changes.

Of \`{ $time: 12:01, page: cart }\` and \`{ $time: 12:00, page: home }\` \`collect(page, 10)\` is \`[home, cart]\`.
`,
  example: 'collect(page, 10)',
  sample: {
    columns: { page: 'string' },
    rows: [
      { at: 2, page: 'cart' },
      { at: 1, page: 'home' },
    ],
    gives: ['home', 'cart'],
  },
  check(args, where, distinct) {
    if (args.length > 2 || args.length === 0)
      return { error: '`collect` takes a value and how many at most', help: 'for example `collect(score, 10)`' };
    const [arg] = args;
    const problem = notDistinct('collect', distinct) ?? typed('collect', arg);
    if (problem !== null) return problem;
    const limit = limitOf('collect', args[1]);
    if (typeof limit !== 'number') return limit;
    return {
      accumulators: [{ fn: 'collect', arg, limit, where, type: { kind: 'array', items: definite(arg.type) } }],
      result: ([ref]) => ref,
    };
  },
};
