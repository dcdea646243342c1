import type { NamedExpr, TypedExpr } from '@rta/dsl';

/** An expression and all that it is made of. */
export function partsOf(expr: TypedExpr): readonly TypedExpr[] {
  return [expr, ...childrenOf(expr).flatMap(partsOf)];
}

function childrenOf(expr: TypedExpr): readonly TypedExpr[] {
  switch (expr.kind) {
    case 'field':
      return [expr.of];
    case 'index':
      return [expr.of, expr.index];
    case 'unary':
    case 'cast':
      return [expr.operand];
    case 'binary':
      return [expr.left, expr.right];
    case 'in':
      return [expr.operand, ...expr.options];
    case 'call':
      return expr.args;
    default:
      return [];
  }
}

/** Columns of a group, for people. */
export function namesOf(group: readonly NamedExpr[]): readonly string[] {
  return group.map(({ name }) => name);
}
