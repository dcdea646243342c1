/** The parts of log compaction that know no disk: the latest offset of each key, and batches rewritten without what is superseded. */
import { randomBytes } from 'node:crypto';
import type { BatchView } from '../batch/batch-reader.js';
import {
  ATTRIBUTES,
  BASE_TIMESTAMP,
  BATCH_LENGTH,
  HEADER_BYTES,
  LAST_OFFSET_DELTA,
  LENGTH_END,
  LOG_APPEND_TIME,
  MAGIC,
  MAX_TIMESTAMP,
  RECORD_COUNT,
  writeInt16,
  writeInt32,
  writeInt64,
} from '../batch/layout.js';
import { sealBatch } from '../batch/seal.js';
import { Cursor, sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../batch/varint.js';

const SLOTS = 1 << 20;
const CAPACITY = Math.floor(SLOTS * 0.75);

/**
 * Key -> highest offset, by a 128-bit hash of the key as Kafka's log cleaner does it: four lanes of FNV-1a, seeded anew each time. 24 MiB, up
 * to 786,432 keys.
 */
export class LatestOffsets {
  private readonly hashes = new Int32Array(SLOTS * 4);
  private readonly offsets = new Float64Array(SLOTS).fill(-1);
  private readonly seed = new Int32Array(randomBytes(16).buffer.slice(0, 16));
  private readonly h = new Int32Array(4);
  size = 0;

  get isFull(): boolean {
    return this.size >= CAPACITY;
  }

  set(key: Uint8Array, start: number, end: number, offset: number): void {
    const slot = this.find(key, start, end);
    if (this.offsets[slot] < 0) {
      this.hashes.set(this.h, slot * 4);
      this.size++;
    }
    if (this.offsets[slot] < offset) this.offsets[slot] = offset;
  }

  /** -1 where the key is not known. */
  get(key: Uint8Array, start: number, end: number): number {
    return this.offsets[this.find(key, start, end)];
  }

  private find(key: Uint8Array, start: number, end: number): number {
    const { seed, h, hashes } = this;
    let a = seed[0];
    let b = seed[1];
    let c = seed[2];
    let d = seed[3];
    for (let i = start; i < end; i++) {
      const byte = key[i];
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b ^ byte, 0x5bd1e995) ^ (b >>> 15);
      c = Math.imul(c ^ byte, 0x85ebca6b) ^ (c >>> 13);
      d = Math.imul(d ^ byte, 0xc2b2ae35) ^ (d >>> 16);
    }
    h[0] = a ^ (end - start);
    h[1] = b;
    h[2] = c;
    h[3] = d;
    let slot = ((b ^ (c >>> 7)) >>> 0) & (SLOTS - 1);
    while (this.offsets[slot] >= 0) {
      const at = slot * 4;
      if (hashes[at] === h[0] && hashes[at + 1] === h[1] && hashes[at + 2] === h[2] && hashes[at + 3] === h[3]) break;
      slot = (slot + 1) & (SLOTS - 1);
    }
    return slot;
  }
}

/** Where one record lies in its batch. */
export interface RecordPlace {
  offset: number;
  timestamp: number;
  /** Position of the key's length: from here to `end` the record is copied as it is. */
  body: number;
  keyStart: number;
  /** Less than `keyStart` where the key is null. */
  keyEnd: number;
  isTombstone: boolean;
  end: number;
}

/** Calls `visit` for each record of a batch with the same, reused object. Throws LogError `corrupt`. */
export function eachRecord(batch: BatchView, visit: (place: RecordPlace, bytes: Uint8Array) => void): void {
  const bytes = batch.bytes;
  const cursor = new Cursor(bytes, batch.start, batch.end);
  const place: RecordPlace = { offset: 0, timestamp: 0, body: 0, keyStart: 0, keyEnd: 0, isTombstone: false, end: 0 };
  const appendTime = (batch.attributes & LOG_APPEND_TIME) !== 0;
  for (let i = 0; i < batch.recordCount; i++) {
    const length = cursor.varint();
    place.end = cursor.pos + length;
    cursor.pos++;
    const timestamp = batch.baseTimestamp + cursor.varlong();
    place.timestamp = appendTime ? batch.maxTimestamp : timestamp;
    place.offset = batch.baseOffset + cursor.varint();
    place.body = cursor.pos;
    const keyLength = cursor.varint();
    place.keyStart = cursor.pos;
    place.keyEnd = cursor.pos + keyLength;
    cursor.pos += Math.max(keyLength, 0);
    place.isTombstone = cursor.varint() < 0;
    visit(place, bytes);
    cursor.pos = place.end;
  }
}

/**
 * Puts what is kept of several batches, one after another, into one: offsets stay, and the new batch spans the offsets of all that went in,
 * so that the log has no holes between batches. It may end up without records.
 */
export class BatchMerger {
  private buffer = new Uint8Array(64 * 1024);
  private pos = HEADER_BYTES;
  private base = -1;
  private last = -1;
  private baseTimestamp = 0;
  private maxTimestamp = -1;
  records = 0;

  get bytes(): number {
    return this.pos;
  }

  get isEmpty(): boolean {
    return this.base < 0;
  }

  /** Whether a batch that ends at this offset still fits into the format's 31 bits of offset delta. */
  reaches(lastOffset: number): boolean {
    return this.base < 0 || lastOffset - this.base < 0x4000_0000;
  }

  add(batch: BatchView, keep: (place: RecordPlace, bytes: Uint8Array) => boolean): void {
    if (this.base < 0) this.base = batch.baseOffset;
    this.last = batch.lastOffset;
    eachRecord(batch, (place, bytes) => {
      if (keep(place, bytes)) this.copy(place, bytes);
    });
  }

  /** The merged batch, sealed; the merger begins anew. */
  take(): { batch: Uint8Array; baseOffset: number; lastOffset: number; records: number } {
    const batch = this.buffer.slice(0, this.pos);
    writeInt32(batch, BATCH_LENGTH, batch.length - LENGTH_END);
    batch[MAGIC] = 2;
    writeInt16(batch, ATTRIBUTES, 0);
    writeInt32(batch, LAST_OFFSET_DELTA, this.last - this.base);
    writeInt64(batch, BASE_TIMESTAMP, this.baseTimestamp);
    writeInt64(batch, MAX_TIMESTAMP, this.maxTimestamp);
    writeInt32(batch, RECORD_COUNT, this.records);
    sealBatch(batch, { baseOffset: this.base });
    const taken = { batch, baseOffset: this.base, lastOffset: this.last, records: this.records };
    this.pos = HEADER_BYTES;
    this.base = -1;
    this.last = -1;
    this.records = 0;
    this.baseTimestamp = 0;
    this.maxTimestamp = -1;
    return taken;
  }

  private copy(place: RecordPlace, bytes: Uint8Array): void {
    if (this.records === 0) this.baseTimestamp = place.timestamp;
    const timestampDelta = place.timestamp - this.baseTimestamp;
    const offsetDelta = place.offset - this.base;
    const bodyBytes = place.end - place.body;
    const length = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + bodyBytes;
    if (this.pos + length + 5 > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.pos + length + 5));
      larger.set(this.buffer.subarray(0, this.pos));
      this.buffer = larger;
    }
    let p = writeVarint(this.buffer, this.pos, length);
    this.buffer[p++] = 0;
    p = writeVarlong(this.buffer, p, timestampDelta);
    p = writeVarint(this.buffer, p, offsetDelta);
    this.buffer.set(bytes.subarray(place.body, place.end), p);
    this.pos = p + bodyBytes;
    this.records++;
    if (place.timestamp > this.maxTimestamp) this.maxTimestamp = place.timestamp;
  }
}
