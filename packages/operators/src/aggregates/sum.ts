import type { AggregateSpec, Type } from '@rta/dsl';
import { definite, isNumeric } from '@rta/dsl';
import { DOUBLE, isProblem, LONG, numberWanted, oneArgument } from './types.js';

/** `sum(x)`. */
export const sum: AggregateSpec = {
  name: 'sum',
  summary: 'The sum of the values, exact.',
  doc: `
\`sum(x)\` is a long of ints and longs, a decimal of decimals, else a double. It does not depend on the order of the rows: longs are exact (an
overflow shows only where the result itself does not fit) and doubles are exactly rounded. Nulls are left out; the sum of nothing is 0.
`,
  example: 'sum(score)',
  sample: { columns: { score: 'int' }, rows: [{ score: 3 }, { score: 4 }], gives: 7 },
  check(args, where, distinct) {
    const arg = oneArgument('sum', args, distinct);
    if (isProblem(arg)) return arg;
    if (!isNumeric(definite(arg.type))) return numberWanted('sum', arg.type);
    return { accumulators: [{ fn: 'sum', arg, where, type: sumType(arg.type) }], result: ([total]) => total };
  },
};

/** The type of a sum of values of a type. */
export function sumType(type: Type): Type {
  const inner = definite(type);
  if (inner.kind === 'decimal') return { kind: 'decimal', precision: 38, scale: inner.scale };
  return inner.kind === 'int' || inner.kind === 'long' ? LONG : DOUBLE;
}
