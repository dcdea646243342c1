import { definite } from '../types/lattice.js';
import type { Value } from '../types/type.js';
import { castValue } from './cast.js';
import { checkDecimal, divDecimal, remDecimal } from './decimal.js';
import { calleeOf } from './functions/callee.js';
import { isStrict } from './functions/strict.js';
import { addLong, mulLong, negLong, remLong, subLong, type Long } from './long.js';
import type { TypedExpr } from './typed.js';

type Arithmetic = (left: Value, right: Value) => Value;

/**
 * The function that computes one node from the values of its operands, for arithmetic, unary `-`, index, cast and call (not `if`): what the
 * interpreter does and generated code may call. A null among the operands gives null.
 */
export function nodeRuntime(expr: TypedExpr): (...operands: Value[]) => Value {
  switch (expr.kind) {
    case 'binary': {
      const compute = arithmeticOf(expr);
      return (left, right) => (left === null || right === null ? null : compute(left, right));
    }
    case 'unary':
      return negationOf(expr);
    case 'index':
      return itemOf;
    case 'cast': {
      const [from, to] = [expr.operand.type, expr.type];
      return (value) => castValue(value, from, to);
    }
    case 'call': {
      const run = calleeOf(expr);
      return isStrict(expr.fn) ? (...operands) => (operands.includes(null) ? null : run(...operands)) : run;
    }
    default:
      throw new TypeError(`a ${expr.kind} node is not computed from operands alone`);
  }
}

/** The arithmetic of a binary node on operands that are not null, by their types (see `evaluate`). */
export function arithmeticOf(expr: TypedExpr & { readonly kind: 'binary' }): Arithmetic {
  const [left, right, result] = [definite(expr.left.type), definite(expr.right.type), definite(expr.type)];
  if (left.kind === 'decimal' && right.kind === 'decimal' && result.kind === 'decimal') {
    const compute = decimals(expr.op, left.scale, right.scale, result.scale);
    return (a, b) => {
      const value = compute(a as bigint, b as bigint);
      return value === null ? null : checkDecimal(value, result.precision);
    };
  }
  const compute = (left.kind === 'long' ? LONGS : DOUBLES)[expr.op];
  if (compute === undefined) throw new TypeError(`\`${expr.op}\` is no arithmetic on ${left.kind}`);
  if (result.kind !== 'timestamp' || result.unit === 'millis') return compute;
  return (a, b) => Math.round((compute(a, b) as number) * 1000) / 1000;
}

const LONGS: Readonly<Record<string, Arithmetic | undefined>> = { '+': addLong, '-': subLong, '*': mulLong, '%': remLong } as Record<
  string,
  Arithmetic
>;

const DOUBLES: Readonly<Record<string, Arithmetic | undefined>> = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => (b === 0 ? null : a / b),
  '%': (a: number, b: number) => (b === 0 ? null : a % b),
} as Record<string, Arithmetic>;

function decimals(op: string, scaleA: number, scaleB: number, scale: number): (a: bigint, b: bigint) => bigint | null {
  switch (op) {
    case '+':
      return (a, b) => a + b;
    case '-':
      return (a, b) => a - b;
    case '*':
      return (a, b) => a * b;
    case '%':
      return remDecimal;
    case '/':
      return (a, b) => divDecimal(a, scaleA, b, scaleB, scale);
    default:
      throw new TypeError(`\`${op}\` is no arithmetic on decimals`);
  }
}

function negationOf(expr: TypedExpr): (operand: Value) => Value {
  const { kind } = definite(expr.type);
  if (kind === 'long') return (value) => (value === null ? null : negLong(value as Long));
  return kind === 'decimal'
    ? (value) => (value === null ? null : -(value as bigint))
    : (value) => (value === null ? null : -(value as number));
}

/** An item of an array by its number from 0, or of a map by its key; null where there is none. */
function itemOf(of: Value, index: Value): Value {
  if (of === null || index === null) return null;
  if (of instanceof Map) return of.get(index as string) ?? null;
  return (of as readonly Value[])[Number(index)] ?? null;
}
