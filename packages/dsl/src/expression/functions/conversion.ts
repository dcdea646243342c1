import { definite, DOUBLE, INT, LONG, STRING, type DecimalType } from '../../types/lattice.js';
import { literal } from '../build.js';
import { showDate, showTimestamp } from '../calendar.js';
import { checkDecimal, doubleOfDecimal, parseDecimal, powerOfTen, rescale, showDecimal } from '../decimal.js';
import { canonicalLong, intOfLong, longOfDouble, type Long } from '../long.js';
import { ExpressionError, type TypedExpr } from '../typed.js';
import { literalWidth, widthOf } from './decimal-width.js';
import { defineFunction, type FunctionSpec } from './spec.js';
import { INTEGER, tryConversionFunctions, tryDouble } from './try-conversion.js';

function longOfText(text: string): Long {
  const digits = text.trim();
  if (!INTEGER.test(digits)) throw new ExpressionError('cast', `"${text}" is no integer`);
  return canonicalLong(BigInt(digits.replace('+', '')));
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

/** Digits that `formatNumber` writes behind the point at most. */
const MAX_DIGITS = 38;

/** Rounded half up by the digits that the number is written with, all of them written. */
function formatDecimal(value: bigint, scale: number, digits: Long, separator: string): string {
  const places = Math.min(MAX_DIGITS, Math.max(0, Number(digits)));
  const [whole, fraction] = showDecimal(rescale(value, scale, places), places).split('.');
  const grouped = separator === '' ? whole : whole.replace(/\d(?=(?:\d{3})+$)/g, (digit) => digit + separator);
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function formatLong(value: Long, digits: Long, separator = ''): string {
  return formatDecimal(BigInt(value), 0, digits, separator);
}

function formatDouble(value: number, digits: Long = 0, separator = ''): string {
  const parsed = Number.isFinite(value) ? parseDecimal(String(value)) : null;
  return parsed === null ? String(value) : formatDecimal(parsed.value, parsed.scale, digits, separator);
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
      name: 'formatNumber',
      signature: 'formatNumber(x, digits[, separator])',
      summary: 'a number as text, with so many digits behind the point',
      doc: 'Rounded half up, all digits written. The separator stands between thousands; without one there is none.',
      examples: [
        { expression: 'formatNumber(2.5, 2)', value: '2.50' },
        { expression: 'formatNumber(1234567.891, 1, ",")', value: '1,234,567.9' },
        { expression: 'formatNumber(decimal("0.125", 5, 3), 2)', value: '0.13' },
      ],
    },
    [
      {
        params: ['long', 'long', 'text'],
        optional: 1,
        returns: STRING,
        fn: 'formatNumber_long',
        run: formatLong,
      },
      { params: ['double', 'long', 'text'], optional: 1, returns: STRING, run: formatDouble },
      {
        params: ['decimal', 'long', 'text'],
        optional: 1,
        returns: STRING,
        fn: 'formatNumber_decimal',
        adapt: ([x, digits, separator]) => [x, digits, separator ?? literal('', STRING, x.span)],
        statics: scaleOf,
        run: (x: bigint, digits: Long, separator: string, scale: number) => formatDecimal(x, scale, digits, separator),
      },
    ],
  ),
  ...tryConversionFunctions,
];
