/** The slow path: an object per record, for tests, `tail`, dead letters. Kernels read the bytes themselves. */
import { LogError } from '../log.js';
import { LOG_APPEND_TIME, readInt16 } from './layout.js';
import type { RecordBatch } from './record-batch.js';
import { Cursor, sizeOfVarint, writeVarint } from './varint.js';

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** Key, value and headers are slices of the batch's buffer: copy what must outlive it. */
export class LogRecord {
  constructor(
    readonly offset: number,
    /** ms; the broker's append time where the topic keeps that */
    readonly timestamp: number,
    readonly key: Uint8Array | null,
    readonly value: Uint8Array | null,
    /** As in the batch, count first; what `BatchBuilder.append` takes. */
    readonly rawHeaders: Uint8Array,
  ) {}

  get headers(): readonly RecordHeader[] {
    return decodeHeaders(this.rawHeaders);
  }
}

/**
 * The records of a batch with offset >= `fromOffset`, in order. Throws LogError `corrupt` where the bytes are not what the format says;
 * the records before that have been given by then.
 */
export function* records(batch: RecordBatch, fromOffset = 0): Generator<LogRecord, void, undefined> {
  if (batch.lastOffset < fromOffset) return;
  const bytes = batch.bytes;
  const cursor = new Cursor(bytes, batch.start, batch.end);
  let previous = -1;
  for (let i = 0; i < batch.recordCount; i++) {
    cursor.end = batch.end;
    const length = cursor.varint();
    const end = cursor.pos + length;
    if (length < 6 || end > batch.end) throw corrupt(batch, i, `has the impossible length ${length}`);
    cursor.end = end;
    cursor.pos += 1; // attributes, unused
    const timestamp = batch.baseTimestamp + cursor.varlong();
    const offsetDelta = cursor.varint();
    if (offsetDelta <= previous || batch.baseOffset + offsetDelta > batch.lastOffset)
      throw corrupt(batch, i, `has offset delta ${offsetDelta} after ${previous}`);
    previous = offsetDelta;
    const key = slice(cursor, batch, i);
    const value = slice(cursor, batch, i);
    const headersStart = cursor.pos;
    skipHeaders(cursor, batch, i);
    if (cursor.pos !== end) throw corrupt(batch, i, `has ${end - cursor.pos} bytes too many`);
    const offset = batch.baseOffset + offsetDelta;
    if (offset < fromOffset) continue;
    yield new LogRecord(
      offset,
      (batch.attributes & LOG_APPEND_TIME) !== 0 ? batch.maxTimestamp : timestamp,
      key,
      value,
      bytes.subarray(headersStart, end),
    );
  }
  if (cursor.pos !== batch.end) throw corrupt(batch, batch.recordCount, `are followed by ${batch.end - cursor.pos} bytes too many`);
}

/** Encoded headers (count first) -> their keys and values. Throws LogError `corrupt`. */
export function decodeHeaders(raw: Uint8Array): RecordHeader[] {
  const cursor = new Cursor(raw, 0, raw.length);
  const count = cursor.varint();
  const headers: RecordHeader[] = [];
  for (let i = 0; i < count; i++) {
    const key = bytesOf(cursor);
    if (key === null) throw new LogError('corrupt', 'a record header has no key', false);
    headers.push({ key: Buffer.from(key.buffer, key.byteOffset, key.length).toString('utf8'), value: bytesOf(cursor) });
  }
  return headers;
}

/** Headers as `BatchBuilder.append` takes them: count first, then each key and value. */
export function encodeHeaders(headers: readonly RecordHeader[]): Uint8Array {
  const keys = headers.map((header) => Buffer.from(header.key, 'utf8'));
  let size = sizeOfVarint(headers.length);
  headers.forEach((header, i) => {
    size += sizeOfVarint(keys[i].length) + keys[i].length + sizeOfVarint(header.value?.length ?? -1) + (header.value?.length ?? 0);
  });
  const out = new Uint8Array(size);
  let p = writeVarint(out, 0, headers.length);
  headers.forEach((header, i) => {
    p = writeVarint(out, p, keys[i].length);
    out.set(keys[i], p);
    p = writeVarint(out, p + keys[i].length, header.value?.length ?? -1);
    if (header.value !== null) {
      out.set(header.value, p);
      p += header.value.length;
    }
  });
  return out;
}

/**
 * What a control batch says of its producer's transaction: `commit` or `abort`; `other` for kinds that this format may still get.
 * Its one record's key is `version:int16 type:int16`.
 */
export function controlType(batch: RecordBatch): 'commit' | 'abort' | 'other' {
  for (const record of records(batch)) {
    const key = record.key;
    if (key === null || key.length < 4) throw corrupt(batch, 0, 'has no control type in its key');
    const type = readInt16(key, 2);
    return type === 0 ? 'abort' : type === 1 ? 'commit' : 'other';
  }
  throw corrupt(batch, 0, 'is missing from a control batch');
}

function slice(cursor: Cursor, batch: RecordBatch, index: number): Uint8Array | null {
  const length = cursor.varint();
  if (length === -1) return null;
  const start = cursor.pos;
  if (length < 0 || start + length > cursor.end) throw corrupt(batch, index, `has a key or value of the impossible length ${length}`);
  cursor.pos = start + length;
  return cursor.bytes.subarray(start, cursor.pos);
}

function skipHeaders(cursor: Cursor, batch: RecordBatch, index: number): void {
  const count = cursor.varint();
  // Two bytes each at least: a wild count ends at the record's end, not after 2^31 turns.
  if (count < 0 || count * 2 > cursor.end - cursor.pos) throw corrupt(batch, index, `has the impossible number of ${count} headers`);
  for (let i = 0; i < count; i++) {
    if (slice(cursor, batch, index) === null) throw corrupt(batch, index, 'has a header without a key');
    slice(cursor, batch, index);
  }
}

function bytesOf(cursor: Cursor): Uint8Array | null {
  const length = cursor.varint();
  if (length === -1) return null;
  const start = cursor.pos;
  if (length < 0 || start + length > cursor.end)
    throw new LogError('corrupt', `a record header has the impossible length ${length}`, false);
  cursor.pos = start + length;
  return cursor.bytes.subarray(start, cursor.pos);
}

function corrupt(batch: RecordBatch, index: number, what: string): LogError {
  return new LogError('corrupt', `record ${index} of ${batch.recordCount} in the batch at offset ${batch.baseOffset} ${what}`, false);
}
