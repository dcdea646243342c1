import type { TypedExpr } from './typed.js';

/** The operands of an expression, in the order in which they are written. */
export function partsOf(expr: TypedExpr): readonly TypedExpr[] {
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

/** The expression with each operand replaced by what `map` gives for it. */
export function withParts(expr: TypedExpr, map: (part: TypedExpr) => TypedExpr): TypedExpr {
  switch (expr.kind) {
    case 'field':
      return { ...expr, of: map(expr.of) };
    case 'index':
      return { ...expr, of: map(expr.of), index: map(expr.index) };
    case 'unary':
    case 'cast':
      return { ...expr, operand: map(expr.operand) };
    case 'binary':
      return { ...expr, left: map(expr.left), right: map(expr.right) };
    case 'in':
      return { ...expr, operand: map(expr.operand), options: expr.options.map(map) };
    case 'call':
      return { ...expr, args: expr.args.map(map) };
    default:
      return expr;
  }
}

/** The expression over columns of other names; those that `names` does not have keep theirs. */
export function renameColumns(expr: TypedExpr, names: ReadonlyMap<string, string>): TypedExpr {
  if (expr.kind === 'column') return { ...expr, name: names.get(expr.name) ?? expr.name };
  return withParts(expr, (part) => renameColumns(part, names));
}
