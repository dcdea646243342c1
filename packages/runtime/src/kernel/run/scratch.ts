/**
 * A growing buffer into which generated code writes Avro. Each method writes at position `p` and returns the position after; all make
 * room first, so positions are all that the caller keeps.
 *
 * ```
 * int, long := zigzag varint       float, double := IEEE 754, little endian       boolean := 0 | 1       string, bytes := length:long bytes
 * nullable  := 0 (null) | 2 value  enum := symbol:int     decimal := bytes, two's complement, big endian, as short as can be
 * ```
 */
import { bytesOfBigInt } from './numbers.js';

const ROOM = 16;
const utf8 = new TextEncoder();

export class Scratch {
  bytes = new Uint8Array(1024);
  private view = new DataView(this.bytes.buffer);

  /** Makes sure that `bytes[0, end)` can be written. */
  ensure(end: number): void {
    if (end <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(end, this.bytes.length * 2));
    larger.set(this.bytes);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  byte(p: number, value: number): number {
    if (p + ROOM > this.bytes.length) this.ensure(p + ROOM);
    this.bytes[p] = value;
    return p + 1;
  }

  /** A number that is an integer of up to 53 bits, or a bigint of up to 64. */
  long(p: number, value: number | bigint): number {
    if (p + ROOM > this.bytes.length) this.ensure(p + ROOM);
    const b = this.bytes;
    if (typeof value === 'bigint') return bigLong(b, p, value);
    if (value >= -0x4000_0000 && value < 0x4000_0000) {
      let z = (value << 1) ^ (value >> 31);
      while (z > 127) {
        b[p++] = (z & 127) | 128;
        z >>>= 7;
      }
      b[p++] = z;
      return p;
    }
    // Microseconds may be less than any safe integer: one more than those is no double of its own.
    if (value < Number.MIN_SAFE_INTEGER) return bigLong(b, p, BigInt(value));
    const negative = value < 0;
    let rest = negative ? -1 - value : value;
    let next = Math.floor(rest / 64);
    b[p++] = ((rest - next * 64) << 1) | (negative ? 129 : 128);
    for (rest = next; rest > 127; rest = next) {
      next = Math.floor(rest / 128);
      b[p++] = (rest - next * 128) | 128;
    }
    b[p++] = rest;
    return p;
  }

  double(p: number, value: number): number {
    if (p + ROOM > this.bytes.length) this.ensure(p + ROOM);
    this.view.setFloat64(p, value, true);
    return p + 8;
  }

  float(p: number, value: number): number {
    if (p + ROOM > this.bytes.length) this.ensure(p + ROOM);
    this.view.setFloat32(p, value, true);
    return p + 4;
  }

  /** Bytes as they are, without a length. */
  copy(p: number, from: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (p + length + ROOM > this.bytes.length) this.ensure(p + length + ROOM);
    if (length > 64) this.bytes.set(from.subarray(start, end), p);
    else for (let b = this.bytes, i = 0; i < length; i++) b[p + i] = from[start + i];
    return p + length;
  }

  /** Bytes with their length in front: Avro's `bytes` and `string`. */
  sized(p: number, from: Uint8Array, start: number, end: number): number {
    return this.copy(this.long(p, end - start), from, start, end);
  }

  string(p: number, value: string): number {
    const most = value.length * 3;
    if (p + most + ROOM > this.bytes.length) this.ensure(p + most + ROOM);
    const b = this.bytes;
    const { length } = value;
    if (length < 64) {
      // Short texts are ASCII as a rule: one byte of length, then the codes.
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        b[p + 1 + i] = code;
      }
      if (i === length) {
        b[p] = length << 1;
        return p + 1 + length;
      }
    }
    const written = utf8.encodeInto(value, b.subarray(p + 5)).written;
    const at = this.long(p, written);
    b.copyWithin(at, p + 5, p + 5 + written);
    return at + written;
  }

  /** UTF-8 without a length. */
  text(p: number, value: string): number {
    const most = value.length * 3;
    if (p + most + ROOM > this.bytes.length) this.ensure(p + most + ROOM);
    return p + utf8.encodeInto(value, this.bytes.subarray(p)).written;
  }

  decimal(p: number, unscaled: bigint): number {
    const bytes = bytesOfBigInt(unscaled);
    return this.sized(p, bytes, 0, bytes.length);
  }

  int32(p: number, value: number): number {
    if (p + ROOM > this.bytes.length) this.ensure(p + ROOM);
    const b = this.bytes;
    b[p] = value >>> 24;
    b[p + 1] = value >>> 16;
    b[p + 2] = value >>> 8;
    b[p + 3] = value;
    return p + 4;
  }

  /** int64, big endian, sign bit flipped: sorts as bytes as it does as a number. `value`: an integer of up to 53 bits. */
  sortableLong(p: number, value: number): number {
    const high = Math.floor(value / 0x1_0000_0000);
    this.int32(p, high ^ 0x8000_0000);
    return this.int32(p + 4, value - high * 0x1_0000_0000);
  }

  /** int64, big endian. */
  int64(p: number, value: number | bigint): number {
    if (typeof value === 'bigint') {
      this.int32(p, Number(BigInt.asIntN(32, value >> 32n)));
      return this.int32(p + 4, Number(BigInt.asIntN(32, value)));
    }
    const high = Math.floor(value / 0x1_0000_0000);
    this.int32(p, high);
    return this.int32(p + 4, value - high * 0x1_0000_0000);
  }

  /** Confluent's frame: a zero byte and the schema's id. */
  frame(p: number, schemaId: number): number {
    return this.int32(this.byte(p, 0), schemaId);
  }

  /** A copy of `bytes[start, end)`. */
  slice(start: number, end: number): Uint8Array {
    return this.bytes.slice(start, end);
  }
}

function bigLong(b: Uint8Array, p: number, value: bigint): number {
  let z = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  while (z > 127n) {
    b[p++] = Number(z & 127n) | 128;
    z >>= 7n;
  }
  b[p++] = Number(z);
  return p;
}
