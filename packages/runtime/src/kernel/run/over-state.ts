/**
 * An `over` in one task: rows wait until the watermark has passed them, are then given in event-time order, each with what its group's
 * frames hold, and stay as long as a row to come may look back on them. Each row enters and leaves each frame once. Rows are given at every
 * flush, and in between (`advance`): those of one group together, then handed on in the order of their times.
 *
 * The changelog gets the rows of a group that came in one commit as one entry (over-changelog.ts), which goes when none of them is needed any
 * more; so a row is written once, and most entries are deleted before they get to the store. Where memory is short, a group of which nothing
 * waits and all is in the store keeps its key there and no rows; they come back when one of it does, or when they are due to go.
 */
import type { StageNode } from '../../plan/physical.js';
import { GroupTable } from '../../state/group-table.js';
import { hashBytes } from '../../state/group-table-hash.js';
import type { StateReader } from '../../state/state-reader.js';
import { readSortableLong } from './bytes.js';
import { ExpiryIndex } from './expiry-index.js';
import { OverChangelog } from './over-changelog.js';
import type { OverCode } from './over-code.js';
import { OverDue } from './over-due.js';
import { OverReach } from './over-reach.js';
import { type Chunk, OverGroup } from './over-group.js';
import { OverRows, WAITING_BYTES } from './over-rows.js';
import { RowLists } from './row-lists.js';
import type { Sliding } from './sliding-values.js';
import type { TaskState } from './task-state.js';
import { WaitingRows } from './waiting-rows.js';

export type OverNode = Extract<StageNode, { op: 'over' }>;

/** How many times as many rows as are handed on at once may be given before it is looked at which rows are still needed. */
const TRIM_EVERY = 4;
const LAYOUT = { init: new Float64Array(0), blobs: 0, sides: 0 };
/** What a row that others look back on takes in memory, about. */
const ROW_BYTES = 50;
/** What is kept of a group without its rows, beside its key. */
const COLD_BYTES = 80;

interface ColdGroup {
  /** Numbers of its oldest and newest entry in the changelog. */
  readonly first: number;
  readonly last: number;
  /** How many of their rows are still needed: the newest. */
  readonly rows: number;
  /** The least watermark at which one of them is not needed any more. */
  readonly due: number;
}

export class OverState {
  private readonly keys = new GroupTable(LAYOUT);
  /** By slot of its key. */
  private readonly groups: (OverGroup | undefined)[] = [];
  private readonly rows = new OverRows(this.keys);
  private readonly waiting = new WaitingRows(this.rows);
  /** Per slot: how many of its rows wait for the watermark. */
  private readonly waitingOf: number[] = [];
  /** Rows that are not in the changelog. */
  private readonly fresh = new RowLists();
  private freshSlots: number[] = [];
  private readonly due: OverDue;
  /** Groups of which rows were given, and how many, since it was last looked at which of their rows are still needed. */
  private touched: OverGroup[] = [];
  private givenCount = 0;
  private readonly expiry: ExpiryIndex;
  private readonly changelog: OverChangelog;
  /** By slot of its key: those whose rows are in the store only. */
  private readonly cold: (ColdGroup | undefined)[] = [];
  private coldCount = 0;
  private coldRows = 0;
  /** Flushes up to this one are in the store. */
  private storedFlush = -Infinity;
  /** Where `relieve` goes on. */
  private hand = 0;
  private readonly ttl: number;
  private readonly reach: OverReach;
  private readonly make = (): Sliding[] => this.code.sliding.map((one) => one());
  /** Rows that wait, or that others look back on. */
  private rowCount = 0;
  private freshCount = 0;
  /** Number of the flush that comes next. */
  private commit = 1;

  constructor(
    readonly node: OverNode,
    readonly index: number,
    private readonly code: OverCode,
    fingerprint: number,
    private readonly store: StateReader | null,
  ) {
    this.changelog = new OverChangelog(node.id, node.store!, fingerprint, this.keys, this.rows, code);
    this.ttl = node.transform.ttlMs ?? Infinity;
    this.due = new OverDue(this.rows, code, this.ttl, this.make);
    this.reach = new OverReach(code.frames, this.ttl);
    this.expiry = new ExpiryIndex(this.reach.expiryMs);
  }

  // ---- What comes in ----

  /** A row, its columns at `bytes[start, end)`. */
  put(
    K: TaskState,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    time: number,
    partition: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const slot = this.slotOf(K, key, keyStart, keyEnd);
    const row = this.rows.add(slot, time, partition, offset, bytes, start, end, null);
    if (this.fresh.push(slot, row)) this.freshSlots.push(slot);
    this.freshCount++;
    this.wait(slot, row, time);
  }

  private wait(slot: number, row: number, time: number): void {
    this.rowCount++;
    this.waitingOf[slot]++;
    this.waiting.add(row, time);
  }

  /** A record of the repartition topic. */
  receive(K: TaskState, bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    K.rowsIn[this.index]++;
    const c = K.cursor.at(bytes, valueStart, valueEnd);
    const [time, partition, offset] = [Number(c.long()), Number(c.long()), Number(c.long())];
    this.put(K, bytes, keyStart, keyEnd, time, partition, offset, bytes, c.pos, valueEnd);
  }

  /** Of the group of a key, whose rows are here then. */
  private slotOf(K: TaskState, key: Uint8Array, start: number, end: number): number {
    const { keys } = this;
    const hash = hashBytes(key, start, end);
    let slot = keys.find(hash, key, start, end);
    if (slot < 0) slot = keys.insert(hash, key, start, end);
    if (this.groups[slot] === undefined) this.warm(K, slot);
    return slot;
  }

  // ---- What goes out ----

  /** Gives the rows that are due, where at least so many have come. */
  advance(K: TaskState, watermark: number, least: number): void {
    if (this.waiting.added < least) return;
    this.giveDue(K, watermark);
    if (this.givenCount >= TRIM_EVERY * least) this.trimTouched(K, watermark);
  }

  flush(K: TaskState, watermark: number): void {
    this.giveDue(K, watermark);
    this.trimTouched(K, watermark);
    this.expiry.expire(
      watermark,
      (slot) => this.dueOfSlot(slot),
      (slot) => this.trim(K, this.warm(K, slot), watermark),
    );
    for (const slot of this.freshSlots) this.log(K, slot);
    this.freshSlots = [];
    this.freshCount = 0;
    this.commit++;
  }

  private giveDue(K: TaskState, watermark: number): void {
    const { rows } = this;
    const due = rows.inOrder(this.waiting.take(watermark));
    const positions = this.due.compute(K, due, (slot, count) => {
      const group = this.groups[slot]!;
      if (!group.isTouched) this.touched.push(group);
      group.isTouched = true;
      this.waitingOf[slot] -= count;
      return group;
    });
    for (let k = 0; k < due.length; k++) {
      this.due.give(K, due[k], k);
      // Another one goes when it was logged.
      if (rows.chunkOf(due[k]) !== null) rows.remove(due[k]);
      else rows.setPosition(due[k], positions[k]);
    }
    this.givenCount += due.length;
  }

  private trimTouched(K: TaskState, watermark: number): void {
    for (const group of this.touched) {
      group.isTouched = false;
      this.trim(K, group, watermark);
    }
    this.touched = [];
    this.givenCount = 0;
  }

  /** Forgets the rows that no row at `watermark` or later can look back on. */
  private trim(K: TaskState, group: OverGroup, watermark: number): void {
    for (const chunk of this.forget(group, watermark)) {
      this.changelog.tombstone(K, group.slot, chunk.number);
      group.logged = this.commit;
    }
    this.settle(group);
  }

  /** Gives the entries of the changelog of which nothing is needed any more. */
  private forget(group: OverGroup, watermark: number): Chunk[] {
    const empty: Chunk[] = [];
    let isFresh = false;
    group.leave(this.reach.firstNeeded(group, watermark), (chunk) => {
      this.rowCount--;
      if (chunk === null) isFresh = true;
      else if (--chunk.live === 0) empty.push(chunk);
    });
    if (isFresh) this.forgetFresh(group);
    // The oldest are the first to go.
    if (empty.length === 1 && group.chunks[0] === empty[0]) group.chunks.shift();
    else if (empty.length > 0) group.chunks = group.chunks.filter(({ live }) => live > 0);
    return empty;
  }

  /**
   * What came and went since the last flush will not be written at all. In the order in which rows came: one that is behind others which are
   * still needed goes with them, or when it would be written.
   */
  private forgetFresh({ slot, first }: OverGroup): void {
    const { fresh, rows } = this;
    for (let row = fresh.firstOf(slot); row >= 0 && rows.isBefore(row, first); row = fresh.firstOf(slot)) {
      fresh.shift(slot);
      rows.remove(row);
      this.freshCount--;
    }
  }

  /** Frees a group that has no rows, and enters others where they are found when something of them is due. */
  private settle(group: OverGroup): void {
    if (group.first === group.end && this.waitingOf[group.slot] === 0) {
      this.expiry.remove(group.slot);
      this.groups[group.slot] = undefined;
      this.keys.remove(group.slot);
      return;
    }
    const due = this.reach.dueOf(group);
    if (due < Infinity) this.expiry.add(group.slot, due);
  }

  /** Earliest event time at which `flush` has a row to give or to forget. */
  nextDue(): number {
    return Math.min(
      this.waiting.earliest + 1,
      this.expiry.next((slot) => this.dueOfSlot(slot)),
    );
  }

  // ---- The changelog ----

  private log(K: TaskState, slot: number): void {
    if (this.fresh.isEmpty(slot)) return;
    const { rows } = this;
    const group = this.groups[slot]!;
    const came: number[] = [];
    for (const row of this.fresh.take(slot, [])) {
      if (rows.isBefore(row, group.first)) rows.remove(row);
      else came.push(row);
    }
    const chunk = { number: (group.chunks.at(-1)?.number ?? -1) + 1, live: came.length };
    group.chunks.push(chunk);
    group.logged = this.commit;
    this.changelog.write(K, slot, chunk.number, came);
    for (const row of came) {
      const position = rows.positionOf(row);
      if (position < 0) rows.setChunk(row, chunk);
      else {
        group.enter(position, chunk);
        rows.remove(row);
      }
    }
  }

  /** One changelog record, its key without the store's number. */
  restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const slot = this.slotOf(K, key, 8, key.length);
    const group = this.groups[slot]!;
    const number = readSortableLong(key, 0);
    if (group.chunks.some((chunk) => chunk.number === number)) {
      group.chunks = group.chunks.filter((chunk) => chunk.number !== number);
      for (const row of this.fresh.take(slot, [])) {
        if (this.rows.chunkOf(row)!.number === number) this.rows.remove(row);
        else this.fresh.push(slot, row);
      }
    }
    // Nothing of it goes before it is restored.
    group.logged = Infinity;
    if (value !== null) this.read(K, group, number, value, (row) => this.fresh.push(slot, row));
  }

  /** Adds the rows of an entry. */
  private read(K: TaskState, group: OverGroup, number: number, value: Uint8Array, each: (row: number) => void): void {
    const chunk = { number, live: 0 };
    group.chunks.push(chunk);
    this.changelog.read(K, value, (time, partition, offset, start, end) => {
      each(this.rows.add(group.slot, time, partition, offset, value, start, end, chunk));
    });
  }

  /** What is before the watermark was given; the rest waits. */
  restored(K: TaskState, watermark: number): void {
    for (const group of this.groups) {
      if (group === undefined) continue;
      group.logged = -1;
      this.takeBack(K, group, this.fresh.take(group.slot, []), watermark);
      this.forget(group, watermark);
      this.settle(group);
    }
  }

  /** Rows as the changelog has them: those before `watermark` were given, the rest waits. */
  private takeBack(K: TaskState, group: OverGroup, came: number[], watermark: number): void {
    const { rows } = this;
    group.chunks.sort((a, b) => a.number - b.number);
    for (const row of this.rows.inOrder(came)) {
      rows.chunkOf(row)!.live++;
      if (rows.timeOf(row) >= watermark) {
        this.wait(group.slot, row, rows.timeOf(row));
        continue;
      }
      const { end } = group;
      this.due.take(K, row, group.values);
      group.push(rows.timeOf(row), rows.chunkOf(row));
      this.rowCount++;
      if (end > 0 && rows.timeOf(row) - group.timeAt(end - 1) > this.ttl) group.begin = end;
      rows.remove(row);
    }
  }

  // ---- Memory ----

  /** The rows of a slot's group, from the store where they are there only. */
  private warm(K: TaskState, slot: number): OverGroup {
    const known = this.groups[slot];
    if (known !== undefined) return known;
    const group = new OverGroup(slot, this.code.columns, this.code.frames, this.make());
    this.groups[slot] = group;
    this.waitingOf[slot] = 0;
    const cold = this.cold[slot];
    if (cold === undefined) return group;
    this.cold[slot] = undefined;
    this.coldCount--;
    this.coldRows -= cold.rows;
    const rows: number[] = [];
    for (let number = cold.first; number <= cold.last; number++) {
      const value = this.store!.get(this.changelog.storeKey(K, slot, number));
      if (value !== undefined) this.read(K, group, number, value, (row) => rows.push(row));
    }
    this.takeBack(K, group, rows, Infinity);
    // The oldest rows of its oldest entries were gone already.
    group.leave(group.end - cold.rows, (chunk) => {
      chunk!.live--;
      this.rowCount--;
    });
    return group;
  }

  /** What was written by flush `commit` at the latest is in the store. */
  stored(commit: number): void {
    this.storedFlush = commit;
  }

  /** Evicts groups where `total` bytes of the task's state are more than the limit, in turns. */
  relieve(total: number, limit: number): void {
    const { groups } = this;
    for (let tried = 0; total > limit && tried < groups.length; tried++) {
      const group = groups[this.hand++ % groups.length];
      if (group !== undefined) total -= this.evict(group);
    }
  }

  /** Evicts every group that can go, for tests of what comes back. */
  evictAll(): void {
    this.relieve(Infinity, 0);
  }

  /** Gives the bytes that this frees. */
  private evict(group: OverGroup): number {
    const { slot, chunks, first, end } = group;
    if (this.store === null || this.waitingOf[slot] > 0 || group.logged > this.storedFlush || chunks.length === 0) return 0;
    if (group.isTouched || !this.fresh.isEmpty(slot)) return 0;
    const rows = end - first;
    this.cold[slot] = { first: chunks[0].number, last: chunks[chunks.length - 1].number, rows, due: this.reach.dueOf(group) };
    this.groups[slot] = undefined;
    this.coldCount++;
    this.coldRows += rows;
    this.rowCount -= rows;
    return rows * ROW_BYTES - COLD_BYTES;
  }

  private dueOfSlot(slot: number): number {
    return this.cold[slot]?.due ?? this.reach.dueOf(this.groups[slot]!);
  }

  entries(): number {
    return this.rowCount + this.coldRows;
  }

  bytes(): number {
    return this.rows.bytes + this.rows.count * WAITING_BYTES + this.rowCount * ROW_BYTES + this.coldCount * COLD_BYTES + this.keys.bytes;
  }

  dirtyEntries(): number {
    return this.freshCount;
  }
}
