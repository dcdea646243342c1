/**
 * The groups of one fold in one task: where they are, how records and encoded entries get in, and how they are written. What a group's
 * accumulators are is generated code (`FoldCode`).
 *
 * An incarnation is `num[0]` = greatest contributing event time and, where a group has several (with a ttl; sessions), `num[1]` = the least;
 * the accumulators follow. The slot with the key holds the newest incarnation, older ones hang on it by NEXT.
 */
import { CHANGED, DEAD, DIRTY, EMITTED, FAILED, GroupTable, LOGGED } from '../../state/group-table.js';
import { FLAGS, FLUSH, KEY_LENGTH, NEXT, type TableLayout } from '../../state/group-table-rows.js';
import { hashBytes } from '../../state/group-table-hash.js';
import type { FoldTransform } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { type AlignedWindows, alignedWindows, GIVEN_WINDOWS, isAligned } from '../../plan/aligned-windows.js';
import { panesOf } from '../../plan/panes.js';
import { closesWithWindow, hasWindowTables, reachOf } from '../../plan/window-times.js';
import { readInt32, readSortableLong } from './bytes.js';
import { ColdGroups } from './cold-groups.js';
import { ExpiryIndex } from './expiry-index.js';
import { Scratch } from './scratch.js';
import type { TaskState } from './task-state.js';
import { WindowTables } from './window-tables.js';

export type FoldNode = Extract<StageNode, { op: 'fold' }>;

/** Generated per fold. `T` is the table, a slot is an index in it. */
export interface FoldCode {
  readonly layout: TableLayout;
  /** Flag bits by which ranks that read the fold's table hold slots that they need. */
  readonly pinned: number;
  /** Ranks read the fold's rows. */
  readonly ranked: boolean;
  /** Writes `time, [first,] accumulators` of one incarnation to `K.values` at `p`; the position after it is returned. */
  writeEntry(K: TaskState, T: GroupTable, slot: number, p: number): number;
  /** Folds the accumulators of an encoded entry at `K.cursor` (behind its times) into a slot. */
  readAccumulators(K: TaskState, T: GroupTable, slot: number): void;
  /** Folds slot `from` into `to`, accumulators only. */
  merge(T: GroupTable, from: number, to: number): void;
  /** Hands the group's row on: an upsert, or of mode `final` a stream row. Where it cannot be computed it is taken back. */
  emit(K: TaskState, T: GroupTable, slot: number): void;
  /** Takes the group's row back from those that have it. */
  retract(K: TaskState, T: GroupTable, slot: number): void;
  /** After a restart, or after eviction: those behind have the row already. */
  prime(K: TaskState, T: GroupTable, slot: number): void;
  /** Over a table: takes what a row gives into a slot, or out of it. Null: rows are of streams, or come as partials. */
  readonly apply: ((K: TaskState, T: GroupTable, slot: number, cells: readonly unknown[], sign: 1 | -1, time: number) => void) | null;
  /** Over a table: whether the group has no rows, so that it is none. Null: groups stay. */
  readonly isEmpty: ((K: TaskState, T: GroupTable, slot: number) => boolean) | null;
  /** The group goes out of memory; it is primed when it comes back. Null: nobody asks. */
  readonly evicted: ((K: TaskState, T: GroupTable, slot: number) => void) | null;
  /** Bytes that those behind keep of rows; they go with the groups. */
  remembered(K: TaskState): number;
  /** A window's rows will not change any more, and its table goes: ranks keep what they need. */
  freeze(K: TaskState, T: GroupTable): void;
  /** As `freeze`, of the row of one session. */
  settle(K: TaskState, T: GroupTable, slot: number): void;
}

export class FoldTables {
  /** Without windows: the one table. Otherwise a table that is never used. */
  readonly table: GroupTable;
  readonly windows: WindowTables | null;
  readonly ttl: number;

  protected readonly expiry: ExpiryIndex | null;
  /** Groups that were evicted; null where nothing ever is. */
  protected readonly cold: ColdGroups | null;
  /** Of the last flush. */
  protected watermark = -Infinity;
  /** Milliseconds per list of evicted groups that expire. */
  protected readonly coldWidth: number;
  /** The flush number that restored entries get; see `stored`. */
  protected restoring = -(2 ** 30);
  /** `emit: every` after a restart: groups that were evicted before are all still to be emitted. */
  protected evictedArePending = false;
  /** A group may have several incarnations, and is written as an array of them. */
  protected readonly several: boolean;
  protected readonly store: number;
  protected readonly fingerprint: number;
  private readonly lookup = new Scratch();

  constructor(
    protected readonly node: FoldNode,
    readonly index: number,
    protected readonly code: FoldCode,
    protected readonly task: TaskState,
    fingerprint: number,
  ) {
    const { window, ttlMs, emit } = node.transform;
    const reach = reachOf(node.transform);
    this.table = new GroupTable(code.layout);
    this.windows = hasWindowTables(node.transform) ? new WindowTables(code.layout, tablesOf(node.transform)) : null;
    this.ttl = ttlMs ?? Infinity;
    this.several = reach !== null;
    const expires = reach ?? (window?.kind === 'sliding' ? window.sizeMs : null);
    this.expiry = expires === null || node.mode === 'partial' ? null : new ExpiryIndex(expires);
    this.coldWidth = Math.max(1, Math.floor((reach ?? 0) / 64));
    this.store = node.store ?? 0;
    this.fingerprint = fingerprint;
    const { store, memoryLimit } = task.env;
    const evicts = store !== null && memoryLimit < Infinity && node.mode !== 'partial' && window?.kind !== 'sliding';
    this.cold = evicts
      ? new ColdGroups(store, memoryLimit, closesWithWindow(node.transform) || reach !== null || code.pinned !== 0 || emit.mode === 'every')
      : null;
  }

  /** All tables, or just one of them. */
  protected tables(only?: GroupTable): Iterable<GroupTable> {
    return only ? [only] : this.windows === null ? [this.table] : this.windows.all();
  }

  // ---- Adding ----

  /** The slot of a key that `find` did not find: what was evicted comes back, else the group is new. */
  miss(K: TaskState, T: GroupTable, hash: number, key: Uint8Array, start: number, end: number): number {
    const { cold } = this;
    if (cold !== null && (cold.hasStrangers || (T.evicted > 0 && cold.mayHave(hash)))) {
      const slot = this.readBack(K, T, hash, key, start, end);
      if (slot >= 0) return slot;
    }
    return T.insert(hash, key, start, end);
  }

  /** The slot of an evicted group, back in the table as it was; -1: the store does not have it. Leaves `K.keys` as it is. */
  protected readBack(K: TaskState, T: GroupTable, hash: number, key: Uint8Array, start: number, end: number): number {
    const value = this.cold!.get(this.storeKeyOf(T, key, start, end));
    if (value === undefined) return -1;
    const slot = T.insert(hash, key, start, end);
    this.checkFingerprint(value);
    this.addEncoded(K, T, slot, value, 4, value.length);
    T.meta[slot * T.metaStride + FLAGS] = LOGGED;
    T.meta[slot * T.metaStride + FLUSH] = this.restoring;
    T.evicted--;
    if (this.expiry !== null) this.expiry.add(slot, this.dueOf(slot));
    if (this.node.transform.emit.mode === 'final') return slot;
    // Those behind write their keys to the same scratch, and the caller may still need what is there.
    const scratch = K.keys.bytes;
    const saved = key === scratch ? key.slice(start, end) : null;
    this.cameBack(K, T, slot);
    if (saved !== null) scratch.set(saved, start);
    return slot;
  }

  /** A group is in the table again: those behind have its row, if it was out. */
  protected cameBack(K: TaskState, T: GroupTable, slot: number): void {
    if (!this.evictedArePending && T.num[slot * T.numStride] + this.ttl <= this.watermark) return;
    this.code.prime(K, T, slot);
    T.meta[slot * T.metaStride + FLAGS] |= EMITTED;
  }

  /**
   * The slot of the incarnation that [first, last] belongs to after joining all that are no further than the ttl from it. Times are set.
   */
  place(T: GroupTable, head: number, first: number, last: number): number {
    const { ttl } = this;
    const n = T.numStride;
    if (T.num[head * n] === -Infinity) {
      T.num[head * n] = last;
      T.num[head * n + 1] = first;
      this.expiry?.add(head, last + ttl);
      return head;
    }
    let target = -1;
    for (let slot = head, before = -1; slot >= 0;) {
      const next = T.meta[slot * T.metaStride + NEXT];
      const near = T.num[slot * n + 1] - ttl <= last && first <= T.num[slot * n] + ttl;
      if (near && target < 0) target = slot;
      else if (near) {
        this.code.merge(T, slot, target);
        extend(T, target, T.num[slot * n + 1], T.num[slot * n]);
        T.meta[before * T.metaStride + NEXT] = next;
        T.remove(slot);
        slot = next;
        continue;
      }
      before = slot;
      slot = next;
    }
    if (target < 0) target = this.separate(T, head, last);
    extend(T, target, first, last);
    return target;
  }

  /** A fresh incarnation of the group; the newest is at the head. */
  private separate(T: GroupTable, head: number, last: number): number {
    const older = T.allocate();
    const m = T.metaStride;
    T.meta[older * m + NEXT] = T.meta[head * m + NEXT];
    T.meta[head * m + NEXT] = older;
    if (last <= T.num[head * T.numStride]) {
      this.expiry?.add(head, last + 2 * this.ttl);
      return older;
    }
    T.move(head, older);
    return head;
  }

  /** Folds encoded entries (of a partial, or of a store) into a group: `bytes[start, end)` as state-layout.ts has it. */
  private addEncoded(K: TaskState, T: GroupTable, slot: number, bytes: Uint8Array, start: number, end: number): void {
    const c = K.cursor.at(bytes, start, end);
    if (!this.several) {
      const time = Number(c.long());
      const q = slot * T.numStride;
      if (time > T.num[q]) T.num[q] = time;
      this.code.readAccumulators(K, T, slot);
      return;
    }
    for (let count = Number(c.long()); count !== 0; count = Number(c.long())) {
      if (count < 0) {
        count = -count;
        c.long();
      }
      for (; count > 0; count--) this.addIncarnation(K, T, slot);
    }
  }

  /** Folds the incarnation at `K.cursor` into a group. */
  protected addIncarnation(K: TaskState, T: GroupTable, head: number): void {
    const last = Number(K.cursor.long());
    const first = Number(K.cursor.long());
    this.code.readAccumulators(K, T, this.place(T, head, first, last));
  }

  /** A partial that came through the repartition topic. */
  receive(K: TaskState, bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    K.rowsIn[this.index]++;
    if (this.windows === null) this.addPartial(K, this.table, bytes, keyStart, keyEnd, valueStart, valueEnd);
    else this.addTo(K, readSortableLong(bytes, valueStart), bytes, keyStart, keyEnd, valueStart + 8, valueEnd);
  }

  /** Folds a partial into the window of that number. */
  protected addTo(K: TaskState, window: number, bytes: Uint8Array, keyStart: number, keyEnd: number, start: number, end: number): void {
    this.addPartial(K, this.windows!.at(window), bytes, keyStart, keyEnd, start, end);
  }

  protected addPartial(K: TaskState, T: GroupTable, bytes: Uint8Array, keyStart: number, keyEnd: number, start: number, end: number): void {
    const hash = hashBytes(bytes, keyStart, keyEnd);
    let slot = T.find(hash, bytes, keyStart, keyEnd);
    if (slot < 0) slot = this.miss(K, T, hash, bytes, keyStart, keyEnd);
    this.addEncoded(K, T, slot, bytes, start, end);
    if ((T.meta[slot * T.metaStride + FLAGS] & (DIRTY | CHANGED)) !== (DIRTY | CHANGED)) T.touch(slot);
  }

  /** When something of a group with ttl is due next; Infinity for dead ones. */
  protected dueOf(slot: number): number {
    const T = this.table;
    const flags = T.meta[slot * T.metaStride + FLAGS];
    if ((flags & DEAD) !== 0) return Infinity;
    let oldest = T.num[slot * T.numStride];
    const last = oldest;
    for (let older = T.meta[slot * T.metaStride + NEXT]; older >= 0; older = T.meta[older * T.metaStride + NEXT])
      oldest = Math.min(oldest, T.num[older * T.numStride]);
    const gone = oldest + 2 * this.ttl;
    return (flags & (EMITTED | FAILED)) === EMITTED ? Math.min(gone, last + this.ttl) : gone;
  }

  // ---- Writing ----

  /** Store key of a group to `K.keys`; its end is returned. */
  protected writeStoreKey(K: TaskState, T: GroupTable, slot: number): number {
    const start = T.keyStart(slot);
    return this.writeKey(K.keys, T, T.keyBytes(slot), start, start + T.meta[slot * T.metaStride + KEY_LENGTH]);
  }

  private storeKeyOf(T: GroupTable, key: Uint8Array, start: number, end: number): Uint8Array {
    return this.lookup.bytes.slice(0, this.writeKey(this.lookup, T, key, start, end));
  }

  protected writeKey(to: Scratch, T: GroupTable, key: Uint8Array, start: number, end: number): number {
    let p = to.byte(0, this.store);
    if (this.windows !== null) p = to.sortableLong(p, T.id);
    return to.copy(p, key, start, end);
  }

  /** The group's entry, or with ttl all its incarnations, oldest first, to `K.values`. */
  protected writeEntries(K: TaskState, T: GroupTable, head: number, p: number): number {
    if (!this.several) return this.code.writeEntry(K, T, head, p);
    const W = K.values;
    if (T.meta[head * T.metaStride + NEXT] < 0) return W.byte(this.code.writeEntry(K, T, head, W.byte(p, 2)), 0);
    const slots: number[] = [];
    for (let slot = head; slot >= 0; slot = T.meta[slot * T.metaStride + NEXT]) slots.push(slot);
    slots.sort((a, b) => T.num[a * T.numStride] - T.num[b * T.numStride]);
    p = W.long(p, slots.length);
    for (const slot of slots) p = this.code.writeEntry(K, T, slot, p);
    return W.byte(p, 0);
  }

  /** The group's value, to the changelog. */
  protected log(K: TaskState, T: GroupTable, slot: number): void {
    const keyEnd = this.writeStoreKey(K, T, slot);
    const end = this.writeEntries(K, T, slot, K.values.int32(0, this.fingerprint));
    K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, K.values.bytes, 0, end, null);
  }

  protected logTombstone(K: TaskState, T: GroupTable, slot: number): void {
    const end = this.writeStoreKey(K, T, slot);
    K.changelog().append(K.now, K.keys.bytes, 0, end, null, 0, 0, null);
  }

  /** Partials of all groups, to the repartition topic. */
  protected sendTable(K: TaskState, T: GroupTable): void {
    const output = this.node.output!;
    const { metaStride } = T;
    const single = K.env.partitions[output] === 1;
    let sent = 0;
    for (let slot = 0; slot < T.slots; slot++) {
      const length = T.meta[slot * metaStride + KEY_LENGTH];
      if (length < 0) continue;
      const keys = T.keyBytes(slot);
      const start = T.keyStart(slot);
      const p = this.writeEntries(K, T, slot, this.windows === null ? 0 : K.values.sortableLong(0, T.id));
      const partition = single ? 0 : K.partitionOf(output, keys, start, start + length);
      K.builder(output, partition).append(K.now, keys, start, start + length, K.values.bytes, 0, p, null);
      sent++;
    }
    if (sent > 0) K.wrote[output] = true;
    K.rowsOut[this.index] += sent;
  }

  // ---- Restoring ----

  /** One changelog record, its key without the store's number. */
  restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const from = this.windows === null ? 0 : 8;
    const T = this.windows === null ? this.table : this.windows.at(readSortableLong(key, 0));
    const hash = hashBytes(key, from, key.length);
    let slot = T.find(hash, key, from, key.length);
    if (slot >= 0) {
      T.removeOlder(slot);
      this.expiry?.remove(slot);
      if (value === null) T.remove(slot);
      else T.reset(slot);
    } else if (this.cold?.hasStrangers === true && this.cold.get(this.storeKeyOf(T, key, from, key.length)) !== undefined) T.evicted--;
    if (value === null) {
      if (this.windows !== null && T.size === 0 && T.evicted === 0) this.windows.close(T);
      return;
    }
    if (slot < 0) slot = T.insert(hash, key, from, key.length);
    this.checkFingerprint(value);
    this.addEncoded(K, T, slot, value, 4, value.length);
    T.meta[slot * T.metaStride + FLAGS] = LOGGED;
    T.meta[slot * T.metaStride + FLUSH] = this.restoring;
  }

  protected checkFingerprint(value: Uint8Array): void {
    const found = readInt32(value, 0) >>> 0;
    if (found !== this.fingerprint)
      throw new Error(`the state of ${this.node.id} was written with another layout (${found}, expected ${this.fingerprint})`);
  }
}

/** Widens an incarnation. */
export function extend(T: GroupTable, slot: number, first: number, last: number): void {
  const q = slot * T.numStride;
  if (last > T.num[q]) T.num[q] = last;
  if (first < T.num[q + 1]) T.num[q + 1] = first;
}

/** The windows, or panes, that have a table each. */
function tablesOf({ window, panes }: FoldTransform): Pick<AlignedWindows, 'startOf' | 'endOf' | 'spacing'> {
  if (!isAligned(window)) return GIVEN_WINDOWS;
  const aligned = alignedWindows(window);
  return panes === true ? panesOf(aligned) : aligned;
}
