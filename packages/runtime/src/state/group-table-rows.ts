/**
 * The rows of a group table: fixed-size memory per group, and an arena for what has no fixed size. See group-table.ts for the layout.
 */
import { compareBytes } from './group-table-hash.js';
import { SideState } from './side-state.js';

/** Fields of a slot in `meta`. The first: where a key that is longer than INLINE_KEY bytes begins in the arena. */
export const KEY_START = 0;
/** Of the key in bytes; FREE for a free slot, LINKED for a slot without a key of its own (an older incarnation). */
export const KEY_LENGTH = 1;
export const FLAGS = 2;
export const HASH = 3;
/** Number of the flush that will write, or wrote, the slot's last change. */
export const FLUSH = 4;
/** Next older incarnation; -1: none. In free slots: the next free slot. */
export const NEXT = 5;
export const META_FIELDS = 6;
/** Of a blob, from the field that `blobField` gives: start, length (-1: null), capacity. */
const BLOB_FIELDS = 3;
/** Bytes of the longest key that stands in the row itself. */
export const INLINE_KEY = 16;

const FREE = -1;
const LINKED = -2;

export interface TableLayout {
  /** Doubles per slot, and what they are in a new one. */
  readonly init: Float64Array;
  /** Byte values per slot. */
  readonly blobs: number;
  /** Side maps: for what neither doubles nor bytes hold (exact sums that spill, bigints). */
  readonly sides: number;
}

export const FIRST_SLOTS = 16;
const FIRST_ARENA = 512;
/** Less waste than this is not worth rewriting the arena for. */
const MIN_WASTE = 64 * 1024;
const MAX_ARENA = 2 ** 32 - 1;
/** From here on `set(subarray())` is faster than a loop. */
const LONG_COPY = 64;

/** The first of a blob's fields in `meta`. */
export function blobField(blob: number): number {
  return META_FIELDS + blob * BLOB_FIELDS;
}

/** Bytes of a slot's row. */
export function rowSizeOf({ init, blobs }: TableLayout): number {
  return (init.length * 8 + (META_FIELDS + blobs * BLOB_FIELDS) * 4 + INLINE_KEY + 7) & ~7;
}

export class GroupRows {
  meta!: Int32Array;
  num!: Float64Array;
  /** Of the same rows; short keys are in it. */
  rowBytes!: Uint8Array;
  arena = new Uint8Array(FIRST_ARENA);
  readonly metaStride: number;
  readonly numStride: number;
  /** Bytes of a row, and where in it the key is. */
  readonly rowSize: number;
  readonly keyOffset: number;
  /** Values of a slot that do not fit elsewhere, one map per column of that kind; empty as a rule. */
  readonly sides: Map<number, unknown>[] = [];
  /** Of the states in `sides` that have no fixed size. */
  sideBytes = 0;
  /** Slots ever used: all slots are below it. */
  slots = 0;

  protected capacity = FIRST_SLOTS;
  protected freeSlots = 0;
  private readonly init: Float64Array;
  private readonly metaFields: number;
  private freeSlot = -1;
  private arenaEnd = 0;
  private waste = 0;

  constructor(layout: TableLayout) {
    this.init = layout.init;
    this.metaFields = blobField(layout.blobs);
    this.rowSize = rowSizeOf(layout);
    this.metaStride = this.rowSize / 4;
    this.numStride = this.rowSize / 8;
    this.keyOffset = layout.init.length * 8 + this.metaFields * 4;
    for (let i = 0; i < layout.sides; i++) this.sides.push(new Map());
    this.view(new ArrayBuffer(FIRST_SLOTS * this.rowSize));
  }

  /** A new slot without a key. */
  allocate(): number {
    let slot = this.freeSlot;
    if (slot >= 0) {
      this.freeSlot = this.meta[slot * this.metaStride + NEXT];
      this.freeSlots--;
    } else {
      if (this.slots === this.capacity) this.grow();
      slot = this.slots++;
    }
    const m = slot * this.metaStride;
    this.meta.fill(0, m, m + this.metaFields);
    this.meta[m + KEY_LENGTH] = LINKED;
    this.meta[m + NEXT] = -1;
    this.reset(slot);
    return slot;
  }

  /** Puts a slot's values (not its key and flags) back to those of a new one. */
  reset(slot: number): void {
    this.num.set(this.init, slot * this.numStride);
    const m = slot * this.metaStride;
    for (let f = META_FIELDS; f < this.metaFields; f += BLOB_FIELDS) {
      this.waste += this.meta[m + f + 2];
      this.meta[m + f] = 0;
      this.meta[m + f + 1] = -1;
      this.meta[m + f + 2] = 0;
    }
    for (const side of this.sides) {
      if (side.size === 0) continue;
      const state = side.get(slot);
      if (state === undefined) continue;
      if (state instanceof SideState) this.sideBytes -= state.bytes;
      side.delete(slot);
    }
  }

  /** Moves a slot's values to another slot; the first has those of a new one then. */
  move(from: number, to: number): void {
    const n = this.numStride;
    this.reset(to);
    this.num.copyWithin(to * n, from * n, from * n + this.init.length);
    const [mf, mt] = [from * this.metaStride, to * this.metaStride];
    for (let f = META_FIELDS; f < this.metaFields; f++) {
      this.meta[mt + f] = this.meta[mf + f];
      this.meta[mf + f] = 0;
    }
    for (const side of this.sides) {
      if (side.size === 0 || !side.has(from)) continue;
      side.set(to, side.get(from));
      side.delete(from);
    }
    this.reset(from);
  }

  /** Frees a slot that is in no index. */
  protected release(slot: number): void {
    const m = slot * this.metaStride;
    if (this.meta[m + KEY_LENGTH] > INLINE_KEY) this.waste += this.meta[m + KEY_LENGTH];
    this.reset(slot);
    this.meta[m + KEY_LENGTH] = FREE;
    this.meta[m + FLAGS] = 0;
    this.meta[m + NEXT] = this.freeSlot;
    this.freeSlot = slot;
    this.freeSlots++;
    if (this.waste > MIN_WASTE && this.waste * 2 > this.arenaEnd) this.compact(0);
  }

  /** Forgets all slots; with a new capacity if that is less. */
  protected clearRows(capacity: number, arenaBytes: number): void {
    if (capacity < this.capacity) {
      this.capacity = capacity;
      this.view(new ArrayBuffer(capacity * this.rowSize));
    }
    if (arenaBytes < this.arena.length) this.arena = new Uint8Array(Math.max(FIRST_ARENA, arenaBytes));
    for (const side of this.sides) side.clear();
    this.sideBytes = 0;
    this.slots = 0;
    this.freeSlot = -1;
    this.freeSlots = 0;
    this.arenaEnd = 0;
    this.waste = 0;
  }

  // ---- Blobs: byte values of a slot ----

  /** Sets blob field `field` (see `blobField`) of a slot to `bytes[start, end)`, which is not in the arena. */
  setBlob(slot: number, field: number, bytes: Uint8Array, start: number, end: number): void {
    if (bytes === this.arena) throw new Error('a blob cannot be set from the arena that it lies in');
    const length = end - start;
    const m = slot * this.metaStride + field;
    if (this.meta[m + 2] < length || this.meta[m + 1] < 0) {
      // Some room, so that a value of about this length does not move each time.
      const capacity = (length + 7) & ~7;
      this.waste += this.meta[m + 2];
      this.meta[m + 2] = 0;
      this.meta[m + 1] = -1;
      this.meta[m] = this.reserve(capacity);
      this.meta[m + 2] = capacity;
    }
    this.meta[m + 1] = length;
    const at = (this.meta[m] >>> 0) - start;
    if (length > LONG_COPY) this.arena.set(bytes.subarray(start, end), at + start);
    else for (let arena = this.arena, i = start; i < end; i++) arena[at + i] = bytes[i];
  }

  /** Keeps the greater of a blob and `bytes[start, end)`, in byte order. */
  maxBlob(slot: number, field: number, bytes: Uint8Array, start: number, end: number): void {
    const m = slot * this.metaStride + field;
    const at = this.meta[m] >>> 0;
    const length = this.meta[m + 1];
    if (length < 0 || compareBytes(bytes, start, end, this.arena, at, at + length) > 0) this.setBlob(slot, field, bytes, start, end);
  }

  /** Keeps the lesser of a blob and `bytes[start, end)`, in byte order. */
  minBlob(slot: number, field: number, bytes: Uint8Array, start: number, end: number): void {
    const m = slot * this.metaStride + field;
    const at = this.meta[m] >>> 0;
    const length = this.meta[m + 1];
    if (length < 0 || compareBytes(bytes, start, end, this.arena, at, at + length) < 0) this.setBlob(slot, field, bytes, start, end);
  }

  // ---- Memory ----

  private view(rows: ArrayBuffer): void {
    this.num = new Float64Array(rows);
    this.meta = new Int32Array(rows, this.init.length * 8);
    this.rowBytes = new Uint8Array(rows);
  }

  protected grow(): void {
    this.capacity *= 2;
    const before = this.rowBytes;
    this.view(new ArrayBuffer(this.capacity * this.rowSize));
    this.rowBytes.set(before);
  }

  /** Room in the arena; all of `arena` may have moved. */
  protected reserve(length: number): number {
    if (this.arenaEnd + length > this.arena.length) this.compact(length);
    const at = this.arenaEnd;
    this.arenaEnd += length;
    return at;
  }

  /** Writes the arena anew without waste, with room for `extra` bytes and more. */
  private compact(extra: number): void {
    const { meta, metaStride, arena } = this;
    const live = this.arenaEnd - this.waste;
    const capacity = Math.min(MAX_ARENA, Math.max(FIRST_ARENA, (live + extra) * 2));
    if (live + extra > capacity) throw new RangeError(`the keys and texts of one table take more than ${MAX_ARENA} bytes`);
    const fresh = new Uint8Array(capacity);
    let at = 0;
    const keep = (field: number, length: number, room: number): void => {
      const from = meta[field] >>> 0;
      for (let i = 0; i < length; i++) fresh[at + i] = arena[from + i];
      meta[field] = at;
      at += room;
    };
    for (let slot = 0, m = 0; slot < this.slots; slot++, m += metaStride) {
      const length = meta[m + KEY_LENGTH];
      if (length === FREE) continue;
      if (length > INLINE_KEY) keep(m + KEY_START, length, length);
      for (let f = m + META_FIELDS; f < m + this.metaFields; f += BLOB_FIELDS) keep(f, meta[f + 1], meta[f + 2]);
    }
    this.arena = fresh;
    this.arenaEnd = at;
    this.waste = 0;
  }
}
