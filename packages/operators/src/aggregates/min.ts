import type { AggregateSpec } from '@rta/dsl';
import { extreme } from './extremes.js';

/** `min(x)`: the least value. */
export const min: AggregateSpec = {
  name: 'min',
  summary: 'The least value.',
  doc: `
\`min(x)\` has the type of \`x\`. Numbers and times go by value, texts by code point, \`false\` comes before \`true\`. Nulls are left out; it is null
where there is no value: with \`where\`, or when \`x\` may be null.
`,
  example: 'min(score)',
  sample: { columns: { score: 'int' }, rows: [{ score: 3 }, { score: 4 }], gives: 3 },
  check: (args, where, distinct) => extreme('min', args, where, distinct),
};
