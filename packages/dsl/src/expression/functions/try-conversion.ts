import { DATE, DOUBLE, INT, LONG, nullable, TIMESTAMP } from '../../types/lattice.js';
import type { Type } from '../../types/type.js';
import { parseDate, parseTimestamp } from '../calendar.js';
import { parseDecimal, powerOfTen, rescale } from '../decimal.js';
import { canonicalLong, MAX_LONG, MIN_LONG, type Long } from '../long.js';
import { literalWidth, widthOf } from './decimal-width.js';
import { defineFunction, type FunctionSpec, type RuntimeFunction } from './spec.js';

/* Conversions of texts that give null rather than an error, without one made and caught. */

export const INTEGER = /^[+-]?\d{1,30}$/;

function tryLong(text: string): Long | null {
  const digits = text.trim();
  if (!INTEGER.test(digits)) return null;
  const value = BigInt(digits.replace('+', ''));
  return value >= MIN_LONG && value <= MAX_LONG ? canonicalLong(value) : null;
}

function tryInt(text: string): number | null {
  const value = tryLong(text);
  return typeof value === 'number' && value >= -(2 ** 31) && value < 2 ** 31 ? value : null;
}

export function tryDouble(text: string): number | null {
  const digits = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(digits) ? Number(digits) : null;
}

function tryDecimal(text: string, precision: number, scale: number): bigint | null {
  const parsed = parseDecimal(text.trim());
  if (parsed === null) return null;
  const value = rescale(parsed.value, parsed.scale, scale);
  const limit = powerOfTen(precision);
  return value < limit && value > -limit ? value : null;
}

function attempt(name: string, what: string, type: Type, run: RuntimeFunction, examples: FunctionSpec['examples']): FunctionSpec {
  const doc = `Where the text must be one, \`${name.slice(3).toLowerCase()}(text)\` makes an error of the record of any other.`;
  const text = { name, signature: `${name}(text)`, summary: `a text as ${what}, or null if it is none`, doc, examples };
  return defineFunction(text, [{ params: ['text'], returns: nullable(type), run }]);
}

export const tryConversionFunctions: readonly FunctionSpec[] = [
  attempt('tryInt', 'an int (32 bits)', INT, tryInt, [
    { expression: 'tryInt("17")', value: 17 },
    { expression: 'tryInt("2147483648")', value: null },
  ]),
  attempt('tryLong', 'a long (64 bits)', LONG, tryLong, [
    { expression: 'tryLong("17")', value: 17 },
    { expression: 'tryLong("n/a")', value: null },
    { expression: 'tryLong("9223372036854775808")', value: null },
  ]),
  attempt('tryDouble', 'a double', DOUBLE, tryDouble, [
    { expression: 'tryDouble("2.5")', value: 2.5 },
    { expression: 'tryDouble("2,5")', value: null },
  ]),
  attempt('tryTimestamp', 'a time (ISO 8601)', TIMESTAMP, parseTimestamp, [
    { expression: 'tryTimestamp("1970-01-02")', value: 86_400_000 },
    { expression: 'tryTimestamp("yesterday")', value: null },
  ]),
  attempt('tryDate', 'a day such as 2024-05-01', DATE, parseDate, [
    { expression: 'tryDate("1970-01-02")', value: 1 },
    { expression: 'tryDate("1970-02-30")', value: null },
  ]),
  defineFunction(
    {
      name: 'tryDecimal',
      signature: 'tryDecimal(text, precision, scale)',
      summary: 'a text as a decimal, or null if it is no number or does not fit',
      doc: 'Rounded half up, as by `decimal(text, precision, scale)`.',
      examples: [
        { expression: 'string(tryDecimal("12.345", 10, 2) ?? decimal("0", 1, 0))', value: '12.35' },
        { expression: 'tryDecimal("dear", 10, 2)', value: null },
      ],
    },
    [
      {
        params: ['text', 'long', 'long'],
        check: literalWidth,
        returns: (args) => nullable(widthOf(args)),
        run: tryDecimal,
      },
    ],
  ),
];
