import { definite, type Type, type TypedExpr } from '@rta/dsl';

/** Whether evaluating may throw an ExpressionError. Cautious: what is not known to be safe may. */
export function mayThrow(expr: TypedExpr): boolean {
  switch (expr.kind) {
    case 'literal':
    case 'column':
    case 'meta':
      return false;
    case 'accumulator':
      return true;
    case 'field':
      return mayThrow(expr.of);
    case 'index':
      return mayThrow(expr.of) || mayThrow(expr.index);
    case 'unary':
      return mayThrow(expr.operand) || (expr.op === '-' && !isFloating(expr.type));
    case 'cast':
      return mayThrow(expr.operand) || definite(expr.type).kind === 'decimal';
    case 'in':
      return mayThrow(expr.operand) || expr.options.some(mayThrow);
    case 'binary':
      if (mayThrow(expr.left) || mayThrow(expr.right)) return true;
      return ['+', '-', '*', '/', '%'].includes(expr.op) && !isFloating(expr.type);
    case 'call':
      return expr.fn !== 'if' || expr.args.some(mayThrow);
  }
}

function isFloating(type: Type): boolean {
  return definite(type).kind === 'double';
}
