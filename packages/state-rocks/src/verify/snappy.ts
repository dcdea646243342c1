import { Damage, Reader } from './bytes.js';

/**
 * Decompresses a block in Snappy's raw format (google/snappy, format_description.txt).
 *
 * ```
 * block   := length:varint element*
 * element := literal | copy            the two low bits of the first byte: 0 literal; 1, 2, 3 copy with an offset of 11, 16, 32 bits
 * ```
 * Throws `Damage` where the bytes do not follow it. `maxBytes` bounds what is allocated.
 */
export function unsnap(input: Uint8Array, maxBytes: number): Uint8Array {
  const from = new Reader(input);
  const length = from.varint();
  if (length > maxBytes) throw new Damage(`a compressed block claims ${length} bytes`);
  const out = new Uint8Array(length);
  let p = 0;
  while (from.left > 0) {
    const tag = from.byte();
    const kind = tag & 3;
    if (kind === 0) {
      let size = tag >>> 2;
      if (size >= 60) {
        let extra = 0;
        for (let i = 0, bytes = size - 59; i < bytes; i++) extra += from.byte() * 2 ** (8 * i);
        size = extra;
      }
      size += 1;
      if (size > length - p) throw new Damage('a compressed block is longer than it says');
      out.set(from.slice(size), p);
      p += size;
      continue;
    }
    const size = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
    const offset = kind === 1 ? ((tag >>> 5) << 8) | from.byte() : kind === 2 ? from.uint16() : from.uint32();
    if (offset === 0 || offset > p || size > length - p) throw new Damage('a compressed block refers outside itself');
    for (let i = 0; i < size; i++, p++) out[p] = out[p - offset]; // may overlap: byte by byte
  }
  if (p !== length) throw new Damage('a compressed block is shorter than it says');
  return out;
}
