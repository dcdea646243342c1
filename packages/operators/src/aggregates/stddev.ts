import type { AggregateSpec } from '@rta/dsl';
import { call } from '@rta/dsl';
import { varianceOf } from './variance.js';

/** `stddev(x)`: of a sample. */
export const stddev: AggregateSpec = {
  name: 'stddev',
  summary: 'The standard deviation of a sample.',
  doc: `
\`stddev(x)\` is the square root of \`variance(x)\`: of a sample, from exact sums, the same in whatever order rows come. It is null of less than two
values, and NaN where a value is NaN or infinite. Beside \`variance\` of the same values it costs nothing more.

Of 2, 4 and 6 \`stddev(x)\` is 2.
`,
  example: 'stddev(x)',
  sample: { columns: { x: 'double' }, rows: [{ x: 2 }, { x: 4 }, { x: 6 }], gives: 2 },
  check: (args, where, distinct, span) => varianceOf('stddev', args, where, distinct, ([ref]) => call('sqrt', [ref], ref.type, span)),
};
