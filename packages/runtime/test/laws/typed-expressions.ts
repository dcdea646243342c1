/** Typed expressions, written by hand for plans in tests. */
import type { BinaryOp, Span, Type, TypedExpr, Value } from '@rta/dsl';

export const NOWHERE: Span = { source: { path: 'law', text: '' }, start: 0, end: 0 };

const BOOLEAN: Type = { kind: 'boolean' };
export const LONG: Type = { kind: 'long' };
export const DOUBLE: Type = { kind: 'double' };
export const STRING: Type = { kind: 'string' };
export const TIMESTAMP: Type = { kind: 'timestamp', unit: 'millis' };
export const nullable = (of: Type): Type => (of.kind === 'nullable' ? of : { kind: 'nullable', of });

export function column(name: string, type: Type): TypedExpr {
  return { kind: 'column', name, type, span: NOWHERE };
}

function literal(value: Value, type: Type): TypedExpr {
  return { kind: 'literal', value, type, span: NOWHERE };
}

export function accumulator(index: number, type: Type): TypedExpr {
  return { kind: 'accumulator', index, type, span: NOWHERE };
}

export function cast(operand: TypedExpr, type: Type): TypedExpr {
  return { kind: 'cast', operand, type, span: NOWHERE };
}

/** An operation on operands of one type; `type` is the result's. */
export function binary(op: BinaryOp, left: TypedExpr, right: TypedExpr, type: Type): TypedExpr {
  return { kind: 'binary', op, left, right, type, span: NOWHERE };
}

/** A comparison that is false where the operand is null. */
export function compare(op: '<' | '<=' | '>' | '>=', left: TypedExpr, value: Value): TypedExpr {
  if (left.type.kind !== 'nullable') return binary(op, left, literal(value, left.type), BOOLEAN);
  const right = cast(literal(value, left.type.of), left.type);
  return binary('??', binary(op, left, right, nullable(BOOLEAN)), literal(false, BOOLEAN), BOOLEAN);
}

/** The conditions as bits of a long, as the compiler gives them to a funnel. */
export function bits(conditions: readonly TypedExpr[]): TypedExpr {
  return conditions
    .map((condition, i): TypedExpr => {
      const args = [condition, literal(2 ** i, LONG), literal(0, LONG)];
      return { kind: 'call', fn: 'if', args, type: LONG, span: NOWHERE };
    })
    .reduce((a, b) => binary('+', a, b, LONG));
}

export function isNotNull(operand: TypedExpr): TypedExpr {
  const nothing = cast(literal(null, { kind: 'null' }), nullable(operand.type));
  return binary('!=', operand.type.kind === 'nullable' ? operand : cast(operand, nullable(operand.type)), nothing, BOOLEAN);
}
