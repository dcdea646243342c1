/**
 * The default partitioner of Kafka's Java clients: murmur2 of the key bytes, made positive, modulo the partition count. Source: Kafka's
 * `org.apache.kafka.common.utils.Utils.murmur2` (Austin Appleby's MurmurHash2, 32 bits, seed 0x9747b28c).
 */

/** murmur2 of `bytes[start, end)`, as Java's signed int. */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const m = 0x5bd1e995;
  const length = end - start;
  let h = 0x9747b28c ^ length;
  const tail = start + (length & ~3);
  for (let i = start; i < tail; i += 4) {
    let k = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = length & 3;
  if (rest === 3) h ^= bytes[tail + 2] << 16;
  if (rest >= 2) h ^= bytes[tail + 1] << 8;
  if (rest >= 1) h = Math.imul(h ^ bytes[tail], m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

/** Java's `Utils.toPositive`: the sign bit is cleared (not negated). */
export function toPositive(hash: number): number {
  return hash & 0x7fffffff;
}

/** The partition of a key, of `partitions`. */
export function partitionOf(bytes: Uint8Array, start: number, end: number, partitions: number): number {
  return toPositive(murmur2(bytes, start, end)) % partitions;
}
