/**
 * A table of groups by key bytes, without an object per group: an open-addressing index on an Int32Array (linear probing, backward-shift
 * deletion: Knuth, TAOCP 6.4 algorithm R) and a row per slot that holds all there is of a group in one or two cache lines.
 *
 * ```
 * index := (hash, slot + 1)*        int32 pairs; slot + 1 = 0: empty
 * row   := num: float64 * nums      what they mean is up to the generated code
 *          meta: int32 * (META_FIELDS + 3 per blob)
 *                                   key start in the arena (long keys), key length, flags, hash, flush, next; per blob start, length, capacity
 *          key: 16 bytes            of keys that are no longer than that
 * arena := longer keys, and blobs; what is freed stays as waste until half is waste, then the arena is rewritten
 * ```
 * `num`, `meta` and `rowBytes` are views of the same rows: number `i` of a slot is `num[slot * numStride + i]`, field `f` is
 * `meta[slot * metaStride + f]`. Generated code reads and writes them directly, and must read the fields anew after anything that may add a
 * slot.
 */
import { FIRST_SLOTS, FLAGS, FLUSH, GroupRows, HASH, INLINE_KEY, KEY_LENGTH, KEY_START, NEXT } from './group-table-rows.js';

/** Flags of a slot. In the dirty list. */
export const DIRTY = 1;
/** Changed since the last flush: its changelog value is to be written. */
export const CHANGED = 2;
/** The changelog has a value of it. */
export const LOGGED = 4;
/** A row is to be emitted at the next `every` tick. */
export const PENDING = 8;
/** Touched since the eviction hand came by. */
const RECENT = 16;
/** Deleted, but the store does not know it yet: the slot stays so that the stale value is not read back. */
export const DEAD = 32;
/** The group's row was handed on and not taken back since (it may have failed all the same, and not be there). */
export const EMITTED = 64;
/** Changed by the watermark alone: to be logged, not to be emitted. */
export const SHRUNK = 128;
/** The group's row could not be computed when it was to be handed on. */
export const FAILED = 256;
/** From this bit on: one per consumer of the table, "has the row" or "keeps the slot in its buffer". */
export const FIRST_CONSUMER_BIT = 9;
/** Bits 9 to 29. */
export const MAX_CONSUMERS = 21;

/** The index has this many places per slot: it is at most half full. */
const INDEX_PER_SLOT = 2;

export class GroupTable extends GroupRows {
  /** What consumers keep of a slot that has their flag bit, by that bit. */
  readonly pins = new Map<number, Map<number, unknown>>();
  /** Groups with a key, dead ones included. */
  size = 0;
  dirty: Int32Array = new Int32Array(FIRST_SLOTS);
  dirtyCount = 0;
  /** Groups that are only in the store. */
  evicted = 0;
  /** The number of the window that the table is of, in aligned-windows.ts; NaN for tables without windows. */
  id = NaN;
  /** First ms of that window, and the first after it; of sessions: of the one that is handed on. */
  start = NaN;
  end = NaN;
  /** Number of the flush that writes what changes now. */
  flush = 1;
  /** The slot with the key of the row that is handed on, where the row is of another slot: a session. */
  owner = 0;

  private index = new Int32Array(FIRST_SLOTS * INDEX_PER_SLOT * 2);
  private mask = FIRST_SLOTS * INDEX_PER_SLOT - 1;
  private hand = 0;

  /** Bytes of the arrays, and of what has no fixed size. */
  get bytes(): number {
    return this.rowBytes.byteLength + this.arena.byteLength + this.index.byteLength + this.dirty.byteLength + this.sideBytes;
  }

  /** Whether the arrays will have to grow soon. */
  get isNearlyFull(): boolean {
    return (this.capacity - this.slots + this.freeSlots) * 8 < this.capacity;
  }

  /** Bytes that growing adds. */
  get growth(): number {
    return this.rowBytes.byteLength + this.index.byteLength;
  }

  /** Where the key of a slot is: in these bytes, from `keyStart`, `meta[… + KEY_LENGTH]` long. */
  keyBytes(slot: number): Uint8Array {
    return this.meta[slot * this.metaStride + KEY_LENGTH] <= INLINE_KEY ? this.rowBytes : this.arena;
  }

  keyStart(slot: number): number {
    const m = slot * this.metaStride;
    return this.meta[m + KEY_LENGTH] <= INLINE_KEY ? slot * this.rowSize + this.keyOffset : this.meta[m + KEY_START] >>> 0;
  }

  /** The slot of a key, or -1. `hash` is `hashBytes` of the key. */
  find(hash: number, key: Uint8Array, start: number, end: number): number {
    const { index, mask, meta, metaStride } = this;
    const length = end - start;
    const inline = length <= INLINE_KEY;
    const keys = inline ? this.rowBytes : this.arena;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const entry = index[i * 2 + 1];
      if (entry === 0) return -1;
      if (index[i * 2] !== hash) continue;
      const m = (entry - 1) * metaStride;
      if (meta[m + KEY_LENGTH] !== length) continue;
      const offset = (inline ? (entry - 1) * this.rowSize + this.keyOffset : meta[m + KEY_START] >>> 0) - start;
      let p = start;
      while (p < end && keys[offset + p] === key[p]) p++;
      if (p === end) return entry - 1;
    }
  }

  /** A new slot for a key that is not in the table. */
  insert(hash: number, key: Uint8Array, start: number, end: number): number {
    const slot = this.allocate();
    const length = end - start;
    const m = slot * this.metaStride;
    if (length > INLINE_KEY) this.meta[m + KEY_START] = this.reserve(length);
    this.meta[m + KEY_LENGTH] = length;
    this.meta[m + HASH] = hash;
    const keys = this.keyBytes(slot);
    const at = this.keyStart(slot);
    for (let i = 0; i < length; i++) keys[at + i] = key[start + i];
    this.enter(hash, slot);
    this.size++;
    return slot;
  }

  /** Frees a slot; one with a key leaves the index. The caller has taken it out of the dirty list or does not use that any more. */
  remove(slot: number): void {
    const m = slot * this.metaStride;
    if (this.meta[m + KEY_LENGTH] >= 0) {
      this.unlink(slot, this.meta[m + HASH]);
      this.size--;
    }
    this.release(slot);
  }

  /** Frees a group with its older incarnations. */
  removeAll(head: number): void {
    this.removeOlder(head);
    this.remove(head);
  }

  /** Frees a group's older incarnations. */
  removeOlder(head: number): void {
    for (let older = this.meta[head * this.metaStride + NEXT]; older >= 0;) {
      const next = this.meta[older * this.metaStride + NEXT];
      this.remove(older);
      older = next;
    }
    this.meta[head * this.metaStride + NEXT] = -1;
  }

  /** Forgets all groups; the arrays stay, unless they are much larger than what was in use, or `all` of them are to go. */
  clear(all = false): void {
    const capacity = all ? FIRST_SLOTS : this.slots * 8 < this.capacity ? Math.max(FIRST_SLOTS, this.capacity / 4) : this.capacity;
    if (capacity < this.capacity) {
      this.index = new Int32Array(capacity * INDEX_PER_SLOT * 2);
      this.mask = capacity * INDEX_PER_SLOT - 1;
      this.dirty = new Int32Array(FIRST_SLOTS);
      this.clearRows(capacity, all ? 0 : this.arena.length / 4);
    } else {
      this.index.fill(0);
      this.clearRows(capacity, this.arena.length);
    }
    this.pins.clear();
    this.size = 0;
    this.dirtyCount = 0;
    this.evicted = 0;
    this.hand = 0;
  }

  /** The slot's values change: lists it for the next flush. Where DIRTY and CHANGED are set already, there is no need to call it. */
  touch(slot: number): void {
    const f = slot * this.metaStride + FLAGS;
    const flags = this.meta[f];
    this.meta[f] = (flags & ~DEAD) | DIRTY | CHANGED | RECENT;
    this.meta[f + FLUSH - FLAGS] = this.flush;
    if ((flags & DIRTY) === 0) this.list(slot);
  }

  /** Lists a slot for the next flush without saying that its values changed. */
  visit(slot: number): void {
    const f = slot * this.metaStride + FLAGS;
    if ((this.meta[f] & DIRTY) !== 0) return;
    this.meta[f] |= DIRTY;
    this.list(slot);
  }

  private list(slot: number): void {
    if (this.dirtyCount === this.dirty.length) {
      const longer = new Int32Array(this.dirty.length * 2);
      longer.set(this.dirty);
      this.dirty = longer;
    }
    this.dirty[this.dirtyCount++] = slot;
  }

  // ---- Eviction ----

  /** Whether the slot has a live group that is unchanged, in the store (flushed by `stored` at the latest) and pinned by no flag bit. */
  isEvictable(slot: number, stored: number, pinned: number): boolean {
    const m = slot * this.metaStride;
    if (this.meta[m + KEY_LENGTH] < 0 || this.meta[m + FLUSH] > stored) return false;
    return (this.meta[m + FLAGS] & (DIRTY | CHANGED | PENDING | DEAD | pinned)) === 0;
  }

  /**
   * Takes out about `wanted` groups that are evictable and were not touched for one round of the hand (the CLOCK algorithm; Corbató, "A
   * paging experiment with the Multics system", 1968). `evicting` is told before each goes.
   */
  evict(wanted: number, stored: number, pinned: number, evicting: (slot: number) => void): void {
    for (let steps = this.slots * 2; steps > 0 && wanted > 0; steps--) {
      const slot = this.hand;
      this.hand = slot + 1 >= this.slots ? 0 : slot + 1;
      if (!this.isEvictable(slot, stored, pinned)) continue;
      const f = slot * this.metaStride + FLAGS;
      if ((this.meta[f] & RECENT) !== 0) {
        this.meta[f] &= ~RECENT;
        continue;
      }
      evicting(slot);
      this.removeAll(slot);
      this.evicted++;
      wanted--;
    }
  }

  // ---- Index ----

  private enter(hash: number, slot: number): void {
    const { index, mask } = this;
    let i = hash & mask;
    while (index[i * 2 + 1] !== 0) i = (i + 1) & mask;
    index[i * 2] = hash;
    index[i * 2 + 1] = slot + 1;
  }

  private unlink(slot: number, hash: number): void {
    const { index, mask } = this;
    let hole = hash & mask;
    while (index[hole * 2 + 1] !== slot + 1) hole = (hole + 1) & mask;
    for (let i = (hole + 1) & mask; index[i * 2 + 1] !== 0; i = (i + 1) & mask) {
      // An entry may move back into the hole unless its own place lies between the two.
      if (((i - index[i * 2]) & mask) < ((i - hole) & mask)) continue;
      index[hole * 2] = index[i * 2];
      index[hole * 2 + 1] = index[i * 2 + 1];
      hole = i;
    }
    index[hole * 2] = 0;
    index[hole * 2 + 1] = 0;
  }

  protected override grow(): void {
    super.grow();
    this.mask = this.capacity * INDEX_PER_SLOT - 1;
    this.index = new Int32Array(this.capacity * INDEX_PER_SLOT * 2);
    const { meta, metaStride } = this;
    for (let slot = 0, m = 0; slot < this.slots; slot++, m += metaStride) if (meta[m + KEY_LENGTH] >= 0) this.enter(meta[m + HASH], slot);
  }
}
