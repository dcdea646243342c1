/**
 * 32-bit hash of `bytes[start, end)`, for tables in memory only: four bytes a step, multiplied and folded, finished as MurmurHash3 does
 * (Austin Appleby, public domain). Not for placement: partitions go by murmur2.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let h = (end - start) ^ 0x2545f491;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const k = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    h = Math.imul(h ^ k, 0x9e3779b1);
    h ^= h >>> 15;
  }
  for (; i < end; i++) h = Math.imul(h ^ bytes[i], 0x01000193);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  return h ^ (h >>> 13);
}

/** Byte order, shorter first where one is the beginning of the other: negative, zero or positive. */
export function compareBytes(a: Uint8Array, aStart: number, aEnd: number, b: Uint8Array, bStart: number, bEnd: number): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const shared = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < shared; i++) {
    const difference = a[aStart + i] - b[bStart + i];
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
