/** Values of the language: their order, and the canonical form of longs. */
import { Buffer } from 'node:buffer';
import type { Type, Value } from '@rta/dsl';

/** A long as the language holds it: a number where that is exact, else a bigint. */
export function canonicalLong(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The type without its wrapper for null. */
export function definite(type: Type): Type {
  return type.kind === 'nullable' ? type.of : type;
}

/**
 * Orders two values of one type, neither null: numbers by value with NaN greatest, strings and enums by UTF-8 bytes, false < true.
 * Negative and positive zero are equal.
 */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Math.sign(Buffer.compare(a, b));
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (!isNumeric(a) || !isNumeric(b)) throw new TypeError('values of this type have no order');
  const aIsNaN = Number.isNaN(a);
  const bIsNaN = Number.isNaN(b);
  if (aIsNaN || bIsNaN) return Number(aIsNaN) - Number(bIsNaN);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As `compareValues`, but total: negative zero comes before positive zero, so that a minimum does not depend on the order of reading. */
export function compareTotally(a: Value, b: Value): number {
  const order = compareValues(a, b);
  return order === 0 && a === 0 && b === 0 ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : order;
}

function isNumeric(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
