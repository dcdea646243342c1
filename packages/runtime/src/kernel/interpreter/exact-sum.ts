/**
 * Doubles as exact integers: every finite double is a whole multiple of 2^-1074, so a sum of doubles is a sum of BigInts in that unit,
 * whatever its order and however far it leaves a double's range. It is rounded once, at the end.
 */

/** Exponent of the unit: the smallest positive double is 2^-1074. */
const UNIT_EXPONENT = 1074;
const MANTISSA_BITS = 53;

const view = new DataView(new ArrayBuffer(8));

/** A finite double in units of 2^-1074. */
export function exactOfDouble(value: number): bigint {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const magnitude = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

/** The double nearest to `units` * 2^-1074, half to even; an infinity beyond the range. */
export function doubleOfExact(units: bigint): number {
  const magnitude = units < 0n ? -units : units;
  const shift = Math.max(0, bitLength(magnitude) - MANTISSA_BITS);
  let mantissa = magnitude >> BigInt(shift);
  const rest = magnitude - (mantissa << BigInt(shift));
  const half = shift === 0 ? 1n : 1n << BigInt(shift - 1);
  if (rest > half || (rest === half && shift > 0 && (mantissa & 1n) === 1n)) mantissa += 1n;
  const value = scaled(Number(mantissa), shift - UNIT_EXPONENT);
  return units < 0n ? -value : value;
}

/** Finite doubles whose exact sum is `units` * 2^-1074, greatest first; none for zero. */
export function partsOfExact(units: bigint): number[] {
  const parts: number[] = [];
  for (let rest = units; rest !== 0n;) {
    const nearest = doubleOfExact(rest);
    const part = Number.isFinite(nearest) ? nearest : Math.sign(nearest) * Number.MAX_VALUE;
    parts.push(part);
    rest -= exactOfDouble(part);
  }
  return parts;
}

/** mantissa * 2^exponent, where the power itself may be out of a double's range though the product is not. */
function scaled(mantissa: number, exponent: number): number {
  if (exponent > 971) return Infinity;
  return mantissa * 2 ** exponent;
}

function bitLength(magnitude: bigint): number {
  return magnitude === 0n ? 0 : magnitude.toString(2).length;
}
