import type { Value } from '../types/type.js';

/**
 * Order of texts by code point, which is that of their UTF-8 bytes: negative, zero or positive. JavaScript's own order is that of UTF-16 and
 * differs where one text has a surrogate pair and the other a character from U+E000 to U+FFFF.
 */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? fixup(x) - fixup(y) : x - y;
  }
  return a.length - b.length;
}

/** Moves surrogates above all other code units. */
function fixup(unit: number): number {
  return unit <= 0xdfff ? unit + 0x2000 : unit - 0x800;
}

/** Order of two numbers (longs in canonical form, doubles, decimals of one scale): by value, NaN greatest. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** Order of two values of one ordered type: numbers, texts, times, booleans (false first). */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return compareNumbers(a as number | bigint, b as number | bigint);
}

/** Equality of two values of one type, null equal to null and NaN to nothing; arrays, maps, records and bytes by content. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalValues(item, b[i]));
  if (a instanceof Map) {
    return b instanceof Map && a.size === b.size && [...a].every(([key, value]) => b.has(key) && equalValues(value, b.get(key)!));
  }
  if (Array.isArray(b) || b instanceof Map || b instanceof Uint8Array) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && equalValues(a[name], b[name]));
}
