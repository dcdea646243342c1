import type { Span } from '../diagnostics/diagnostic.js';
import {
  BOOLEAN,
  decimal,
  definite,
  DOUBLE,
  isInteger,
  isNullable,
  LONG,
  MAX_DECIMAL_PRECISION,
  nullableIf,
  sameType,
  type DecimalType,
} from '../types/lattice.js';
import type { Type, Value } from '../types/type.js';
import { castValue } from './cast.js';
import { parseDecimal } from './decimal.js';
import type { BinaryOp, TypedExpr } from './typed.js';

/** A literal node. */
export function literal(value: Value, type: Type, span: Span): TypedExpr {
  return { kind: 'literal', value, type, span };
}

/** A binary node of a given result type; the operands must have the types that the operator is defined on (see `evaluate`). */
export function binary(op: BinaryOp, left: TypedExpr, right: TypedExpr, type: Type): TypedExpr {
  return { kind: 'binary', op, left, right, type, span: { ...left.span, end: Math.max(left.span.end, right.span.end) } };
}

/** A call of a library function. */
export function call(fn: string, args: readonly TypedExpr[], type: Type, span: Span): TypedExpr {
  return { kind: 'call', fn, args, type, span };
}

/** `expr != null`, as a definite boolean. */
export function notNull(expr: TypedExpr): TypedExpr {
  return binary('!=', expr, literal(null, { kind: 'nullable', of: definite(expr.type) }, expr.span), BOOLEAN);
}

/**
 * The expression as a value of `type`, which must be wider (see the `cast` node): literals are converted at once, and nothing is added
 * where the type is the same already. Nullability is `type`'s.
 */
export function castTo(expr: TypedExpr, type: Type): TypedExpr {
  if (sameType(expr.type, type)) return expr;
  if (expr.kind === 'literal') return literal(castValue(expr.value, expr.type, type), type, expr.span);
  return { kind: 'cast', operand: expr, type, span: expr.span };
}

/** The expression as a value of a definite type, or of its nullable form if the expression is nullable. */
export function castKeepingNull(expr: TypedExpr, type: Type): TypedExpr {
  return castTo(expr, nullableIf(isNullable(expr.type), type));
}

/**
 * The number literal as a value of (definite) `type` where it can be one exactly, or null: an integer as any number, a double as a float
 * (rounded, so that `f == 0.1` holds for a float) or as a decimal, widened if needed.
 */
export function adaptLiteral(expr: TypedExpr, type: Type): TypedExpr | null {
  if (!isNumberLiteral(expr)) return null;
  const { value, span } = expr;
  const whole = isInteger(expr.type);
  switch (type.kind) {
    case 'float': {
      const rounded = Math.fround(Number(value));
      return Number.isFinite(rounded) && (!whole || rounded === value) ? literal(rounded, type, span) : null;
    }
    case 'double':
      return literal(Number(value), DOUBLE, span);
    case 'long':
      return whole ? literal(value, LONG, span) : null;
    case 'decimal': {
      const own = asDecimalLiteral(expr);
      if (own === null) return null;
      const [integerDigits, scale] = [
        Math.max(own.type.precision - own.type.scale, type.precision - type.scale),
        Math.max(own.type.scale, type.scale),
      ];
      return integerDigits + scale > MAX_DECIMAL_PRECISION ? null : castTo(own, decimal(integerDigits + scale, scale));
    }
    default:
      return null;
  }
}

/** The number literal as a decimal of just the digits that were written, or null if it is none or has more than 38. */
export function asDecimalLiteral(expr: TypedExpr): (TypedExpr & { readonly type: DecimalType }) | null {
  if (!isNumberLiteral(expr)) return null;
  const parsed = parseDecimal(expr.text ?? String(expr.value));
  if (parsed === null) return null;
  const precision = Math.max(String(parsed.value).replace('-', '').length, parsed.scale);
  if (precision > MAX_DECIMAL_PRECISION) return null;
  const type = decimal(precision, parsed.scale);
  return { kind: 'literal', value: parsed.value, type, span: expr.span };
}

function isNumberLiteral(expr: TypedExpr): expr is TypedExpr & { readonly kind: 'literal'; readonly value: number | bigint } {
  return expr.kind === 'literal' && expr.value !== null && (isInteger(expr.type) || expr.type.kind === 'double');
}
