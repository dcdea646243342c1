import type { AggregateSpec } from '@rta/dsl';
import { extreme } from './extremes.js';

/** `max(x)`: the greatest value. */
export const max: AggregateSpec = {
  name: 'max',
  summary: 'The greatest value.',
  doc: `
\`max(x)\` has the type of \`x\`. Numbers and times go by value (NaN is the greatest), texts by code point. Nulls are left out; it is null where
there is no value: with \`where\`, or when \`x\` may be null. Of a column that is the same in all rows of a group, \`max\` is that value.
`,
  example: 'max(score)',
  sample: { columns: { score: 'int' }, rows: [{ score: 3 }, { score: 4 }], gives: 4 },
  check: (args, where, distinct) => extreme('max', args, where, distinct),
};
