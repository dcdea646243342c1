import type { OutputBatch } from '../log.js';
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BASE_TIMESTAMP,
  BATCH_LENGTH,
  CRC,
  HEADER_BYTES,
  LAST_OFFSET_DELTA,
  LEADER_EPOCH,
  LENGTH_END,
  MAGIC,
  MAX_TIMESTAMP,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORD_COUNT,
  writeInt16,
  writeInt32,
  writeInt64,
} from './layout.js';
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './varint.js';

const FIRST_CAPACITY = 4096;
/** Below this a loop is faster than `set(subarray())`, which makes an object; by bytes, and by words of four. */
const SMALL_COPY = 32;
const SMALL_WORDS = 192;
/** Kafka's default `max.message.bytes`, less its 12 bytes of slack. */
const DEFAULT_MAX_BATCH_BYTES = 1024 * 1024;

/** A record that its topic would not take. Its slices are the caller's: valid during the call only. */
export interface RefusedRecord {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Encoded, count first; null: none. */
  readonly headers: Uint8Array | null;
  /** Of a batch that holds it alone. */
  readonly bytes: number;
}

/** What becomes of records that are too large. */
export interface SizeLimit {
  /** Bytes that a batch of one record may have. */
  readonly maxBytes: number;
  /** Is given the record in place of its being appended. */
  readonly take: (record: RefusedRecord) => void;
}

/** Bytes of a batch that holds one record alone. */
export function bytesAlone(keyBytes: number | null, valueBytes: number | null, headerBytes: number): number {
  const length =
    3 + (keyBytes === null ? 1 : sizeOfVarint(keyBytes) + keyBytes) + (valueBytes === null ? 1 : sizeOfVarint(valueBytes) + valueBytes);
  return HEADER_BYTES + sizeOfVarint(length + headerBytes) + length + headerBytes;
}

/**
 * Encodes records straight into v2 record batches of one partition: uncompressed, with offset deltas 0, 1, …, and without offset, producer
 * and CRC, which `seal.ts` stamps.
 *
 * What `take` hands out is memory of its own. A batch that fills most of the growing buffer goes out with it; a small one is copied, so
 * that a builder flushed often keeps its buffer.
 */
export class BatchBuilder {
  readonly topic: string;
  readonly partition: number;
  private readonly maxBatchBytes: number;
  private readonly limit: SizeLimit | null;
  /** Above this a record may be too large. */
  private readonly suspectBytes: number;
  private readonly closed: OutputBatch[] = [];
  private closedRecords = 0;
  private closedBytes = 0;
  private buffer = new Uint8Array(0);
  private view = new DataView(this.buffer.buffer);
  private readonly keys = new SeenBytes();
  private readonly values = new SeenBytes();
  private pos = HEADER_BYTES;
  private records = 0;
  private baseTimestamp = 0;
  private maxTimestamp = 0;

  /**
   * @param maxBatchBytes a batch is closed before it would grow past this; a longer record goes alone
   * @param limit what the topic takes (its `max.message.bytes`); without, all records are appended
   */
  constructor(topic: string, partition: number, maxBatchBytes = DEFAULT_MAX_BATCH_BYTES, limit: SizeLimit | null = null) {
    this.topic = topic;
    this.partition = partition;
    this.maxBatchBytes = maxBatchBytes;
    this.limit = limit;
    this.suspectBytes = limit === null ? Infinity : limit.maxBytes - HEADER_BYTES;
  }

  /** Records appended since the last `take`. */
  get count(): number {
    return this.closedRecords + this.records;
  }

  /** Bytes of the batches since the last `take`, headers included. */
  get byteLength(): number {
    return this.closedBytes + (this.records === 0 ? 0 : this.pos);
  }

  /**
   * Appends a record; slices are copied. A null buffer is a null key or value (tombstone).
   * @param timestamp ms; throws RangeError when it is not a finite number
   * @param headers encoded as in a batch (count first), or null for none
   */
  append(
    timestamp: number,
    key: Uint8Array | null,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array | null,
    valueStart: number,
    valueEnd: number,
    headers: Uint8Array | null,
  ): void {
    const keyBytes = key === null ? 0 : keyEnd - keyStart;
    const valueBytes = value === null ? 0 : valueEnd - valueStart;
    const headerBytes = headers === null ? 1 : headers.length;
    // 31 = length 5, attributes 1, timestamp delta 10; offset delta, key length, value length 5 each
    const bound = keyBytes + valueBytes + headerBytes + 31;
    if (bound > this.suspectBytes && this.limit !== null) {
      const bytes = bytesAlone(key === null ? null : keyBytes, value === null ? null : valueBytes, headerBytes);
      if (bytes > this.limit.maxBytes) {
        const slice = (from: Uint8Array | null, start: number, end: number) => from?.subarray(start, end) ?? null;
        this.limit.take({ timestamp, key: slice(key, keyStart, keyEnd), value: slice(value, valueStart, valueEnd), headers, bytes });
        return;
      }
    }
    if (this.records > 0 && this.pos + bound > this.maxBatchBytes) this.closeBatch();
    if (this.records === 0) this.begin(timestamp);
    const count = this.records;
    const delta = timestamp - this.baseTimestamp;
    const length =
      1 +
      sizeOfVarlong(delta) +
      sizeOfVarint(count) +
      (key === null ? 1 : sizeOfVarint(keyBytes) + keyBytes) +
      (value === null ? 1 : sizeOfVarint(valueBytes) + valueBytes) +
      headerBytes;
    if (this.pos + length + 5 > this.buffer.length) this.grow(this.pos + length + 5);
    const b = this.buffer;
    let p = writeVarint(b, this.pos, length);
    b[p++] = 0;
    p = writeVarlong(b, p, delta);
    p = writeVarint(b, p, count);
    if (key === null) b[p++] = 1;
    else {
      p = writeVarint(b, p, keyBytes);
      this.copy(this.keys.viewOf(key), key, keyStart, keyBytes, p);
      p += keyBytes;
    }
    if (value === null) b[p++] = 1;
    else {
      p = writeVarint(b, p, valueBytes);
      this.copy(this.values.viewOf(value), value, valueStart, valueBytes, p);
      p += valueBytes;
    }
    if (headers === null) b[p++] = 0;
    else {
      b.set(headers, p);
      p += headerBytes;
    }
    this.pos = p;
    this.records = count + 1;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
  }

  /** The batches so far, in order; the builder is empty afterwards and reuses no memory that was handed out. */
  take(): OutputBatch[] {
    if (this.records > 0) this.closeBatch();
    const taken = this.closed.slice();
    this.closed.length = 0;
    this.closedRecords = 0;
    this.closedBytes = 0;
    return taken;
  }

  private begin(timestamp: number): void {
    if (!Number.isFinite(timestamp)) throw new RangeError(`the timestamp of a record for ${this.topic} is ${timestamp}`);
    this.baseTimestamp = timestamp;
    this.maxTimestamp = timestamp;
    this.pos = HEADER_BYTES;
  }

  private grow(needed: number): void {
    let capacity = Math.max(this.buffer.length, FIRST_CAPACITY);
    while (capacity < needed) capacity *= 2;
    const larger = new Uint8Array(capacity);
    larger.set(this.buffer.subarray(0, this.pos));
    this.hold(larger);
  }

  private closeBatch(): void {
    const b = this.buffer;
    const length = this.pos;
    writeInt64(b, BASE_OFFSET, 0);
    writeInt32(b, BATCH_LENGTH, length - LENGTH_END);
    writeInt32(b, LEADER_EPOCH, -1);
    b[MAGIC] = 2;
    writeInt32(b, CRC, 0);
    writeInt16(b, ATTRIBUTES, 0);
    writeInt32(b, LAST_OFFSET_DELTA, this.records - 1);
    writeInt64(b, BASE_TIMESTAMP, this.baseTimestamp);
    writeInt64(b, MAX_TIMESTAMP, this.maxTimestamp);
    writeInt64(b, PRODUCER_ID, -1);
    writeInt16(b, PRODUCER_EPOCH, -1);
    writeInt32(b, BASE_SEQUENCE, -1);
    writeInt32(b, RECORD_COUNT, this.records);
    let batch: Uint8Array;
    if (length * 4 >= b.length * 3) {
      batch = b.subarray(0, length);
      this.hold(new Uint8Array(0));
      // The next batch is probably as long.
      this.grow(b.length);
    } else batch = b.slice(0, length);
    this.closed.push({ topic: this.topic, partition: this.partition, batch, recordCount: this.records });
    this.closedRecords += this.records;
    this.closedBytes += length;
    this.records = 0;
    this.pos = HEADER_BYTES;
  }

  private hold(buffer: Uint8Array<ArrayBuffer>): void {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer);
  }

  /** @param words of `from`; null: there is no such view */
  private copy(words: DataView | null, from: Uint8Array, start: number, length: number, at: number): void {
    const to = this.buffer;
    if (length > (words === null ? SMALL_COPY : SMALL_WORDS)) {
      to.set(start === 0 && length === from.length ? from : from.subarray(start, start + length), at);
      return;
    }
    let i = 0;
    if (words !== null) for (const { view } = this; i + 4 <= length; i += 4) view.setInt32(at + i, words.getInt32(start + i, true), true);
    for (; i < length; i++) to[at + i] = from[start + i];
  }
}

/** Bytes that come again and again, as those do that generated code writes to, are read by words: making a view for each record would not pay. */
class SeenBytes {
  private last: Uint8Array | null = null;
  private view: DataView | null = null;

  /** Null: they are others than the last time. */
  viewOf(bytes: Uint8Array): DataView | null {
    if (bytes !== this.last) {
      this.last = bytes;
      this.view = null;
    } else this.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.view;
  }
}
