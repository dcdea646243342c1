/**
 * Zigzag varints, as in Kafka's records (and Avro's int and long).
 *
 * ```
 * varint  := (byte with bit 7 set)* (byte with bit 7 clear)     seven bits each, least significant first
 * value   := zigzag: 0, -1, 1, -2, … are 0, 1, 2, 3, …
 * ```
 * A varint holds 32 bits in at most 5 bytes, a varlong 64 bits in at most 10. The writers return the position after what they wrote and
 * do not check bounds; the reader is a cursor, `bytes` and `pos`, whose methods check them. Generated kernels write the same loops out.
 */
import { LogError } from '../log.js';

export class Cursor {
  /** @param end reading past it is an error */
  constructor(
    public bytes: Uint8Array,
    public pos: number,
    public end: number,
  ) {}

  /** A varint of 32 bits. Throws LogError `corrupt` past the end or when longer than 5 bytes. */
  varint(): number {
    const b = this.bytes;
    let p = this.pos;
    const end = this.end;
    if (p >= end) throw pastEnd(p);
    let byte = b[p++];
    let v = byte & 0x7f;
    let shift = 7;
    while (byte >= 0x80) {
      if (p >= end) throw pastEnd(p);
      if (shift > 28) throw tooLong(this.pos);
      byte = b[p++];
      v |= (byte & 0x7f) << shift;
      shift += 7;
    }
    this.pos = p;
    return (v >>> 1) ^ -(v & 1);
  }

  /** A varlong of 64 bits as a number, rounded beyond 2^53. Throws LogError `corrupt` past the end or when longer than 10 bytes. */
  varlong(): number {
    const b = this.bytes;
    let p = this.pos;
    const end = this.end;
    let low = 0; // bits 0-27
    let mid = 0; // bits 28-55
    let high = 0; // bits 56-63
    for (let shift = 0; ; shift += 7) {
      if (p >= end) throw pastEnd(p);
      if (shift > 63) throw tooLong(this.pos);
      const byte = b[p++];
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift < 56) mid |= (byte & 0x7f) << (shift - 28);
      else high |= (byte & 0x7f) << (shift - 56);
      if (byte < 0x80) break;
    }
    this.pos = p;
    // The magnitude is the unsigned value halved; its lowest bit is the sign.
    const half = (low >>> 1) + mid * 0x800_0000 + (high & 0xff) * 0x80_0000_0000_0000;
    return (low & 1) === 0 ? half : -half - 1;
  }
}

function pastEnd(position: number): LogError {
  return new LogError('corrupt', `a record runs past the end of its batch (byte ${position})`, false);
}

function tooLong(position: number): LogError {
  return new LogError('corrupt', `a variable-length integer is longer than its type allows (byte ${position})`, false);
}

/** Bytes that `writeVarint` takes. */
export function sizeOfVarint(value: number): number {
  const z = ((value << 1) ^ (value >> 31)) >>> 0;
  return z < 0x80 ? 1 : z < 0x4000 ? 2 : z < 0x20_0000 ? 3 : z < 0x1000_0000 ? 4 : 5;
}

/** Writes a 32-bit value at `p`; the position after it is returned. */
export function writeVarint(b: Uint8Array, p: number, value: number): number {
  let z = ((value << 1) ^ (value >> 31)) >>> 0;
  while (z >= 0x80) {
    b[p++] = (z & 0x7f) | 0x80;
    z >>>= 7;
  }
  b[p++] = z;
  return p;
}

/** Bytes that `writeVarlong` takes. */
export function sizeOfVarlong(value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return sizeOfVarint(value);
  let rest = value >= 0 ? value : -1 - value; // magnitude; zigzag has one bit more
  let size = 1;
  rest = Math.floor(rest / 64);
  while (rest > 0) {
    size++;
    rest = Math.floor(rest / 128);
  }
  return size;
}

/** Writes an integer of up to 53 bits at `p`; the position after it is returned. */
export function writeVarlong(b: Uint8Array, p: number, value: number): number {
  if (value >= -0x4000_0000 && value < 0x4000_0000) return writeVarint(b, p, value);
  const negative = value < 0;
  let rest = negative ? -1 - value : value;
  // First byte: six bits of the magnitude above the sign bit.
  let next = Math.floor(rest / 64);
  b[p++] = ((rest - next * 64) << 1) | (negative ? 1 : 0) | (next > 0 ? 0x80 : 0);
  rest = next;
  while (rest > 0) {
    next = Math.floor(rest / 128);
    b[p++] = (rest - next * 128) | (next > 0 ? 0x80 : 0);
    rest = next;
  }
  return p;
}
