/**
 * Kafka's protocol primitives, for the requests that KafkaJS lacks or encodes slowly.
 *
 * ```
 * STRING           := length:int16 (-1: null) utf8
 * COMPACT_STRING   := (length + 1):uvarint (0: null) utf8
 * COMPACT_ARRAY    := (count + 1):uvarint (0: null) element*
 * TAGGED_FIELDS    := count:uvarint (tag:uvarint size:uvarint bytes)*
 * ```
 * Flexible requests (header v2) carry TAGGED_FIELDS after the client id, flexible responses (header v1) after the correlation id. KafkaJS
 * knows neither: it takes what follows the client id as the body, so a flexible body begins with the header's own empty tags.
 */

/** Grows as needed; offers what KafkaJS asks of its own `Encoder` (`buf`, `buffer`, `size`). */
export class WireWriter {
  buf: Buffer;
  offset = 0;

  constructor(capacity = 256) {
    this.buf = Buffer.allocUnsafe(capacity);
  }

  /** What has been written; shares memory with the writer. */
  get buffer(): Buffer {
    return this.buf.subarray(0, this.offset);
  }

  size(): number {
    return this.offset;
  }

  int8(value: number): this {
    this.reserve(1);
    this.offset = this.buf.writeInt8(value, this.offset);
    return this;
  }

  int16(value: number): this {
    this.reserve(2);
    this.offset = this.buf.writeInt16BE(value, this.offset);
    return this;
  }

  int32(value: number): this {
    this.reserve(4);
    this.offset = this.buf.writeInt32BE(value, this.offset);
    return this;
  }

  int64(value: bigint): this {
    this.reserve(8);
    this.offset = this.buf.writeBigInt64BE(value, this.offset);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const length = Buffer.byteLength(value);
    return this.int16(length).text(value, length);
  }

  bytes(value: Uint8Array): this {
    this.reserve(value.length);
    this.buf.set(value, this.offset);
    this.offset += value.length;
    return this;
  }

  uvarint(value: number): this {
    this.reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.buf[this.offset++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buf[this.offset++] = rest;
    return this;
  }

  compactString(value: string | null): this {
    if (value === null) return this.uvarint(0);
    const length = Buffer.byteLength(value);
    return this.uvarint(length + 1).text(value, length);
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.uvarint(items.length + 1);
    items.forEach(write);
    return this;
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    items.forEach(write);
    return this;
  }

  /** No tagged fields. */
  noTags(): this {
    return this.uvarint(0);
  }

  private text(value: string, length: number): this {
    this.reserve(length);
    this.offset += this.buf.write(value, this.offset, length, 'utf8');
    return this;
  }

  private reserve(bytes: number): void {
    if (this.offset + bytes <= this.buf.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buf.length * 2, this.offset + bytes));
    this.buf.copy(larger, 0, 0, this.offset);
    this.buf = larger;
  }
}

/** Reads the same; throws RangeError beyond the end. */
export class WireReader {
  private offset = 0;

  constructor(private readonly buf: Buffer) {}

  int16(): number {
    const value = this.buf.readInt16BE(this.offset);
    this.offset += 2;
    return value;
  }

  int32(): number {
    const value = this.buf.readInt32BE(this.offset);
    this.offset += 4;
    return value;
  }

  int64(): bigint {
    const value = this.buf.readBigInt64BE(this.offset);
    this.offset += 8;
    return value;
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.buf.readUInt8(this.offset++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('a varint of a Kafka response has more than five bytes');
  }

  compactString(): string | null {
    const length = this.uvarint() - 1;
    if (length < 0) return null;
    if (this.offset + length > this.buf.length) throw new RangeError('a string of a Kafka response is cut off');
    const value = this.buf.toString('utf8', this.offset, this.offset + length);
    this.offset += length;
    return value;
  }

  compactArray<T>(read: () => T): T[] {
    const count = this.uvarint() - 1;
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read());
    return items;
  }

  /** Tagged fields are additions that an older client may ignore. */
  skipTags(): void {
    const count = this.uvarint();
    for (let i = 0; i < count; i++) {
      this.uvarint();
      this.offset += this.uvarint();
    }
  }
}
