import type { AggregateSpec } from '@rta/dsl';
import { isNullable } from '@rta/dsl';
import { LONG } from './types.js';

/** `count()` of rows, `count(x)` of values. */
export const count: AggregateSpec = {
  name: 'count',
  summary: 'The number of rows, or of values that are not null.',
  doc: `
\`count()\` counts rows; \`count(x)\` those where \`x\` is not null. With \`where\` only rows for which the condition is true are counted. The
result is a long and never null: 0 of nothing.
`,
  example: 'count() where score > 10',
  check(args, where, distinct) {
    if (args.length > 1)
      return { error: '`count` takes one value, or none', help: 'write `count()` for rows, `count(x)` for values that are not null' };
    if (distinct)
      return {
        error: '`count(distinct …)` is not available yet',
        help: 'group by the value first, then count the groups in a second `aggregate`',
      };
    // A value that is never null counts as the row does, so that both share one accumulator.
    const arg = args.length === 1 && isNullable(args[0].type) ? args[0] : null;
    return { accumulators: [{ fn: 'count', arg, where, type: LONG }], result: ([n]) => n };
  },
};
