import type { AggregateSpec } from '@rta/dsl';
import { argExtreme } from './arg-max.js';

/** `argMin(value, by)`. */
export const argMin: AggregateSpec = {
  name: 'argMin',
  summary: 'The value of the row with the least rank.',
  doc: `
\`argMin(value, by)\` is \`value\` in the row where \`by\` is least; of several such rows, in the first by event time, partition and offset. Rows where
either is null are left out; it is null where there is none: with \`where\`, or when either may be null.

Of \`{ user: ann, score: 3 }\` and \`{ user: bob, score: 5 }\` \`argMin(user, score)\` is \`ann\`.
`,
  example: 'argMin(user, score)',
  sample: {
    columns: { user: 'string', score: 'int' },
    rows: [
      { user: 'ann', score: 3 },
      { user: 'bob', score: 5 },
    ],
    gives: 'ann',
  },
  check: (args, where, distinct) => argExtreme('argMin', args, where, distinct),
};
