import {
  COMPRESSION_MASK,
  ATTRIBUTES,
  BATCH_LENGTH,
  CONTROL,
  HEADER_BYTES,
  LENGTH_END,
  MAGIC,
  readInt16,
  readInt32,
  RECORD_COUNT,
} from '../log/batch/layout.js';
import { Cursor } from '../log/batch/varint.js';
import { LogError } from '../log/log.js';

/** Where a record's key and value are; five numbers per key in one array. */
const FIELDS = 5;
const BATCH = 0;
const KEY_START = 1;
const KEY_END = 2;
const VALUE_START = 3;
const VALUE_END = 4;
/** VALUE_START of a deletion. */
const DELETED = -1;

/**
 * The records in a run of changelog batches (whole v2 batches, not compressed) as store entries: the newest of each key, in order of their
 * first appearance; or every one, in their order, which is less work where hardly a key has two. Keys are hashed as bytes: no string and no
 * object is made per record. Records without a key and control batches hold no state and are left out. Iterating throws LogError `corrupt`
 * where the bytes are not what the format says, before it gives an entry.
 */
export class ChangelogEntries implements Iterable<readonly [key: Uint8Array, value: Uint8Array | null]> {
  readonly #batches: readonly Uint8Array[];
  readonly #newestOnly: boolean;
  /** Of what was iterated last: records, and entries that they made. */
  records = 0;
  entries = 0;

  constructor(batches: readonly Uint8Array[], newestOnly: boolean) {
    this.#batches = batches;
    this.#newestOnly = newestOnly;
  }

  *[Symbol.iterator](): Generator<readonly [Uint8Array, Uint8Array | null], void, undefined> {
    const index = new Index(this.#batches, this.#newestOnly);
    this.#batches.forEach((bytes, batch) => indexBatches(bytes, batch, index));
    this.records = index.records;
    this.entries = index.size;
    for (let i = 0; i < index.size; i++) yield index.entry(i);
  }
}

class Index {
  readonly #batches: readonly Uint8Array[];
  /** Open addressing, linear probing: 1 + the number of the key, 0 where free. */
  #slots = new Int32Array(1 << 10);
  #hashes = new Int32Array(1 << 9);
  #places = new Int32Array(FIELDS << 9);
  readonly #newestOnly: boolean;
  size = 0;
  records = 0;

  constructor(batches: readonly Uint8Array[], newestOnly: boolean) {
    this.#batches = batches;
    this.#newestOnly = newestOnly;
  }

  put(batch: number, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    this.records++;
    if (this.#newestOnly) this.#putNewest(batch, keyStart, keyEnd, valueStart, valueEnd);
    else this.#add(batch, keyStart, keyEnd, valueStart, valueEnd);
  }

  /** Adds an entry; gives its number. */
  #add(batch: number, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): number {
    if ((this.size + 1) * FIELDS > this.#places.length) {
      const places = new Int32Array(this.#places.length * 2);
      places.set(this.#places);
      this.#places = places;
    }
    this.#place(this.size, batch, keyStart, keyEnd, valueStart, valueEnd);
    return this.size++;
  }

  #putNewest(batch: number, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const bytes = this.#batches[batch];
    const hash = hashOf(bytes, keyStart, keyEnd);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const at = this.#slots[slot] - 1;
      if (at < 0) break;
      if (this.#hashes[at] === hash && this.#isKey(at, bytes, keyStart, keyEnd)) {
        this.#place(at, batch, keyStart, keyEnd, valueStart, valueEnd);
        return;
      }
      slot = (slot + 1) & mask;
    }
    if (this.size === this.#hashes.length) {
      this.#grow();
      this.#putNewest(batch, keyStart, keyEnd, valueStart, valueEnd);
      return;
    }
    const at = this.#add(batch, keyStart, keyEnd, valueStart, valueEnd);
    this.#slots[slot] = at + 1;
    this.#hashes[at] = hash;
  }

  entry(at: number): readonly [Uint8Array, Uint8Array | null] {
    const places = this.#places;
    const p = at * FIELDS;
    const bytes = this.#batches[places[p + BATCH]];
    const value = places[p + VALUE_START] === DELETED ? null : bytes.subarray(places[p + VALUE_START], places[p + VALUE_END]);
    return [bytes.subarray(places[p + KEY_START], places[p + KEY_END]), value];
  }

  #place(at: number, batch: number, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const p = at * FIELDS;
    this.#places[p + BATCH] = batch;
    this.#places[p + KEY_START] = keyStart;
    this.#places[p + KEY_END] = keyEnd;
    this.#places[p + VALUE_START] = valueStart;
    this.#places[p + VALUE_END] = valueEnd;
  }

  #isKey(at: number, bytes: Uint8Array, start: number, end: number): boolean {
    const p = at * FIELDS;
    const other = this.#batches[this.#places[p + BATCH]];
    let q = this.#places[p + KEY_START];
    if (this.#places[p + KEY_END] - q !== end - start) return false;
    for (let i = start; i < end; i++) if (bytes[i] !== other[q++]) return false;
    return true;
  }

  /** Keeps at most half of the slots taken. */
  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let at = 0; at < this.size; at++) {
      let slot = hashes[at] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = at + 1;
    }
    this.#hashes = hashes;
    this.#slots = slots;
  }
}

/** FNV-1a, its bits mixed at the end (murmur3's finalizer), since low bits choose the slot. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i], 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Adds the records of the batches that lie one after the other in `bytes`. */
function indexBatches(bytes: Uint8Array, batch: number, index: Index): void {
  for (let start = 0; start < bytes.length;) {
    if (start + HEADER_BYTES > bytes.length) throw corrupt('ends within its header');
    const end = start + LENGTH_END + readInt32(bytes, start + BATCH_LENGTH);
    if (end < start + HEADER_BYTES || end > bytes.length) throw corrupt('is longer than its bytes');
    if (bytes[start + MAGIC] !== 2) throw corrupt(`has the format ${bytes[start + MAGIC]}, not 2`);
    const attributes = readInt16(bytes, start + ATTRIBUTES);
    if ((attributes & COMPRESSION_MASK) !== 0) throw corrupt('is compressed');
    if ((attributes & CONTROL) === 0) indexRecords(bytes, start + HEADER_BYTES, end, readInt32(bytes, start + RECORD_COUNT), batch, index);
    start = end;
  }
}

function indexRecords(bytes: Uint8Array, start: number, end: number, count: number, batch: number, index: Index): void {
  const cursor = new Cursor(bytes, start, end);
  for (let i = 0; i < count; i++) {
    const length = cursor.varint();
    const recordEnd = cursor.pos + length;
    if (length < 0 || recordEnd > end) throw corrupt('has a record beyond its end');
    cursor.pos += 1; // attributes, unused
    cursor.varlong(); // timestamp delta
    cursor.varint(); // offset delta
    const keyLength = cursor.varint();
    const keyStart = cursor.pos;
    cursor.pos += Math.max(keyLength, 0);
    if (cursor.pos > recordEnd) throw corrupt('has a key beyond its record');
    const keyEnd = cursor.pos;
    const valueLength = cursor.varint();
    const valueStart = cursor.pos;
    if (valueStart + Math.max(valueLength, 0) > recordEnd) throw corrupt('has a value beyond its record');
    if (keyLength >= 0) index.put(batch, keyStart, keyEnd, valueLength < 0 ? DELETED : valueStart, valueStart + valueLength);
    cursor.pos = recordEnd;
  }
}

function corrupt(what: string): LogError {
  return new LogError('corrupt', `a changelog batch ${what}`, false);
}
