import type { AggregateSpec } from '@rta/dsl';
import { placed } from './first.js';

/** `last(x)`: the value of the last row. */
export const last: AggregateSpec = {
  name: 'last',
  summary: 'The value of the last row in event time.',
  doc: `
\`last(x)\` is the value of \`x\` in the row with the greatest event time; of rows with the same time, of the one that comes last by partition and
offset. What arrives late does not replace what is newer. Nulls are left out, so it is the last value that is known; it is null where there is
none: with \`where\`, or when \`x\` may be null. Of results of closed windows with the same time the greatest value by its bytes is taken.

Of \`{ $time: 12:01, page: cart }\` and then \`{ $time: 12:00, page: home }\` \`last(page)\` is \`cart\`.
`,
  example: 'last(page)',
  sample: {
    columns: { page: 'string' },
    rows: [
      { at: 2, page: 'cart' },
      { at: 1, page: 'home' },
    ],
    gives: 'cart',
  },
  check: (args, where, distinct) => placed('last', args, where, distinct),
};
