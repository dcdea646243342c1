import { decimal, definite, DOUBLE, INT, LONG, nullable, STRING, type DecimalType } from '../../types/lattice.js';
import { literal } from '../build.js';
import { showDate, showTimestamp } from '../calendar.js';
import { checkDecimal, doubleOfDecimal, parseDecimal, powerOfTen, rescale, showDecimal } from '../decimal.js';
import { canonicalLong, intOfLong, longOfDouble, MAX_LONG, MIN_LONG, type Long } from '../long.js';
import { ExpressionError, type TypedExpr } from '../typed.js';
import { defineFunction, mustBeLiteral, type FunctionSpec, type ResolutionProblem } from './spec.js';

const INTEGER = /^[+-]?\d{1,30}$/;

function longOfText(text: string): Long {
  const digits = text.trim();
  if (!INTEGER.test(digits)) throw new ExpressionError('cast', `"${text}" is no integer`);
  return canonicalLong(BigInt(digits.replace('+', '')));
}

/** Null rather than an error, without one made and caught. */
function tryLong(text: string): Long | null {
  const digits = text.trim();
  if (!INTEGER.test(digits)) return null;
  const value = BigInt(digits.replace('+', ''));
  return value >= MIN_LONG && value <= MAX_LONG ? canonicalLong(value) : null;
}

function tryDouble(text: string): number | null {
  const digits = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(digits) ? Number(digits) : null;
}

function doubleOfText(text: string): number {
  const value = tryDouble(text);
  if (value === null) throw new ExpressionError('cast', `"${text}" is no number`);
  return value;
}

function decimalOfText(text: string, precision: number, scale: number): bigint {
  const parsed = parseDecimal(text.trim());
  if (parsed === null) throw new ExpressionError('cast', `"${text}" is no number`);
  return checkDecimal(rescale(parsed.value, parsed.scale, scale), precision);
}

function decimalOfDouble(value: number, precision: number, scale: number): bigint {
  if (!Number.isFinite(value)) throw new ExpressionError('domain', `${value} is no decimal`);
  return decimalOfText(String(value), precision, scale);
}

/** The shortest text that reads as the same float: 0.1 rather than 0.10000000149011612. */
function showFloat(value: number): string {
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

function scaleOf(args: readonly TypedExpr[]): TypedExpr[] {
  return [literal((definite(args[0].type) as DecimalType).scale, LONG, args[0].span)];
}

function literalWidth(args: readonly TypedExpr[]): ResolutionProblem | null {
  for (const [i, what] of [[1, 'precision (1 to 38)'] as const, [2, 'scale (0 to the precision)'] as const]) {
    const arg = args[i];
    const value = arg.kind === 'literal' ? Number(arg.value ?? -1) : -1;
    if (value < (i === 1 ? 1 : 0) || value > (i === 1 ? 38 : Number((args[1] as { value: Long }).value))) return mustBeLiteral(i, what);
  }
  return null;
}

function widthOf(args: readonly TypedExpr[]): DecimalType {
  const [precision, scale] = args.slice(1, 3).map((arg) => Number((arg as { value: Long }).value));
  return decimal(precision, scale);
}

export const conversionFunctions: readonly FunctionSpec[] = [
  defineFunction(
    {
      name: 'string',
      signature: 'string(x)',
      summary: 'a number, boolean, time or enum as text',
      doc: 'Doubles are written with as few digits as tell them apart, times in ISO 8601 and UTC.',
      examples: [
        { expression: 'string(42)', value: '42' },
        { expression: 'string(0.5)', value: '0.5' },
        { expression: 'string(timestamp(0))', value: '1970-01-01T00:00:00.000Z' },
      ],
    },
    [
      { params: ['text'], returns: STRING, run: (text: string) => text },
      { params: ['boolean'], returns: STRING, fn: 'string_boolean', run: String },
      { params: ['float'], returns: STRING, fn: 'string_float', run: showFloat },
      { params: ['long'], returns: STRING, fn: 'string_long', run: String },
      { params: ['double'], returns: STRING, fn: 'string_double', run: String },
      { params: ['decimal'], returns: STRING, statics: scaleOf, fn: 'string_decimal', run: showDecimal },
      { params: ['timestamp'], returns: STRING, fn: 'string_timestamp', run: showTimestamp },
      { params: ['date'], returns: STRING, fn: 'string_date', run: showDate },
    ],
  ),
  defineFunction(
    {
      name: 'int',
      signature: 'int(x)',
      summary: 'a number or text as an int (32 bits)',
      doc: 'A fraction is cut off. A text that is no integer, or a value that does not fit, is an error of the record.',
      examples: [
        { expression: 'int(2.9)', value: 2 },
        { expression: 'int("17")', value: 17 },
      ],
    },
    [
      { params: ['long'], returns: INT, run: intOfLong },
      { params: ['double'], returns: INT, fn: 'int_double', run: (x: number) => intOfLong(longOfDouble(x)) },
      { params: ['text'], returns: INT, fn: 'int_text', run: (text: string) => intOfLong(longOfText(text)) },
      {
        params: ['decimal'],
        returns: INT,
        statics: scaleOf,
        fn: 'int_decimal',
        run: (x: bigint, scale: number) => intOfLong(canonicalLong(x / powerOfTen(scale))),
      },
    ],
  ),
  defineFunction(
    {
      name: 'long',
      signature: 'long(x)',
      summary: 'a number or text as a long; a timestamp or duration as milliseconds',
      doc: 'A fraction is cut off. A text that is no integer, or a value that does not fit, is an error of the record.',
      examples: [
        { expression: 'long(-2.9)', value: -2 },
        { expression: 'long("9007199254740993")', value: 9007199254740993n },
        { expression: 'long(5m)', value: 300_000 },
      ],
    },
    [
      { params: ['long'], returns: LONG, run: (x: Long) => x },
      { params: ['double'], returns: LONG, fn: 'long_double', run: longOfDouble },
      { params: ['text'], returns: LONG, fn: 'long_text', run: longOfText },
      {
        params: ['decimal'],
        returns: LONG,
        statics: scaleOf,
        fn: 'long_decimal',
        run: (x: bigint, scale: number) => canonicalLong(x / powerOfTen(scale)),
      },
      { params: ['timestamp'], returns: LONG, fn: 'long_timestamp', run: Math.floor },
      { params: ['duration'], returns: LONG, fn: 'long_duration', run: (ms: number) => Math.trunc(ms) + 0 },
    ],
  ),
  defineFunction(
    {
      name: 'double',
      signature: 'double(x)',
      summary: 'a number or text as a double',
      doc: 'A text that is no number is an error of the record.',
      examples: [
        { expression: 'double(1)', value: 1 },
        { expression: 'double("1e3")', value: 1000 },
      ],
    },
    [
      { params: ['double'], returns: DOUBLE, run: (x: number) => x },
      { params: ['text'], returns: DOUBLE, fn: 'double_text', run: doubleOfText },
      { params: ['decimal'], returns: DOUBLE, statics: scaleOf, fn: 'double_decimal', run: doubleOfDecimal },
    ],
  ),
  defineFunction(
    {
      name: 'decimal',
      signature: 'decimal(x, precision, scale)',
      summary: 'a number or text as a decimal with so many digits, so many of them behind the point',
      doc: 'Rounded half up. A value with more digits in front is an error of the record.',
      examples: [{ expression: 'string(decimal("12.345", 10, 2))', value: '12.35' }],
    },
    [
      { params: ['text', 'long', 'long'], check: literalWidth, returns: widthOf, run: decimalOfText },
      {
        params: ['long', 'long', 'long'],
        check: literalWidth,
        returns: widthOf,
        fn: 'decimal_long',
        run: (x: Long, precision: number, scale: number) => checkDecimal(rescale(BigInt(x), 0, scale), precision),
      },
      { params: ['double', 'long', 'long'], check: literalWidth, returns: widthOf, fn: 'decimal_double', run: decimalOfDouble },
      {
        params: ['decimal', 'long', 'long'],
        check: literalWidth,
        returns: widthOf,
        statics: scaleOf,
        fn: 'decimal_decimal',
        run: (x: bigint, precision: number, scale: number, from: number) => checkDecimal(rescale(x, from, scale), precision),
      },
    ],
  ),
  defineFunction(
    {
      name: 'tryLong',
      signature: 'tryLong(text)',
      summary: 'a text as a long, or null if it is no integer or does not fit',
      doc: '',
      examples: [
        { expression: 'tryLong("17")', value: 17 },
        { expression: 'tryLong("n/a")', value: null },
        { expression: 'tryLong("9223372036854775808")', value: null },
      ],
    },
    [{ params: ['text'], returns: nullable(LONG), run: tryLong }],
  ),
  defineFunction(
    {
      name: 'tryDouble',
      signature: 'tryDouble(text)',
      summary: 'a text as a double, or null if it is no number',
      doc: '',
      examples: [
        { expression: 'tryDouble("2.5")', value: 2.5 },
        { expression: 'tryDouble("2,5")', value: null },
      ],
    },
    [{ params: ['text'], returns: nullable(DOUBLE), run: tryDouble }],
  ),
];
