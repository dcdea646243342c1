/** Avro's binary encoding of primitives, with bounds checked. */

/** A value that its schema does not take, or bytes that are not a value of it. */
export class AvroValueError extends Error {
  override readonly name = 'AvroValueError';
  #path = '';
  /** Of bytes that were read: how far that came, which is the place of the fault or behind it; null where nothing was read. */
  at: number | null = null;

  constructor(readonly problem: string) {
    super(problem);
  }

  /** Field path of what is wrong; empty: the whole value. */
  get path(): string {
    return this.#path;
  }

  /** Puts a step in front of the path, on the way out of it. */
  within(step: string): this {
    this.#path = this.#path === '' || this.#path.startsWith('[') ? `${step}${this.#path}` : `${step}.${this.#path}`;
    this.message = `${this.#path}: ${this.problem}`;
    return this;
  }
}

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;
/** Records within records that no schema of use reaches; bounds the recursion. */
const MAX_DEPTH = 1_000;

/** A long as the language holds it: a bigint only where a number could not. */
export function canonicalLong(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export class AvroOutput {
  #bytes = Buffer.allocUnsafe(1024);
  #length = 0;

  /** What was written since the last call, copied. */
  take(): Buffer {
    const out = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return out;
  }

  /** Forgets what was written: a value that failed half way. */
  reset(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** Zigzag, seven bits a byte, least significant first. A number must be a safe integer. */
  long(value: number | bigint): void {
    this.#room(10);
    if (typeof value === 'bigint' || value >= 2 ** 51 || value < -(2 ** 51)) {
      this.#bigLong(BigInt(value));
      return;
    }
    let rest = value >= 0 ? value * 2 : -value * 2 - 1;
    while (rest >= 128) {
      const next = Math.floor(rest / 128);
      this.#bytes[this.#length++] = (rest - next * 128) | 128;
      rest = next;
    }
    this.#bytes[this.#length++] = rest;
  }

  #bigLong(value: bigint): void {
    if (value < MIN_LONG || value > MAX_LONG) throw new AvroValueError(`${value} does not fit a long`);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; rest >= 128n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 127n) | 128;
    this.#bytes[this.#length++] = Number(rest);
  }

  float(value: number): void {
    this.#room(4);
    this.#length = this.#bytes.writeFloatLE(value, this.#length);
  }

  double(value: number): void {
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  bytes(bytes: Uint8Array): void {
    this.long(bytes.length);
    this.raw(bytes);
  }

  string(text: string): void {
    const length = Buffer.byteLength(text, 'utf8');
    this.long(length);
    this.#room(length);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  #room(length: number): void {
    if (this.#length + length <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + length));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}

export class AvroInput {
  readonly #bytes: Buffer;
  #pos = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#pos;
  }

  byte(): number {
    return this.#bytes[this.#skip(1)];
  }

  long(): number | bigint {
    let low = 0; // bits 0-27
    let mid = 0; // bits 28-55
    let high = 0; // bits 56-63
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift < 28) low |= (byte & 127) << shift;
      else if (shift < 56) mid |= (byte & 127) << (shift - 28);
      else if (shift === 63 && byte > 1) throw new AvroValueError('a number has more than 64 bits');
      else high |= (byte & 127) << (shift - 56);
      if (byte < 128) break;
    }
    if (high === 0 && mid < 1 << 24) {
      const zigzag = mid * 2 ** 28 + low;
      return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    const zigzag = (BigInt(high) << 56n) | (BigInt(mid) << 28n) | BigInt(low);
    return canonicalLong((zigzag >> 1n) ^ -(zigzag & 1n));
  }

  int(): number {
    const value = this.long();
    if (typeof value === 'bigint' || value !== (value | 0)) throw new AvroValueError(`${value} does not fit an int`);
    return value;
  }

  /** A number that counts or indexes something, of which there are `limit` at most. */
  index(limit: number, what: string): number {
    const value = this.long();
    if (typeof value === 'bigint' || value < 0 || value >= limit) throw new AvroValueError(`${value} is not the number of ${what}`);
    return value;
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#skip(4));
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#skip(8));
  }

  /** A view. */
  raw(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A view. */
  bytes(): Uint8Array {
    return this.raw(this.index(this.left + 1, 'bytes that are there'));
  }

  string(): string {
    const start = this.#pos;
    const length = this.bytes().length;
    const end = this.#pos;
    return start === end ? '' : this.#bytes.toString('utf8', end - length, end);
  }

  /** The items of an array or map: blocks with a count (negative: the block's size in bytes follows), then an empty one. */
  blocks(minItemBytes: number, item: () => void): void {
    for (;;) {
      let count = this.long();
      if (count === 0) return;
      if (count < 0) {
        count = -count;
        this.long();
      }
      // A wild count must not keep us busy: items of no bytes (nulls) have no bound of their own.
      const limit = minItemBytes > 0 ? this.left : 1_000_000;
      if (typeof count === 'bigint' || count > limit) throw new AvroValueError(`a block of ${count} items is longer than what is left`);
      for (let i = 0; i < count; i++) item();
    }
  }

  /** Around what may contain itself. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new AvroValueError(`it is nested deeper than ${MAX_DEPTH} levels`);
    const value = read();
    this.#depth--;
    return value;
  }

  #skip(length: number): number {
    const start = this.#pos;
    if (length > this.#bytes.length - start) throw new AvroValueError('the bytes end too early');
    this.#pos = start + length;
    return start;
  }
}
