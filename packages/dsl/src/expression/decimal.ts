import { ExpressionError } from './typed.js';

/*
 * Decimals are unscaled bigints whose scale is the type's: 12.50 in decimal(10, 2) is 1250n. The result types are:
 *
 *   + -   scale max(s1, s2), one more digit in front than the wider side
 *   *     scale s1 + s2, precision p1 + p2
 *   /     scale max(s1, s2, 6), precision p1 - s1 + s2 + scale; rounded half up
 *   %     scale max(s1, s2), precision of the wider side
 *
 * Precision ends at 38 digits; a value that needs more is an `overflow` error. A scale beyond 38 does not compile. "Half up" is that of
 * Java's BigDecimal and of SQL: to the nearest, ties away from zero.
 */

/** The least number of fraction digits of a quotient. */
export const QUOTIENT_SCALE = 6;

const POWERS = Array.from({ length: 78 }, (_, i) => 10n ** BigInt(i));

/** 10^n as a bigint. */
export function powerOfTen(n: number): bigint {
  return n < POWERS.length ? POWERS[n] : 10n ** BigInt(n);
}

/** The value itself, if it has at most `precision` digits; else throws `overflow`. */
export function checkDecimal(value: bigint, precision: number): bigint {
  const limit = powerOfTen(precision);
  if (value < limit && value > -limit) return value;
  throw new ExpressionError('overflow', `the result has more than ${precision} digits`);
}

/** n / d to the nearest integer, ties away from zero. `d` is not 0. */
export function divideHalfUp(n: bigint, d: bigint): bigint {
  const [num, den] = d < 0n ? [-n, -d] : [n, d];
  return num < 0n ? -((-num * 2n + den) / (den * 2n)) : (num * 2n + den) / (den * 2n);
}

/** The unscaled value at another scale; rounded half up where digits go. */
export function rescale(value: bigint, from: number, to: number): bigint {
  return to >= from ? value * powerOfTen(to - from) : divideHalfUp(value, powerOfTen(from - to));
}

/** Quotient of two unscaled values, both of their own scale, at `scale`; null on division by zero. */
export function divDecimal(a: bigint, scaleA: number, b: bigint, scaleB: number, scale: number): bigint | null {
  if (b === 0n) return null;
  const shift = scale - scaleA + scaleB;
  return shift >= 0 ? divideHalfUp(a * powerOfTen(shift), b) : divideHalfUp(a, b * powerOfTen(-shift));
}

/** Remainder of two unscaled values of one scale, with the sign of the dividend; null on division by zero. */
export function remDecimal(a: bigint, b: bigint): bigint | null {
  return b === 0n ? null : a % b;
}

/** The text of a decimal, all digits of its scale written: -1250n at scale 2 is `-12.50`. */
export function showDecimal(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const sign = value < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** A number's text, without an exponent or with one: `-12.50`, `1e-3`. */
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** Reads a number's text exactly, as an unscaled value and the least scale that holds it (0 or more); null if the text is no number. */
export function parseDecimal(text: string): { readonly value: bigint; readonly scale: number } | null {
  const found = NUMBER.exec(text);
  if (!found) return null;
  const [, sign, whole, fraction = '', exponent = '0'] = found;
  if (whole + fraction === '') return null;
  const value = BigInt(sign === '-' ? -1 : 1) * BigInt(whole + fraction);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { value, scale } : { value: value * powerOfTen(-scale), scale: 0 };
}

/** The nearest double. */
export function doubleOfDecimal(value: bigint, scale: number): number {
  return scale === 0 ? Number(value) : Number(`${value}e-${scale}`);
}
