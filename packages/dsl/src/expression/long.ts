import { ExpressionError } from './typed.js';

/**
 * A 64-bit integer in canonical form: a number where it is a safe integer, else a bigint. So equal longs are `===`, and `<` compares any two.
 * Results outside 64 bits are an `overflow` error. Zero is never negative.
 */
export type Long = number | bigint;

export const MIN_LONG = -(2n ** 63n);
export const MAX_LONG = 2n ** 63n - 1n;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** The canonical form of an exact result; throws `overflow` outside 64 bits. */
export function canonicalLong(value: bigint): Long {
  if (value >= -MAX_SAFE && value <= MAX_SAFE) return Number(value);
  if (value < MIN_LONG || value > MAX_LONG) throw overflow();
  return value;
}

// In the fast paths below a rounded result is never safe: a true result beyond the safe integers rounds to 2^53 or further.

export function addLong(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return canonicalLong(BigInt(a) + BigInt(b));
}

export function subLong(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return canonicalLong(BigInt(a) - BigInt(b));
}

export function mulLong(a: Long, b: Long): Long {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0; // -0 + 0 is 0
  }
  return canonicalLong(BigInt(a) * BigInt(b));
}

/** Integer division, truncated towards zero; null on division by zero. */
export function divLong(a: Long, b: Long): Long | null {
  if (b === 0) return null;
  if (typeof a === 'number' && typeof b === 'number') return (a - (a % b)) / b + 0; // exact: the quotient of a multiple
  return canonicalLong(BigInt(a) / BigInt(b));
}

/** The remainder of `divLong`, with the sign of the dividend; null on division by zero. */
export function remLong(a: Long, b: Long): Long | null {
  if (b === 0) return null;
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return canonicalLong(BigInt(a) % BigInt(b));
}

export function negLong(a: Long): Long {
  return typeof a === 'number' ? 0 - a : canonicalLong(-a);
}

export function absLong(a: Long): Long {
  return a < 0 ? negLong(a) : a;
}

/** The long that a double holds, its fraction cut off; throws `overflow` for NaN, infinities and values outside 64 bits. */
export function longOfDouble(value: number): Long {
  const whole = Math.trunc(value);
  if (Number.isSafeInteger(whole)) return whole + 0;
  if (!Number.isFinite(whole)) throw overflow();
  return canonicalLong(BigInt(whole));
}

/** The int of a long; throws `overflow` outside 32 bits. */
export function intOfLong(value: Long): number {
  if (typeof value === 'number' && value >= -2_147_483_648 && value <= 2_147_483_647) return value;
  throw new ExpressionError('overflow', 'the result does not fit an int (32 bits)');
}

function overflow(): ExpressionError {
  return new ExpressionError('overflow', 'the result does not fit a long (64 bits)');
}
