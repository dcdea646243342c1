/** Strict reading of Avro's primitives: every length and index is checked. Throws BadValue. */
import { canonicalLong } from '@rta/dsl';
import { MAX_RECURSION } from '../max-recursion.js';
import { BadValue, TooDeep } from './bad-value.js';

const NOTHING: Uint8Array = new Uint8Array(0);

/** Where reading is: `bytes[pos, end)`. */
export class AvroCursor {
  bytes = NOTHING;
  pos = 0;
  end = 0;
  private depth = 0;

  at(bytes: Uint8Array, pos: number, end: number): this {
    this.bytes = bytes;
    this.pos = pos;
    this.end = end;
    this.depth = 0;
    return this;
  }

  /** Holds no bytes any more: what is read there belongs to an answer of the brokers, which would stay in memory as a whole. */
  release(): void {
    this.at(NOTHING, 0, 0);
  }

  /** Reads a record that stands in itself. */
  again<T>(read: (cursor: this) => T): T {
    if (++this.depth > MAX_RECURSION) throw new TooDeep();
    const value = read(this);
    this.depth--;
    return value;
  }

  byte(): number {
    if (this.pos >= this.end) throw truncated();
    return this.bytes[this.pos++];
  }

  /** A zigzag varint of up to 64 bits, canonical. */
  long(): number | bigint {
    let low = 0;
    let mid = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift < 28) low |= (byte & 127) << shift;
      else if (shift < 49) mid |= (byte & 127) << (shift - 28);
      else return this.longFrom(low, mid, byte);
      if (byte > 127) continue;
      const half = (low >>> 1) + mid * 0x800_0000;
      return (low & 1) === 0 ? half : -half - 1;
    }
  }

  /** The rest of a long with more than 49 bits. */
  private longFrom(low: number, mid: number, byte: number): number | bigint {
    let value = BigInt(low >>> 0) | (BigInt(mid) << 28n) | (BigInt(byte & 127) << 49n);
    for (let shift = 56n; byte > 127; shift += 7n) {
      if (shift > 63n) throw new BadValue('not_avro', 'a number is longer than 64 bits');
      byte = this.byte();
      value |= BigInt(byte & 127) << shift;
    }
    if (value >= 1n << 64n) throw new BadValue('not_avro', 'a number is longer than 64 bits');
    return canonicalLong((value >> 1n) ^ -(value & 1n));
  }

  int(): number {
    const value = this.long();
    if (typeof value === 'bigint' || value !== (value | 0)) throw new BadValue('not_avro', `${value} is not an int`);
    return value;
  }

  /** The long at `bytes[pos, end)`, or null where there is none; a position past the end is one such. */
  tryLong(bytes: Uint8Array, pos: number, end: number): number | bigint | null {
    this.at(bytes, pos, end);
    try {
      return this.long();
    } catch (error) {
      if (error instanceof BadValue) return null;
      throw error;
    }
  }

  tryInt(bytes: Uint8Array, pos: number, end: number): number | null {
    const value = this.tryLong(bytes, pos, end);
    return typeof value === 'number' && value === (value | 0) ? value : null;
  }

  /** Moves over `length` bytes; the position before them is returned. */
  skip(length: number): number {
    if (length > this.end - this.pos) throw truncated();
    this.pos += length;
    return this.pos - length;
  }

  /** The length of what follows, which fits. */
  length(): number {
    const length = Number(this.long());
    if (length < 0 || length > this.end - this.pos) throw new BadValue('not_avro', `the length ${length} is impossible here`);
    return length;
  }

  index(count: number): number {
    const index = Number(this.long());
    if (index < 0 || index >= count) throw new BadValue('not_avro', `there is no symbol or union branch ${index}`);
    return index;
  }

  boolean(): boolean {
    const byte = this.byte();
    if (byte > 1) throw new BadValue('not_avro', `${byte} is not a boolean`);
    return byte === 1;
  }

  double(): number {
    for (let i = 0, at = this.skip(8); i < 8; i++) eight[i] = this.bytes[at + i];
    return f64[0];
  }

  float(): number {
    for (let i = 0, at = this.skip(4); i < 4; i++) eight[i] = this.bytes[at + i];
    return f32[0];
  }
}

const f64 = new Float64Array(1);
const f32 = new Float32Array(f64.buffer);
const eight = new Uint8Array(f64.buffer);

function truncated(): BadValue {
  return new BadValue('not_avro', 'the value is cut off');
}
