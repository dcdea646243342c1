/** Reads an int64, big endian, sign bit flipped (see `Scratch.sortableLong`), of up to 53 bits. */
export function readSortableLong(b: Uint8Array, p: number): number {
  const high = ((b[p] << 24) | (b[p + 1] << 16) | (b[p + 2] << 8) | b[p + 3]) ^ 0x8000_0000;
  return high * 0x1_0000_0000 + (((b[p + 4] << 24) | (b[p + 5] << 16) | (b[p + 6] << 8) | b[p + 7]) >>> 0);
}

export function readInt32(b: Uint8Array, p: number): number {
  return (b[p] << 24) | (b[p + 1] << 16) | (b[p + 2] << 8) | b[p + 3];
}

const f64 = new Float64Array(1);
const eight = new Uint8Array(f64.buffer);

/** A float64, big endian. */
export function readDoubleBE(b: Uint8Array, p: number): number {
  for (let i = 0; i < 8; i++) eight[7 - i] = b[p + i];
  return f64[0];
}

export function writeDoubleBE(b: Uint8Array, p: number, value: number): void {
  f64[0] = value;
  for (let i = 0; i < 8; i++) b[p + i] = eight[7 - i];
}

/** Bytes as a string of as many characters, for keys of maps. */
export function byteString(b: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(b[i]);
  return text;
}
