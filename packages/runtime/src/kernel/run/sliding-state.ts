/**
 * Sliding windows of one fold in one task: a row per event, over the events of its group in the time before it. A group is a slot with its
 * key; its events stand in slots of their own, one per moment: `num[0]` = the time, `num[1]` = how many rows are still to be given for it.
 * Flags of such a slot: CHANGED, LOGGED. Where memory is short, a group of which all is in the store keeps its key and the times of its moments;
 * they come back when an event of it does, or when something of it is due.
 */
import type { SlidingWindow } from '@rta/dsl';
import { CHANGED, type GroupTable, LOGGED } from '../../state/group-table.js';
import { hashBytes } from '../../state/group-table-hash.js';
import { FLAGS, KEY_LENGTH } from '../../state/group-table-rows.js';
import { spanOf } from '../../plan/window-times.js';
import { readSortableLong } from './bytes.js';
import { FoldMemory } from './fold-memory.js';
import type { FoldCode, FoldNode } from './fold-tables.js';
import { compareKeys } from './key-order.js';
import { Scratch } from './scratch.js';
import { SlidingSum } from './sliding-sum.js';
import type { TaskState } from './task-state.js';

const ROWS = 1;
/** Of a moment in front of a key or an entry. */
const TIME_BYTES = 8;

/** Moments that are in the store only. */
interface ColdMoments {
  readonly times: Float64Array;
  /** How many of them have given their rows. */
  readonly given: number;
}

/** What a group takes without its moments, and each of their times. */
const COLD_BYTES = 150;

/** The moments of a group. */
interface Moments {
  /** Slots by time; those before `from` are freed. */
  slots: number[];
  from: number;
  /** All moments before this one have given their rows. */
  given: number;
  /** How many were taken out of `slots`. */
  removed: number;
  sum: SlidingSum | null;
  /** Number of the flush that last wrote of it; 0: none since it was restored. */
  flush: number;
}

export class SlidingState extends FoldMemory {
  private readonly size: number;
  /** From an event until no other at or before its time is accepted, ms. */
  private readonly wait: number;
  /** By the slot of the group. */
  private readonly groups = new Map<number, Moments>();
  /** By the slot of the group: those that were evicted. */
  private readonly coldMoments = new Map<number, ColdMoments>();
  private coldTimes = 0;
  /** Its own: generated code may still need what is in `K.keys`. */
  private readonly momentKey = new Scratch();
  private storedFlush = -1;
  /** Slots with CHANGED. */
  private changed: number[] = [];

  constructor(node: FoldNode, window: SlidingWindow, index: number, code: FoldCode, K: TaskState, fingerprint: number) {
    super(node, index, code, K, fingerprint);
    this.size = window.sizeMs;
    this.wait = spanOf(window);
  }

  /** The slot of a moment of a group, for which `rows` more rows are to be given. */
  moment(T: GroupTable, head: number, time: number, rows: number): number {
    if (this.coldMoments.size > 0) this.warm(T, head);
    let moments = this.groups.get(head);
    if (moments === undefined) {
      moments = { slots: [], from: 0, given: 0, removed: 0, sum: null, flush: 0 };
      this.groups.set(head, moments);
    }
    const { slots } = moments;
    let i = slots.length;
    while (i > moments.from && T.num[slots[i - 1] * T.numStride] > time) i--;
    let slot: number;
    if (i > moments.from && T.num[slots[i - 1] * T.numStride] === time) slot = slots[--i];
    else {
      slot = T.allocate();
      T.num[slot * T.numStride] = time;
      slots.splice(i, 0, slot);
      this.expiry?.add(head, time + this.wait);
    }
    moments.given = Math.min(moments.given, i);
    if (moments.sum?.has(moments.removed + i) === true) forgetSum(moments);
    T.num[slot * T.numStride + ROWS] += rows;
    const f = slot * T.metaStride + FLAGS;
    if ((T.meta[f] & CHANGED) === 0) {
      T.meta[f] |= CHANGED;
      this.changed.push(head, slot);
    }
    return slot;
  }

  // ---- What comes in ----

  override receive(K: TaskState, bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    this.add(K, bytes, keyStart, keyEnd, bytes, valueStart + TIME_BYTES, valueEnd);
    K.rowsIn[this.index]++;
  }

  /** Folds an encoded entry into the moment that it is of; its slot is returned. */
  private add(K: TaskState, key: Uint8Array, keyStart: number, keyEnd: number, bytes: Uint8Array, start: number, end: number): number {
    const T = this.table;
    const hash = hashBytes(key, keyStart, keyEnd);
    let head = T.find(hash, key, keyStart, keyEnd);
    if (head < 0) head = T.insert(hash, key, keyStart, keyEnd);
    // Before the cursor is where it is needed below.
    else this.warm(T, head);
    const c = K.cursor.at(bytes, start, end);
    const time = Number(c.long());
    const rows = Number(c.long());
    const slot = this.moment(T, head, time, rows);
    this.code.readAccumulators(K, T, slot);
    return slot;
  }

  override restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const T = this.table;
    const head = T.find(hashBytes(key, TIME_BYTES, key.length), key, TIME_BYTES, key.length);
    if (head >= 0) this.forget(T, head, readSortableLong(key, 0));
    if (value === null) return;
    this.checkFingerprint(value);
    const slot = this.add(K, key, TIME_BYTES, key.length, value, 4, value.length);
    T.meta[slot * T.metaStride + FLAGS] = LOGGED;
    this.changed = [];
  }

  /** Takes out a moment as the changelog had it before. */
  private forget(T: GroupTable, head: number, time: number): void {
    const moments = this.groups.get(head)!;
    const i = moments.slots.findIndex((slot) => T.num[slot * T.numStride] === time);
    if (i < 0) return;
    T.remove(moments.slots[i]);
    moments.slots.splice(i, 1);
    moments.given = Math.min(moments.given, i);
    if (moments.slots.length === 0) this.removeGroup(T, head);
  }

  private removeGroup(T: GroupTable, head: number): void {
    forgetSum(this.groups.get(head)!);
    this.groups.delete(head);
    this.expiry?.remove(head);
    T.remove(head);
  }

  /** Rows that were due at the watermark of the last commit were given then. */
  restored(_K: TaskState, watermark: number): void {
    this.endRestoring();
    this.watermark = watermark;
    const T = this.table;
    for (const moments of this.groups.values()) {
      const { slots } = moments;
      for (const slot of slots) if (T.num[slot * T.numStride] + this.wait <= watermark) T.num[slot * T.numStride + ROWS] = 0;
      while (moments.given < slots.length && T.num[slots[moments.given] * T.numStride + ROWS] === 0) moments.given++;
    }
  }

  // ---- Memory ----

  override stored(commit: number): void {
    super.stored(commit);
    if (commit > 0) this.storedFlush = commit;
  }

  /** Evicts groups where the table would grow beyond the limit, or what hangs on its slots is beyond it. */
  override relieve(total: number, limit: number): void {
    const T = this.table;
    const grows = T.isNearlyFull && total + T.growth > limit;
    if (grows || (T.sideBytes > 0 && total > limit)) this.evict(T.slots >> 2);
  }

  override evictAll(): void {
    this.evict(Infinity);
  }

  /** Those that came first are the first to go, until so many slots are free. */
  private evict(wanted: number): void {
    const T = this.table;
    if (this.task.env.store === null || this.node.mode === 'partial') return;
    for (const [head, moments] of this.groups) {
      if (wanted <= 0) return;
      if (moments.flush > this.storedFlush) continue;
      const slots = moments.slots.slice(moments.from);
      if (slots.some((slot) => (T.meta[slot * T.metaStride + FLAGS] & CHANGED) !== 0)) continue;
      const times = Float64Array.from(slots, (slot) => T.num[slot * T.numStride]);
      this.coldMoments.set(head, { times, given: moments.given - moments.from });
      this.coldTimes += times.length;
      forgetSum(moments);
      this.groups.delete(head);
      for (const slot of slots) T.remove(slot);
      wanted -= slots.length;
    }
  }

  /** Brings the moments of a group back. */
  private warm(T: GroupTable, head: number): void {
    const cold = this.coldMoments.get(head);
    if (cold === undefined) return;
    const { times, given } = cold;
    this.coldMoments.delete(head);
    this.coldTimes -= times.length;
    const { task: K } = this;
    const moments: Moments = { slots: [], from: 0, given, removed: 0, sum: null, flush: 0 };
    for (const [i, time] of times.entries()) {
      const keyEnd = writeMomentKey(this.momentKey, this.store, T, head, time);
      const value = this.task.env.store!.get(this.momentKey.bytes.slice(0, keyEnd));
      if (value === undefined) throw new Error(`the store has lost a moment of ${this.node.id}`);
      this.checkFingerprint(value);
      const slot = T.allocate();
      const c = K.cursor.at(value, 4, value.length);
      T.num[slot * T.numStride] = Number(c.long());
      // Rows that were given since it was written are not in the store.
      const rows = Number(c.long());
      T.num[slot * T.numStride + ROWS] = i < given ? 0 : rows;
      this.code.readAccumulators(K, T, slot);
      T.meta[slot * T.metaStride + FLAGS] = LOGGED;
      moments.slots.push(slot);
    }
    this.groups.set(head, moments);
  }

  override entries(): number {
    return super.entries() + this.coldTimes;
  }

  override bytes(): number {
    return super.bytes() + this.coldMoments.size * COLD_BYTES + this.coldTimes * Float64Array.BYTES_PER_ELEMENT;
  }

  // ---- What goes out ----

  flush(K: TaskState, watermark: number): void {
    const T = this.table;
    if (this.node.mode === 'partial') {
      this.sendMoments(K, T);
      return;
    }
    this.endRestoring(); // a new task has nothing to restore
    const heads: number[] = [];
    this.expiry!.expire(
      watermark,
      (head) => this.dueOf(head),
      (head) => heads.push(head),
    );
    for (const head of heads) this.warm(T, head);
    this.giveRows(K, T, heads, watermark);
    for (const head of heads) this.drop(K, T, head, watermark);
    for (let i = 0; i < this.changed.length; i += 2) {
      const [head, slot] = [this.changed[i], this.changed[i + 1]];
      const f = slot * T.metaStride + FLAGS;
      if ((T.meta[f] & CHANGED) === 0) continue; // it is over already
      const keyEnd = writeMomentKey(K.keys, this.store, T, head, T.num[slot * T.numStride]);
      const end = this.code.writeEntry(K, T, slot, K.values.int32(0, this.fingerprint));
      K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, K.values.bytes, 0, end, null);
      T.meta[f] = LOGGED;
      this.groups.get(head)!.flush = this.flushNumber;
    }
    this.changed = [];
    this.flushed(watermark);
  }

  /** In (time, key) order, so that results are the same whenever the watermark came by. */
  private giveRows(K: TaskState, T: GroupTable, heads: readonly number[], watermark: number): void {
    const n = T.numStride;
    const due: { readonly head: number; readonly time: number; readonly slot: number }[] = [];
    for (const head of heads) {
      const moments = this.groups.get(head)!;
      const { slots } = moments;
      for (; moments.given < slots.length; moments.given++) {
        const slot = slots[moments.given];
        const time = T.num[slot * n];
        if (time + this.wait > watermark) break;
        if (T.num[slot * n + ROWS] > 0) due.push({ head, time, slot });
      }
    }
    due.sort((a, b) => a.time - b.time || compareKeys(T, a.head, b.head));
    const sum = T.allocate();
    for (const { head, time, slot } of due) {
      this.sumUp(T, this.groups.get(head)!, time, sum);
      T.owner = head;
      T.start = time - this.size;
      T.end = time;
      for (let rows = T.num[slot * n + ROWS]; rows > 0; rows--) this.code.emit(K, T, sum);
      T.num[slot * n + ROWS] = 0;
    }
    T.remove(sum);
  }

  /** Folds the moments of [time - size, time] into slot `sum`. */
  private sumUp(T: GroupTable, moments: Moments, time: number, sum: number): void {
    const { slots, removed } = moments;
    const low = firstFrom(T, moments, time - this.size);
    const end = firstFrom(T, moments, time + 1);
    T.reset(sum);
    if (SlidingSum.isWorth(end - low)) moments.sum ??= new SlidingSum(T, this.code);
    const isSummed = moments.sum?.addTo(sum, removed + low, removed + end, (position) => slots[position - removed]);
    if (isSummed !== true) for (let i = low; i < end; i++) this.code.merge(T, slots[i], sum);
    T.num[sum * T.numStride] = time;
  }

  /** Frees the moments of a group that no window reaches back to any more. */
  private drop(K: TaskState, T: GroupTable, head: number, watermark: number): void {
    const moments = this.groups.get(head)!;
    const { slots } = moments;
    while (moments.from < slots.length && T.num[slots[moments.from] * T.numStride] + this.size + this.wait <= watermark) {
      const slot = slots[moments.from++];
      if ((T.meta[slot * T.metaStride + FLAGS] & LOGGED) !== 0) {
        const keyEnd = writeMomentKey(K.keys, this.store, T, head, T.num[slot * T.numStride]);
        K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, null, 0, 0, null);
        moments.flush = this.flushNumber;
      }
      T.remove(slot);
    }
    if (moments.from === slots.length) {
      this.removeGroup(T, head);
      return;
    }
    if (moments.from * 2 > slots.length) {
      moments.slots = slots.slice(moments.from);
      moments.given -= moments.from;
      moments.removed += moments.from;
      moments.from = 0;
    }
    this.expiry!.add(head, this.dueOf(head));
  }

  /** One partial per moment. */
  private sendMoments(K: TaskState, T: GroupTable): void {
    const output = this.node.output!;
    for (const [head, { slots }] of this.groups) {
      const keys = T.keyBytes(head);
      const start = T.keyStart(head);
      const end = start + T.meta[head * T.metaStride + KEY_LENGTH];
      const builder = K.builder(output, K.partitionOf(output, keys, start, end));
      for (const slot of slots) {
        const p = this.code.writeEntry(K, T, slot, K.values.sortableLong(0, T.num[slot * T.numStride]));
        builder.append(K.now, keys, start, end, K.values.bytes, 0, p, null);
      }
      K.wrote[output] = true;
      K.rowsOut[this.index] += slots.length;
    }
    this.groups.clear();
    this.changed = [];
    T.clear();
  }

  /** The first row that is to be given, or the first moment that is over. */
  protected override dueOf(head: number): number {
    const T = this.table;
    const cold = this.coldMoments.get(head);
    if (cold !== undefined) {
      const over = cold.times[0] + this.size + this.wait;
      return cold.given < cold.times.length ? Math.min(over, cold.times[cold.given] + this.wait) : over;
    }
    const { slots, from, given } = this.groups.get(head)!;
    const over = T.num[slots[from] * T.numStride] + this.size + this.wait;
    return given < slots.length ? Math.min(over, T.num[slots[given] * T.numStride] + this.wait) : over;
  }

  override nextDue(): number {
    return this.node.mode === 'partial' ? Infinity : this.nextExpiry();
  }
}

/** Store key of a moment to `keys`; its end is returned. */
function writeMomentKey(keys: Scratch, store: number, T: GroupTable, head: number, time: number): number {
  const start = T.keyStart(head);
  const p = keys.sortableLong(keys.byte(0, store), time);
  return keys.copy(p, T.keyBytes(head), start, start + T.meta[head * T.metaStride + KEY_LENGTH]);
}

/** The first moment at or after `time`. */
function firstFrom(T: GroupTable, { slots, from }: Moments, time: number): number {
  let [low, high] = [from, slots.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (T.num[slots[middle] * T.numStride] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function forgetSum(moments: Moments): void {
  moments.sum?.free();
  moments.sum = null;
}
