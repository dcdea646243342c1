import { Buffer } from 'node:buffer';

/** Size and bytes of a zigzag varint; headers are rare, so plain beats fast here. */
function varint(value: number): number[] {
  let v = value >= 0 ? value * 2 : -value * 2 - 1;
  const out: number[] = [];
  while (v >= 128) {
    out.push((v % 128) | 128);
    v = Math.floor(v / 128);
  }
  out.push(v);
  return out;
}

/** Reads the count at the front of encoded headers: [count, bytes it takes]. */
function readCount(headers: Uint8Array): [number, number] {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < headers.length && i < 5; i++) {
    value += (headers[i] & 127) * scale;
    if (headers[i] < 128) return [value % 2 === 0 ? value / 2 : -(value + 1) / 2, i + 1];
    scale *= 128;
  }
  return [0, headers.length];
}

/**
 * The record's own headers (encoded, count first) with more appended, encoded the same way. The original bytes are kept as they are.
 */
export function appendHeaders(original: Uint8Array, added: readonly (readonly [string, string])[]): Uint8Array {
  const [count, prefix] = original.length === 0 ? [0, 0] : readCount(original);
  const parts: Uint8Array[] = [Uint8Array.from(varint(count + added.length)), original.subarray(prefix)];
  for (const [key, value] of added) {
    const keyBytes = Buffer.from(key, 'utf8');
    const valueBytes = Buffer.from(value, 'utf8');
    parts.push(Uint8Array.from(varint(keyBytes.length)), keyBytes, Uint8Array.from(varint(valueBytes.length)), valueBytes);
  }
  return Buffer.concat(parts);
}

/** Headers of a record that has none of its own, count first; what `BatchBuilder.append` takes. */
export function encodedHeaders(headers: readonly (readonly [string, string])[]): Uint8Array {
  return appendHeaders(new Uint8Array(0), headers);
}
