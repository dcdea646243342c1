/**
 * Exact numbers of accumulators.
 *
 * A sum of longs is a pair of doubles, hi * 2^52 + lo, |lo| < 2^52: adding is two additions and a rare carry, and the range is wider than
 * 2^100. A sum of doubles is a pair of doubles whose exact sum is the value: each addition is error-free (Knuth's TwoSum, TAOCP 4.2.2
 * theorem B; the idea of keeping the error terms is Shewchuk's, "Adaptive precision floating-point arithmetic", 1997). What the pair
 * cannot hold goes to a bigint that counts in units of 2^-1074, the least double, so it is exact for every sequence and never overflows.
 */
import { canonicalLong } from '@rta/dsl';

const TWO_52 = 2 ** 52;

/** hi * 2^52 + lo as a long. Throws ExpressionError `overflow` when it is none. */
export function longOfSum(hi: number, lo: number): number | bigint {
  if (hi === 0) return lo;
  return canonicalLong((BigInt(hi) << 52n) + BigInt(lo));
}

/** Adds a long to the pair at `num[at]` (hi), `num[at + 1]` (lo). */
export function addLongToSum(num: Float64Array, at: number, value: number | bigint): void {
  if (typeof value === 'number' && value >= -TWO_52 && value <= TWO_52) carry(num, at, num[at + 1] + value);
  else {
    const wide = BigInt(value);
    num[at] += Number(wide >> 52n);
    carry(num, at, num[at + 1] + Number(BigInt.asUintN(52, wide)));
  }
}

/** Stores the pair's `lo`, |lo| <= 2^53, so that 0 <= lo < 2^52, or hi is 0 and |lo| < 2^52. */
export function carry(num: Float64Array, at: number, lo: number): void {
  if (lo >= TWO_52 || lo <= -TWO_52 || (num[at] !== 0 && lo < 0)) {
    const high = Math.floor(lo / TWO_52);
    num[at] += high;
    lo -= high * TWO_52;
  }
  num[at + 1] = lo;
}

// ---- Doubles ----

/** Counts of values that are no finite numbers. */
export interface NonFinite {
  nan: number;
  pos: number;
  neg: number;
}

export type Spill = Map<number, unknown>;

/**
 * Adds a finite double to the pair at `num[at]`, `num[at + 1]` of slot `slot`; what is inexact goes to `spill`.
 */
export function addDouble(num: Float64Array, at: number, spill: Spill, slot: number, x: number): void {
  const s0 = num[at];
  const sum = s0 + x;
  const xPart = sum - s0;
  const error = s0 - (sum - xPart) + (x - xPart);
  if (error - error !== 0) {
    // The sum, or what of it is taken for `x`, is too large for a double: all of it into the bigint.
    spill.set(slot, unitsIn(spill, slot) + unitsOf(s0) + unitsOf(x));
    num[at] = 0;
    return;
  }
  num[at] = sum;
  if (error === 0) return;
  const s1 = num[at + 1];
  const low = s1 + error;
  const ePart = low - s1;
  const rest = s1 - (low - ePart) + (error - ePart);
  num[at + 1] = low;
  if (rest !== 0) spill.set(slot, unitsIn(spill, slot) + unitsOf(rest));
}

/** Adds any double: finite ones to the sum, others to their counts in `special`. */
export function addAnyDouble(num: Float64Array, at: number, spill: Spill, special: Spill, slot: number, x: number): void {
  if (x - x === 0) addDouble(num, at, spill, slot, x);
  else addNonFinite(special, slot, x !== x ? 1 : 0, x > 0 ? 1 : 0, x < 0 ? 1 : 0);
}

/** Takes a double out that was added before. */
export function takeAnyDouble(num: Float64Array, at: number, spill: Spill, special: Spill, slot: number, x: number): void {
  if (x - x === 0) addDouble(num, at, spill, slot, -x);
  else addNonFinite(special, slot, x !== x ? -1 : 0, x > 0 ? -1 : 0, x < 0 ? -1 : 0);
}

export function addNonFinite(special: Spill, slot: number, nan: number, pos: number, neg: number): void {
  const counts = special.get(slot) as NonFinite | undefined;
  if (counts === undefined) special.set(slot, { nan, pos, neg });
  else {
    counts.nan += nan;
    counts.pos += pos;
    counts.neg += neg;
  }
}

/** The sum, exactly rounded (to nearest, ties to even). */
export function doubleOfSum(num: Float64Array, at: number, spill: Spill, special: Spill, slot: number): number {
  if (special.size !== 0) {
    const counts = special.get(slot) as NonFinite | undefined;
    if (counts !== undefined) {
      if (counts.nan > 0 || (counts.pos > 0 && counts.neg > 0)) return NaN;
      if (counts.pos > 0) return Infinity;
      if (counts.neg > 0) return -Infinity;
    }
  }
  const rest = spill.size === 0 ? undefined : (spill.get(slot) as bigint | undefined);
  // The exact sum of two doubles, rounded once: just what an addition is. (-0 only ever comes of the empty sum's 0 + x.)
  if (rest === undefined) return num[at] + num[at + 1];
  return doubleOfUnits(rest + unitsOf(num[at]) + unitsOf(num[at + 1]));
}

/** Doubles whose exact sum is the finite sum: none for 0. */
export function partsOfSum(num: Float64Array, at: number, spill: Spill, slot: number): number[] {
  const rest = spill.size === 0 ? undefined : (spill.get(slot) as bigint | undefined);
  if (rest === undefined) return [num[at], num[at + 1]].filter((part) => part !== 0);
  let units = unitsInSum(num, at, spill, slot);
  const parts: number[] = [];
  while (units !== 0n) {
    const rounded = doubleOfUnits(units);
    const part = Number.isFinite(rounded) ? rounded : Math.sign(rounded) * Number.MAX_VALUE;
    parts.push(part);
    units -= unitsOf(part);
  }
  return parts;
}

/** The finite sum in units of 2^-1074. */
export function unitsInSum(num: Float64Array, at: number, spill: Spill, slot: number): bigint {
  return unitsIn(spill, slot) + unitsOf(num[at]) + unitsOf(num[at + 1]);
}

function unitsIn(spill: Spill, slot: number): bigint {
  return (spill.get(slot) as bigint | undefined) ?? 0n;
}

const f64 = new Float64Array(1);
const u64 = new BigUint64Array(f64.buffer);

/** A finite double as a multiple of 2^-1074. */
export function unitsOf(x: number): bigint {
  f64[0] = x;
  const bits = u64[0];
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const magnitude = exponent === 0n ? fraction : (fraction | 0x10_0000_0000_0000n) << (exponent - 1n);
  return bits >> 63n === 0n ? magnitude : -magnitude;
}

/** The double nearest to units * 2^-1074, ties to even; infinite beyond the largest. */
export function doubleOfUnits(units: bigint): number {
  const negative = units < 0n;
  let magnitude = negative ? -units : units;
  const length = bitLength(magnitude);
  let exponent = 0;
  if (length > 53) {
    let shift = length - 53;
    const half = 1n << BigInt(shift - 1);
    const rest = magnitude & ((half << 1n) - 1n);
    magnitude >>= BigInt(shift);
    if (rest > half || (rest === half && (magnitude & 1n) === 1n)) magnitude++;
    if (magnitude === 1n << 53n) {
      magnitude >>= 1n;
      shift++;
    }
    exponent = shift + 1;
  } else if (length === 53) exponent = 1;
  if (exponent > 2046) return negative ? -Infinity : Infinity;
  u64[0] = (BigInt(exponent) << 52n) | (magnitude & 0xf_ffff_ffff_ffffn) | (negative ? 1n << 63n : 0n);
  return f64[0];
}

function bitLength(magnitude: bigint): number {
  const text = magnitude.toString(16);
  return (text.length - 1) * 4 + 32 - Math.clz32(parseInt(text[0], 16));
}

// ---- Decimals ----

/** Two's complement, big endian, as short as can be; at least one byte. */
export function bytesOfBigInt(value: bigint): Uint8Array {
  let bits = 8;
  while (BigInt.asIntN(bits, value) !== value) bits += 8;
  const bytes = new Uint8Array(bits / 8);
  let rest = BigInt.asUintN(bits, value);
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

export function bigIntOfBytes(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let i = start; i < end; i++) value = (value << 8n) | BigInt(bytes[i]);
  return BigInt.asIntN((end - start) * 8, value);
}
