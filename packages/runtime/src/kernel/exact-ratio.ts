/** The double nearest to a quotient of big integers. */

const MANTISSA_BITS = 53;
const GREATEST_EXPONENT = 971;

/**
 * The double nearest to numerator / denominator * 2^exponent, half to even; Infinity beyond the range. The numerator is not negative, the
 * denominator positive, and the exponent at most -1074.
 */
export function doubleOfRatio(numerator: bigint, denominator: bigint, exponent: number): number {
  // In quarters of the least double, and whether there is more: enough to round once, wherever the result lies.
  const divisor = denominator << BigInt(-1074 - exponent);
  const quarters = (numerator << 2n) / divisor;
  const sticky = quarters * divisor === numerator << 2n ? 0n : 1n;
  const exact = quarters | sticky;
  const length = exact === 0n ? 0 : exact.toString(2).length;
  const dropped = Math.max(2, length - MANTISSA_BITS);
  let mantissa = exact >> BigInt(dropped);
  const rest = exact - (mantissa << BigInt(dropped));
  const half = 1n << BigInt(dropped - 1);
  if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
  const power = dropped - 2 - 1074;
  return power > GREATEST_EXPONENT ? Infinity : Number(mantissa) * 2 ** power;
}
