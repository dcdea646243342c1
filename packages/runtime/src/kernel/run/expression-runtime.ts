/** What single nodes of expressions compute, for generated code that does not write them out. */
import { compareValues, equalValues, nodeRuntime as arithmetic, type TypedExpr, type Value } from '@rta/dsl';

/** The function that computes a node from the values of its operands, as the language's evaluator does. */
export function nodeRuntime(expr: TypedExpr): (...operands: Value[]) => Value {
  if (expr.kind === 'in') {
    const { negated } = expr;
    return (operand, ...options) => options.some((option) => equalValues(operand, option)) !== negated;
  }
  if (expr.kind !== 'binary') return arithmetic(expr);
  switch (expr.op) {
    case '==':
      return equalValues;
    case '!=':
      return (a, b) => !equalValues(a, b);
    case '<':
      return comparison((order) => order < 0);
    case '<=':
      return comparison((order) => order <= 0);
    case '>':
      return comparison((order) => order > 0);
    case '>=':
      return comparison((order) => order >= 0);
    default:
      return arithmetic(expr);
  }
}

/** NaN is neither less nor greater. */
function comparison(test: (order: number) => boolean): (a: Value, b: Value) => Value {
  return (a, b) => (a === null || b === null ? null : !Number.isNaN(a) && !Number.isNaN(b) && test(compareValues(a, b)));
}
