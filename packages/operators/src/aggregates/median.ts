import type { AggregateSpec } from '@rta/dsl';
import { sketched } from './percentile.js';

/** `median(x)`. */
export const median: AggregateSpec = {
  name: 'median',
  summary: 'The value in the middle, within 1 %.',
  doc: `
\`median(x)\` is \`percentile(x, 0.5)\`: the value in the middle of the sorted values, of an even number of them the lesser of the two in the middle,
within 1 %. A double; null where there is no value: with \`where\`, or when \`x\` may be null.
`,
  example: 'round(median(x))',
  sample: { columns: { x: 'double' }, rows: [{ x: 30 }, { x: 10 }, { x: 20 }], gives: 20 },
  check: (args, where, distinct, _span, rows) => sketched('median', args, where, distinct, 0.5, rows),
};
