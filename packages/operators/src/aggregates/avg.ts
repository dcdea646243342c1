import type { AggregateSpec, TypedExpr } from '@rta/dsl';
import { definite, isNullable, isNumeric, nullableIf, sameType } from '@rta/dsl';
import { sumType } from './sum.js';
import { DOUBLE, isProblem, LONG, numberWanted, oneArgument } from './types.js';

/** `avg(x)`: an exact sum over a count. */
export const avg: AggregateSpec = {
  name: 'avg',
  summary: 'The mean of the values, as a double.',
  doc: `
\`avg(x)\` is the exact sum divided by the number of values that are not null. It is null where there is none: with \`where\`, or when \`x\` may
be null.
`,
  example: 'avg(score)',
  sample: { columns: { score: 'int' }, rows: [{ score: 3 }, { score: 4 }], gives: 3.5 },
  check(args, where, distinct, span) {
    const arg = oneArgument('avg', args, distinct);
    if (isProblem(arg)) return arg;
    if (!isNumeric(definite(arg.type))) return numberWanted('avg', arg.type);
    const mayBeEmpty = isNullable(arg.type) || where !== null;
    const asDouble = (expr: TypedExpr): TypedExpr =>
      sameType(expr.type, DOUBLE) ? expr : { kind: 'cast', operand: expr, type: DOUBLE, span };
    return {
      accumulators: [
        { fn: 'sum', arg, where, type: sumType(arg.type) },
        { fn: 'count', arg: isNullable(arg.type) ? arg : null, where, type: LONG },
      ],
      // 0 / 0 is null, as any division by zero.
      result: ([total, n]) => ({
        kind: 'binary',
        op: '/',
        left: asDouble(total),
        right: asDouble(n),
        type: nullableIf(mayBeEmpty, DOUBLE),
        span,
      }),
    };
  },
};
