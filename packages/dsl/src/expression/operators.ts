import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import {
  asDecimal,
  BOOLEAN,
  DOUBLE,
  decimal,
  decimalHolding,
  definite,
  DURATION,
  isInteger,
  isNullable,
  isNumeric,
  isOrdered,
  LONG,
  MAX_DECIMAL_PRECISION,
  nullableIf,
  type DecimalType,
} from '../types/lattice.js';
import type { Type } from '../types/type.js';
import { isUnion } from '../types/union.js';
import { asDecimalLiteral, binary, castKeepingNull, literal } from './build.js';
import { parseTimestamp } from './calendar.js';
import { QUOTIENT_SCALE } from './decimal.js';
import { parseDuration } from './duration.js';
import * as messages from './messages-types.js';
import type { BinaryOp, TypedExpr } from './typed.js';
import { unify } from './unify.js';

/** The type rules of the binary operators on checked operands. Each gives the node, or null after it has reported why not. */
export type Report = (problem: Diagnostic) => void;

type ArithmeticOp = '+' | '-' | '*' | '/' | '%';

/** Where the parts of a binary expression stand. */
export interface OperatorPlace {
  readonly span: Span;
  readonly opSpan: Span;
}

// ---- Comparison ----

/** `==` and `!=`: null-safe, on any two values of one type. An enum's literal must be one of its symbols. */
export function checkEquality(op: '==' | '!=', left: TypedExpr, right: TypedExpr, place: OperatorPlace, report: Report): TypedExpr | null {
  if (isNullLiteral(left) !== isNullLiteral(right)) {
    const other = isNullLiteral(left) ? right : left;
    if (!isNullable(other.type)) report(messages.neverNull(place.span, other.type, op));
  }
  const operands = asSymbols([left, right], report);
  const unified = operands && unify(operands);
  if (unified === null) return null;
  if ('clash' in unified) return incomparable(left, right, place, report);
  return { ...binary(op, unified.exprs[0], unified.exprs[1], BOOLEAN), span: place.span };
}

/** `<`, `<=`, `>`, `>=`: null if either side is. */
export function checkOrder(op: BinaryOp, left: TypedExpr, right: TypedExpr, place: OperatorPlace, report: Report): TypedExpr | null {
  if (isNullLiteral(left) || isNullLiteral(right)) return fail(report, messages.orderOfNull(place.span, op));
  const unified = unify([left, right]);
  if ('clash' in unified) return incomparable(left, right, place, report);
  if (!isOrdered(unified.type)) return fail(report, messages.notOrdered(place.opSpan, op, unified.type));
  return { ...binary(op, unified.exprs[0], unified.exprs[1], nullableIf(unified.nullable, BOOLEAN)), span: place.span };
}

/** `x in [a, b]`: null-safe. */
export function checkIn(operand: TypedExpr, options: readonly TypedExpr[], negated: boolean, span: Span, report: Report): TypedExpr | null {
  const symbols = asSymbols([operand, ...options], report);
  if (symbols === null) return null;
  const unified = unify(symbols);
  if ('clash' in unified) {
    const wrong = options.find((option) => 'clash' in unify([operand, option])) ?? options[0];
    return incomparable(operand, wrong, { span: wrong.span, opSpan: span }, report);
  }
  return { kind: 'in', operand: unified.exprs[0], options: unified.exprs.slice(1), negated, type: BOOLEAN, span };
}

/** Text literals beside an enum as values of it; null if one is none of its symbols. */
function asSymbols(exprs: readonly TypedExpr[], report: Report): readonly TypedExpr[] | null {
  const type = exprs.map((expr) => definite(expr.type)).find((one) => one.kind === 'enum');
  if (type?.kind !== 'enum') return exprs;
  let known = true;
  const converted = exprs.map((expr) => {
    if (expr.kind !== 'literal' || typeof expr.value !== 'string') return expr;
    if (type.symbols.includes(expr.value)) return literal(expr.value, type, expr.span);
    report(messages.unknownSymbol(expr.span, expr.value, type));
    known = false;
    return expr;
  });
  return known ? converted : null;
}

function incomparable(left: TypedExpr, right: TypedExpr, { span }: OperatorPlace, report: Report): null {
  const [a, b] = [definite(left.type), definite(right.type)];
  return fail(report, messages.incomparable(span, a, b, clashHelp(left, right) ?? clashHelp(right, left)));
}

/** What brings two types together, if something does. */
export function clashHelp(left: TypedExpr, right: TypedExpr): string | undefined {
  const [a, b] = [definite(left.type), definite(right.type)];
  const text = right.kind === 'literal' && typeof right.value === 'string' ? right.value : null;
  if ((a.kind === 'timestamp' || a.kind === 'date') && b.kind === 'string') {
    return `write \`${a.kind}(${text === null ? 'x' : JSON.stringify(text)})\`${text !== null && parseTimestamp(text) === null ? ', with a time such as "2024-05-01T10:00:00Z"' : ''}`;
  }
  if (a.kind === 'timestamp' && b.kind === 'date') return 'the day of a timestamp is `date(x)`';
  if (a.kind === 'timestamp' && isInteger(b)) return 'milliseconds since 1970 become a timestamp by `timestamp(x)`';
  if (a.kind === 'timestamp' && b.kind === 'duration') return 'how long ago something was is a difference of two timestamps: `a - b`';
  if (a.kind === 'duration' && isNumeric(b)) return 'write the unit, such as `60s`; the milliseconds of a duration are `long(5m)`';
  if (a.kind === 'decimal' && (b.kind === 'double' || b.kind === 'float')) return 'a decimal becomes a double by `double(x)`';
  if (isNumeric(a) && b.kind === 'string') {
    return text !== null && text !== '' && Number.isFinite(Number(text))
      ? `write the number without quotes: \`${text}\``
      : 'a text becomes a number by `long(x)` or `double(x)`';
  }
  if (a.kind === 'boolean' && (text === 'true' || text === 'false')) return `write \`${text}\` without quotes`;
  if (a.kind === 'boolean' && isNumeric(b)) return 'a boolean stands alone, `x` or `not x`; a number is made of it by `if(x, 1, 0)`';
  if (a.kind === 'enum') return `its values are texts: ${symbolsOf(a.symbols)}`;
  if (isUnion(a)) {
    const { name } = a.fields.find(({ type }) => definite(type).kind === b.kind) ?? a.fields[0];
    return `a union is compared by its branches: \`x.${name}\``;
  }
  if (a.kind === 'array' || a.kind === 'map') return 'an item is `x[…]`';
  return undefined;
}

/** Of the right side of `??`: `a ?? 0 > 3`. */
export function looseHelp(right: TypedExpr): string | undefined {
  if (right.kind !== 'binary' || definite(right.type).kind !== 'boolean') return undefined;
  return `\`??\` takes all that follows: write \`(x ?? y) ${right.op} …\``;
}

function symbolsOf(symbols: readonly string[]): string {
  const first = symbols.slice(0, 4).map((symbol) => `"${symbol}"`);
  return [...first, ...(symbols.length > 4 ? ['…'] : [])].join(', ');
}

// ---- Arithmetic ----

export function checkArithmetic(
  op: ArithmeticOp,
  left: TypedExpr,
  right: TypedExpr,
  place: OperatorPlace,
  report: Report,
): TypedExpr | null {
  const [a, b] = [definite(left.type), definite(right.type)];
  const byZero = op === '/' || op === '%';
  if (byZero && isZero(right)) return fail(report, messages.divisionByZero(place.span, op));
  const nullable = isNullable(left.type) || isNullable(right.type) || (byZero && right.kind !== 'literal');
  const make = (x: TypedExpr, y: TypedExpr, type: Type): TypedExpr => ({
    ...binary(op, x, y, nullableIf(nullable, type)),
    span: place.span,
  });

  const timed = timeType(op, a, b);
  if (timed) return make(left, right, timed);
  if (!isNumeric(a) || !isNumeric(b)) return fail(report, messages.noArithmetic(place.opSpan, op, a, b, arithmeticHelp(op, left, right)));
  if (a.kind === 'decimal' || b.kind === 'decimal') return decimalArithmetic(op, left, right, make, place, report);
  const type = isInteger(a) && isInteger(b) && op !== '/' ? LONG : DOUBLE;
  return make(castKeepingNull(left, type), castKeepingNull(right, type), type);
}

/** Unary `-`. */
export function checkNegation(operand: TypedExpr, span: Span, report: Report): TypedExpr | null {
  const of = definite(operand.type);
  if (!isNumeric(of) && of.kind !== 'duration') return fail(report, messages.notNegatable(span, of));
  const to = isInteger(of) ? LONG : of.kind === 'float' ? DOUBLE : of;
  const cast = castKeepingNull(operand, to);
  return { kind: 'unary', op: '-', operand: cast, type: cast.type, span };
}

/** The result type of arithmetic on times, or null if it is none. */
function timeType(op: ArithmeticOp, a: Type, b: Type): Type | null {
  const sum = op === '+' || op === '-';
  if (a.kind === 'timestamp' && b.kind === 'duration' && sum) return a;
  if (a.kind === 'duration' && b.kind === 'timestamp' && op === '+') return b;
  if (a.kind === 'timestamp' && b.kind === 'timestamp' && op === '-') return DURATION;
  if (a.kind === 'duration' && b.kind === 'duration') return sum ? DURATION : op === '/' ? DOUBLE : null;
  return null;
}

type Make = (left: TypedExpr, right: TypedExpr, type: Type) => TypedExpr;

/** The rules of `decimal.ts`. A number literal counts as the decimal of its digits, an integer as a decimal of its range. */
function decimalArithmetic(
  op: ArithmeticOp,
  left: TypedExpr,
  right: TypedExpr,
  make: Make,
  place: OperatorPlace,
  report: Report,
): TypedExpr | null {
  const [x, y] = [asDecimalExpr(left), asDecimalExpr(right)];
  const [a, b] = [x && asDecimal(definite(x.type)), y && asDecimal(definite(y.type))];
  if (!x || !y || !a || !b) {
    return fail(
      report,
      messages.noArithmetic(place.opSpan, op, definite(left.type), definite(right.type), clashHelp(left, right) ?? clashHelp(right, left)),
    );
  }
  const common = decimalHolding(a, b);
  if (op === '+' || op === '-' || op === '%') {
    const type = op === '%' ? common : decimal(common.precision + 1, common.scale);
    if (common.scale > MAX_DECIMAL_PRECISION) return fail(report, messages.decimalWidth(place.span, type, MAX_DECIMAL_PRECISION));
    return make(castKeepingNull(x, common), castKeepingNull(y, common), type);
  }
  const scale = op === '*' ? a.scale + b.scale : Math.max(a.scale, b.scale, QUOTIENT_SCALE);
  const type: DecimalType = decimal(op === '*' ? a.precision + b.precision : a.precision - a.scale + b.scale + scale, scale);
  if (scale > MAX_DECIMAL_PRECISION) return fail(report, messages.decimalWidth(place.span, type, MAX_DECIMAL_PRECISION));
  return make(x, y, type);
}

function asDecimalExpr(expr: TypedExpr): TypedExpr | null {
  const type = asDecimal(definite(expr.type));
  return asDecimalLiteral(expr) ?? (type && castKeepingNull(expr, type));
}

function arithmeticHelp(op: string, left: TypedExpr, right: TypedExpr): string | undefined {
  const kinds = [definite(left.type).kind, definite(right.type).kind];
  const text = [left, right].flatMap((side) => (side.kind === 'literal' && typeof side.value === 'string' ? [side.value] : []))[0];
  if ((kinds.includes('timestamp') || kinds.includes('duration')) && text !== undefined && parseDuration(text) !== null)
    return `a duration has no quotes: \`${text}\``;
  if (op === '+' && (kinds.includes('string') || kinds.includes('enum')))
    return 'texts are joined by `concat(a, b)`, other values become texts by `string(x)`';
  if (kinds.includes('string')) return 'a text becomes a number by `long(x)` or `double(x)`';
  if (kinds.includes('timestamp') && kinds.some((kind) => kind === 'int' || kind === 'long')) {
    return 'to a timestamp a duration is added: `x + 5m`; milliseconds since 1970 become a timestamp by `timestamp(x)`';
  }
  if (kinds.includes('duration'))
    return 'the milliseconds of a duration are `long(5m)`; `timestamp(x)` makes a timestamp of milliseconds since 1970';
  if (kinds.includes('null')) return 'the result would always be null';
  if (kinds.includes('boolean')) return 'a number is made of a boolean by `if(x, 1, 0)`; rows are counted by `count() where x`';
  return undefined;
}

function isZero(expr: TypedExpr): boolean {
  return expr.kind === 'literal' && (expr.value === 0 || expr.value === 0n);
}

function isNullLiteral(expr: TypedExpr): boolean {
  return expr.kind === 'literal' && expr.value === null;
}

function fail(report: Report, problem: Diagnostic): null {
  report(problem);
  return null;
}
