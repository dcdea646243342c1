import type { Accumulator, NamedExpr, Type, TypedExpr } from '@rta/dsl';
import { isNullable, nullable, nullableIf } from '@rta/dsl';

/**
 * Results of a fold whose only group may become empty and keeps its row (one global group over a table): `min`, `max` and quotients may
 * then be null, whatever their arguments say. Types are made nullable where they may be, rather too often than too rarely.
 */
export function mayBecomeEmpty(results: readonly NamedExpr[], accumulators: readonly Accumulator[]): readonly NamedExpr[] {
  return results.map(({ name, expr }) => ({ name, expr: widen(expr, accumulators) }));
}

/** Accumulators that are null of nothing. */
const OF_VALUES: readonly Accumulator['fn'][] = ['min', 'max', 'first', 'last', 'argMin', 'argMax', 'percentile'];

function widen(expr: TypedExpr, accumulators: readonly Accumulator[]): TypedExpr {
  const inner = (part: TypedExpr): TypedExpr => widen(part, accumulators);
  switch (expr.kind) {
    case 'accumulator':
      return { ...expr, type: nullableIf(OF_VALUES.includes(accumulators[expr.index].fn), expr.type) };
    case 'cast':
    case 'unary': {
      const operand = inner(expr.operand);
      return { ...expr, operand, type: over(expr.type, operand) };
    }
    case 'field': {
      const of = inner(expr.of);
      return { ...expr, of, type: over(expr.type, of) };
    }
    case 'index':
      return { ...expr, of: inner(expr.of), index: inner(expr.index) };
    case 'binary': {
      const [left, right] = [inner(expr.left), inner(expr.right)];
      if (expr.op === '==' || expr.op === '!=') return { ...expr, left, right };
      if (expr.op === '??') return { ...expr, left, right, type: over(expr.type, right) };
      return { ...expr, left, right, type: expr.op === '/' ? nullable(expr.type) : over(expr.type, left, right) };
    }
    case 'in':
      return { ...expr, operand: inner(expr.operand), options: expr.options.map(inner) };
    case 'call': {
      const args = expr.args.map(inner);
      return { ...expr, args, type: over(expr.type, ...args) };
    }
    default:
      return expr;
  }
}

function over(type: Type, ...operands: readonly TypedExpr[]): Type {
  return nullableIf(
    operands.some((operand) => isNullable(operand.type)),
    type,
  );
}
