import { evaluate, type Row, type TypedExpr, type Value } from '@rta/dsl';

/** The language's own evaluator, on a row of a test. */
export function evaluateExpr(
  expr: TypedExpr,
  item: { readonly row: Row; readonly time: number },
  accumulated: readonly (() => Value)[] = [],
): Value {
  return evaluate(expr, { column: (name) => item.row[name], meta: () => item.time, accumulator: (index) => accumulated[index]() });
}
