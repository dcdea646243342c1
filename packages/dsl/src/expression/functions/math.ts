import { decimal, definite, DOUBLE, LONG, type DecimalType } from '../../types/lattice.js';
import { literal } from '../build.js';
import { checkDecimal, divideHalfUp, powerOfTen, rescale } from '../decimal.js';
import { absLong, canonicalLong, divLong, remLong, type Long } from '../long.js';
import type { TypedExpr } from '../typed.js';
import { numericFunctions, ofDoubles } from './numeric.js';
import { defineFunction, mustBeLiteral, type FunctionSpec, type ResolutionProblem } from './spec.js';

/** Digits beyond which a double has none. */
const MAX_DIGITS = 340;

/**
 * `x` rounded to so many digits behind the point (before it, if negative), ties away from zero. Judged by the digits that the double is
 * written with, as Java's `BigDecimal.valueOf(x)` does: `round(1.005, 2)` is 1.01 though the double is a little less.
 */
export function roundDouble(x: number, digits: Long = 0): number {
  if (!Number.isFinite(x)) return x;
  const places = Math.max(-MAX_DIGITS, Math.min(MAX_DIGITS, Number(digits)));
  if (places >= 0 && places <= 15) {
    const power = POWERS[places];
    const shifted = Math.abs(x) * power;
    const whole = Math.floor(shifted);
    const rest = shifted - whole;
    // Away from a tie the rounding error of `shifted` decides nothing, and whole / power is the nearest double.
    if (shifted < 1e14 && Math.abs(rest - 0.5) > 1e-1) return ((rest > 0.5 ? whole + 1 : whole) / power) * Math.sign(x) + 0;
  }
  return roundText(x, places);
}

const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);

function roundText(x: number, places: number): number {
  const [mantissa, exponent = '0'] = String(Math.abs(x)).split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  const unscaled = BigInt(whole + fraction);
  const scale = fraction.length - Number(exponent);
  if (scale <= places) return x;
  const rounded = divideHalfUp(unscaled, powerOfTen(scale - places));
  return Number(`${rounded}e${-places}`) * Math.sign(x) + 0;
}

function roundLong(x: Long, digits: Long = 0): Long {
  if (digits >= 0) return x;
  if (digits < -19) return 0;
  const power = powerOfTen(-Number(digits));
  return canonicalLong(divideHalfUp(BigInt(x), power) * power);
}

/** floor, ceil and round of a decimal: from its scale to a lesser one. */
function decimalOf(args: readonly TypedExpr[]): DecimalType {
  return definite(args[0].type) as DecimalType;
}

function wholeDecimal(args: readonly TypedExpr[]): DecimalType {
  const { precision, scale } = decimalOf(args);
  return scale === 0 ? decimalOf(args) : decimal(precision - scale + 1, 0);
}

function scaleArgument(args: readonly TypedExpr[]): TypedExpr[] {
  return [literal(powerOfTen(decimalOf(args).scale), { kind: 'decimal', precision: 39, scale: 0 }, args[0].span)];
}

function roundedDecimal(args: readonly TypedExpr[]): DecimalType {
  const type = decimalOf(args);
  const digits = args.length < 2 ? 0 : Number((args[1] as { value: Long }).value);
  return digits >= type.scale ? type : decimal(type.precision - type.scale + 1 + digits, digits);
}

function literalDigits(args: readonly TypedExpr[]): ResolutionProblem | null {
  if (args.length < 2) return null;
  const digits = args[1];
  const fits = digits.kind === 'literal' && digits.value !== null && Number(digits.value) >= 0;
  return fits ? null : mustBeLiteral(1, 'number of digits (0 or more) where a decimal is rounded');
}

function byZero(args: readonly TypedExpr[]): boolean {
  const divisor = args[1];
  return !(divisor.kind === 'literal' && divisor.value !== 0);
}

export const mathFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'abs',
      signature: 'abs(number)',
      summary: 'the number without its sign',
      doc: 'Of an integer a long, of a float a double.',
      examples: [
        { expression: 'abs(-3)', value: 3 },
        { expression: 'abs(-2.5)', value: 2.5 },
      ],
    },
    [
      { params: ['long'], returns: LONG, fn: 'abs_long', run: absLong },
      { params: ['double'], returns: DOUBLE, run: Math.abs },
      { params: ['decimal'], returns: decimalOf, fn: 'abs_decimal', run: (x: bigint) => (x < 0n ? -x : x) },
      { params: ['duration'], returns: { kind: 'duration' }, fn: 'abs_duration', run: Math.abs },
    ],
  ),
  defineFunction(
    {
      name: 'round',
      signature: 'round(number[, digits])',
      summary: 'the number rounded half up, to an integer or to so many digits behind the point',
      doc: 'Ties go away from zero, judged by the digits that the number is written with. The type stays: `long(round(x))` is a long.',
      examples: [
        { expression: 'round(2.5)', value: 3 },
        { expression: 'round(-2.5)', value: -3 },
        { expression: 'round(1.005, 2)', value: 1.01 },
        { expression: 'round(1250, -2)', value: 1300 },
      ],
    },
    [
      { params: ['long', 'long'], optional: 1, returns: LONG, fn: 'round_long', run: roundLong },
      { params: ['double', 'long'], optional: 1, returns: DOUBLE, run: roundDouble },
      {
        params: ['decimal', 'long'],
        optional: 1,
        check: literalDigits,
        returns: roundedDecimal,
        statics: (args) => [
          ...(args.length < 2 ? [literal(0, LONG, args[0].span)] : []),
          literal(decimalOf(args).scale, LONG, args[0].span),
          literal(roundedDecimal(args).precision, LONG, args[0].span),
        ],
        fn: 'round_decimal',
        run: (x: bigint, digits: Long, scale: number, precision: number) =>
          Number(digits) >= scale ? x : checkDecimal(rescale(x, scale, Number(digits)), precision),
      },
    ],
  ),
  defineFunction(
    {
      name: 'floor',
      signature: 'floor(number)',
      summary: 'the greatest whole number that is not greater',
      doc: 'The type stays: `long(floor(x))` is a long.',
      examples: [{ expression: 'floor(-2.5)', value: -3 }],
    },
    [
      { params: ['long'], returns: LONG, fn: 'floor_long', run: (x: Long) => x },
      { params: ['double'], returns: DOUBLE, run: (x: number) => Math.floor(x) + 0 },
      {
        params: ['decimal'],
        returns: wholeDecimal,
        statics: scaleArgument,
        fn: 'floor_decimal',
        run: (x: bigint, unit: bigint) => (x < 0n ? -((-x + unit - 1n) / unit) : x / unit),
      },
    ],
  ),
  defineFunction(
    {
      name: 'ceil',
      signature: 'ceil(number)',
      summary: 'the least whole number that is not less',
      doc: 'The type stays: `long(ceil(x))` is a long.',
      examples: [{ expression: 'ceil(2.1)', value: 3 }],
    },
    [
      { params: ['long'], returns: LONG, fn: 'ceil_long', run: (x: Long) => x },
      { params: ['double'], returns: DOUBLE, run: (x: number) => Math.ceil(x) + 0 },
      {
        params: ['decimal'],
        returns: wholeDecimal,
        statics: scaleArgument,
        fn: 'ceil_decimal',
        run: (x: bigint, unit: bigint) => (x > 0n ? (x + unit - 1n) / unit : -(-x / unit)),
      },
    ],
  ),
  defineFunction(
    {
      name: 'div',
      signature: 'div(integer, integer)',
      summary: 'integer division, truncated towards zero',
      doc: 'Null on division by zero. `/` gives a double.',
      examples: [
        { expression: 'div(7, 2)', value: 3 },
        { expression: 'div(-7, 2)', value: -3 },
      ],
    },
    [{ params: ['long', 'long'], returns: LONG, mayBeNull: byZero, run: divLong }],
  ),
  defineFunction(
    {
      name: 'mod',
      signature: 'mod(integer, integer)',
      summary: 'the remainder of `div`, the same as `%`',
      doc: 'It has the sign of the first argument. Null on division by zero.',
      examples: [
        { expression: 'mod(7, 2)', value: 1 },
        { expression: 'mod(-7, 2)', value: -1 },
      ],
    },
    [{ params: ['long', 'long'], returns: LONG, mayBeNull: byZero, run: remLong }],
  ),
  defineFunction(
    {
      name: 'sqrt',
      signature: 'sqrt(number)',
      summary: 'the square root',
      doc: 'NaN of a negative number.',
      examples: [{ expression: 'sqrt(9)', value: 3 }],
    },
    ofDoubles(Math.sqrt),
  ),
  defineFunction(
    { name: 'pow', signature: 'pow(base, exponent)', summary: 'a power', doc: '', examples: [{ expression: 'pow(2, 10)', value: 1024 }] },
    ofDoubles(Math.pow, 2),
  ),
  defineFunction(
    {
      name: 'exp',
      signature: 'exp(number)',
      summary: 'e to the power of the number',
      doc: '',
      examples: [{ expression: 'exp(0)', value: 1 }],
    },
    ofDoubles(Math.exp),
  ),
  defineFunction(
    {
      name: 'ln',
      signature: 'ln(number)',
      summary: 'the natural logarithm',
      doc: 'Minus infinity of 0, NaN of a negative number.',
      examples: [{ expression: 'ln(1)', value: 0 }],
    },
    ofDoubles(Math.log),
  ),
  ...numericFunctions,
];
