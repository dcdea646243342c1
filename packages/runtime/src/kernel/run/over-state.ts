/**
 * An `over` in one task: rows wait until the watermark has passed them, are then given in event-time order, each with what its group's
 * frames hold, and stay as long as a row to come may look back on them. Each row enters and leaves each frame once. Rows are given at every
 * flush, and in between (`advance`).
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
import { COLD_BYTES, ColdGroups } from './over-cold.js';
import { OverGiver } from './over-giver.js';
import { type Chunk, OverGroups } from './over-groups.js';
import { OverReach } from './over-reach.js';
import { OverRows, WAITING_BYTES } from './over-rows.js';
import { RowLists } from './row-lists.js';
import type { TaskState } from './task-state.js';
import { WaitingRows } from './waiting-rows.js';

export type OverNode = Extract<StageNode, { op: 'over' }>;

const NO_CHUNKS: readonly Chunk[] = [];
const LAYOUT = { init: new Float64Array(0), blobs: 0, sides: 0 };

export class OverState {
  private readonly keys = new GroupTable(LAYOUT);
  private readonly groups: OverGroups;
  private readonly cold = new ColdGroups();
  private readonly rows = new OverRows(this.keys);
  private readonly waiting = new WaitingRows(this.rows);
  /** Rows that are not in the changelog. */
  private readonly fresh = new RowLists();
  private freshSlots: number[] = [];
  private readonly giver: OverGiver;
  private readonly expiry: ExpiryIndex;
  private readonly changelog: OverChangelog;
  /** Flushes up to this one are in the store. */
  private storedFlush = -Infinity;
  /** Where `relieve` goes on. */
  private hand = 0;
  private readonly ttl: number;
  private readonly reach: OverReach;
  /** Rows that wait, or that others look back on. */
  private rowCount = 0;
  private freshCount = 0;
  /** Number of the flush that comes next. */
  private commit = 1;

  constructor(
    readonly node: OverNode,
    readonly index: number,
    code: OverCode,
    fingerprint: number,
    private readonly store: StateReader | null,
  ) {
    this.groups = new OverGroups(
      code.columns,
      code.frames,
      code.sliding.map((one) => one()),
    );
    this.changelog = new OverChangelog(node.id, node.store!, fingerprint, this.keys, this.rows, code);
    this.ttl = node.transform.ttlMs ?? Infinity;
    this.giver = new OverGiver(this.rows, this.groups, code, this.ttl);
    this.reach = new OverReach(code.frames, this.ttl, this.groups);
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
    this.groups.addWaiting(slot, 1);
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
    this.warm(K, slot);
    return slot;
  }

  // ---- What goes out ----

  /** Gives the rows that are due, where at least so many have come. */
  advance(K: TaskState, watermark: number, least: number): void {
    if (this.waiting.added >= least) this.giveDue(K, watermark);
  }

  flush(K: TaskState, watermark: number): void {
    this.giveDue(K, watermark);
    this.expiry.expire(
      watermark,
      (slot) => this.dueOfSlot(slot),
      (slot) => {
        this.warm(K, slot);
        this.trim(K, slot, watermark);
      },
    );
    for (const slot of this.freshSlots) this.log(K, slot);
    this.freshSlots = [];
    this.freshCount = 0;
    this.commit++;
  }

  private giveDue(K: TaskState, watermark: number): void {
    const due = this.rows.inOrder(this.waiting.take(watermark));
    for (const slot of this.giver.give(K, due)) this.trim(K, slot, watermark);
  }

  /** Forgets the rows of a group that no row at `watermark` or later can look back on. */
  private trim(K: TaskState, slot: number, watermark: number): void {
    for (const chunk of this.forget(slot, watermark)) {
      this.changelog.tombstone(K, slot, chunk.number);
      this.groups.setLogged(slot, this.commit);
    }
    this.settle(slot);
  }

  /** Gives the entries of the changelog of which nothing is needed any more. */
  private forget(slot: number, watermark: number): readonly Chunk[] {
    const { groups } = this;
    const needed = this.reach.firstNeeded(slot, watermark);
    if (needed <= groups.firstOf(slot)) return NO_CHUNKS;
    this.rowCount -= needed - groups.firstOf(slot);
    if (groups.leave(slot, needed) > 0) this.forgetFresh(slot);
    if (groups.emptied.length === 0) return NO_CHUNKS;
    groups.chunks[slot] = groups.chunks[slot].filter(({ live }) => live > 0);
    return groups.emptied.splice(0);
  }

  /**
   * What came and went since the last flush will not be written at all. In the order in which rows came: one that is behind others which are
   * still needed goes with them, or when it would be written.
   */
  private forgetFresh(slot: number): void {
    const { fresh, rows } = this;
    const first = this.groups.firstOf(slot);
    for (let row = fresh.firstOf(slot); row >= 0 && rows.isBefore(row, first); row = fresh.firstOf(slot)) {
      fresh.shift(slot);
      rows.remove(row);
      this.freshCount--;
    }
  }

  /** Frees a group that has no rows, and enters others where they are found when something of them is due. */
  private settle(slot: number): void {
    const { groups } = this;
    if (groups.firstOf(slot) === groups.endOf(slot) && groups.waitingOf(slot) === 0) {
      this.expiry.remove(slot);
      groups.close(slot);
      this.keys.remove(slot);
      return;
    }
    const due = this.reach.dueOf(slot);
    if (due < Infinity) this.expiry.add(slot, due);
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
    const { rows, groups } = this;
    const first = groups.firstOf(slot);
    const came: number[] = [];
    for (const row of this.fresh.take(slot, [])) {
      if (rows.isBefore(row, first)) rows.remove(row);
      else came.push(row);
    }
    const chunk = { number: (groups.chunks[slot].at(-1)?.number ?? -1) + 1, live: came.length };
    groups.chunks[slot].push(chunk);
    groups.setLogged(slot, this.commit);
    this.changelog.write(K, slot, chunk.number, came);
    for (const row of came) {
      const position = rows.positionOf(row);
      if (position < 0) rows.setChunk(row, chunk);
      else {
        groups.enter(slot, position, chunk);
        rows.remove(row);
      }
    }
  }

  /** One changelog record, its key without the store's number. */
  restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const { groups } = this;
    const slot = this.slotOf(K, key, 8, key.length);
    const number = readSortableLong(key, 0);
    const known = groups.chunks[slot];
    if (known.some((chunk) => chunk.number === number)) {
      groups.chunks[slot] = known.filter((chunk) => chunk.number !== number);
      for (const row of this.fresh.take(slot, [])) {
        if (this.rows.chunkOf(row)!.number === number) this.rows.remove(row);
        else this.fresh.push(slot, row);
      }
    }
    // Nothing of it goes before it is restored.
    groups.setLogged(slot, Infinity);
    if (value !== null) this.read(K, slot, number, value, (row) => this.fresh.push(slot, row));
  }

  /** Adds the rows of an entry. */
  private read(K: TaskState, slot: number, number: number, value: Uint8Array, each: (row: number) => void): void {
    const chunk = { number, live: 0 };
    this.groups.chunks[slot].push(chunk);
    this.changelog.read(K, value, (time, partition, offset, start, end) => {
      each(this.rows.add(slot, time, partition, offset, value, start, end, chunk));
    });
  }

  /** What is before the watermark was given; the rest waits. */
  restored(K: TaskState, watermark: number): void {
    const { groups } = this;
    for (let slot = 0; slot < groups.slots; slot++) {
      if (!groups.has(slot)) continue;
      groups.setLogged(slot, -1);
      this.takeBack(K, slot, this.fresh.take(slot, []), watermark);
      this.forget(slot, watermark);
      this.settle(slot);
    }
  }

  /** Rows as the changelog has them: those before `watermark` were given, the rest waits. */
  private takeBack(K: TaskState, slot: number, came: number[], watermark: number): void {
    const { rows, groups } = this;
    groups.chunks[slot].sort((a, b) => a.number - b.number);
    for (const row of rows.inOrder(came)) {
      const [time, chunk] = [rows.timeOf(row), rows.chunkOf(row)!];
      chunk.live++;
      if (time >= watermark) {
        this.wait(slot, row, time);
        continue;
      }
      const position = groups.push(slot, time, chunk, this.giver.take(K, row));
      this.rowCount++;
      if (position > 0 && time - groups.timeAt(slot, position - 1) > this.ttl) groups.setBegin(slot, position);
      rows.remove(row);
    }
  }

  // ---- Memory ----

  /** The group of a slot is here then, from the store where it is there only. */
  private warm(K: TaskState, slot: number): void {
    const { groups } = this;
    if (groups.has(slot)) return;
    groups.open(slot);
    const cold = this.cold.take(slot);
    if (cold === undefined) return;
    const rows: number[] = [];
    for (let number = cold.first; number <= cold.last; number++) {
      const value = this.store!.get(this.changelog.storeKey(K, slot, number));
      if (value !== undefined) this.read(K, slot, number, value, (row) => rows.push(row));
    }
    this.takeBack(K, slot, rows, Infinity);
    // The oldest rows of its oldest entries were gone already.
    groups.leave(slot, groups.endOf(slot) - cold.rows);
    this.rowCount += cold.rows - rows.length;
  }

  /** What was written by flush `commit` at the latest is in the store. */
  stored(commit: number): void {
    this.storedFlush = commit;
  }

  /** Evicts groups where `total` bytes of the task's state are more than the limit, in turns. */
  relieve(total: number, limit: number): void {
    const { groups } = this;
    for (let tried = 0; total > limit && tried < groups.slots; tried++) {
      const slot = this.hand++ % groups.slots;
      if (groups.has(slot)) total -= this.evict(slot);
    }
  }

  /** Evicts every group that can go, for tests of what comes back. */
  evictAll(): void {
    this.relieve(Infinity, 0);
  }

  /** Gives the bytes that this frees. */
  private evict(slot: number): number {
    const { groups } = this;
    const chunks = groups.chunks[slot];
    if (this.store === null || groups.waitingOf(slot) > 0 || groups.loggedAt(slot) > this.storedFlush || chunks.length === 0) return 0;
    if (!this.fresh.isEmpty(slot)) return 0;
    const rows = groups.endOf(slot) - groups.firstOf(slot);
    this.cold.put(slot, { first: chunks[0].number, last: chunks[chunks.length - 1].number, rows, due: this.reach.dueOf(slot) });
    this.rowCount -= rows;
    const before = groups.bytes;
    groups.close(slot);
    return before - groups.bytes - COLD_BYTES;
  }

  private dueOfSlot(slot: number): number {
    return this.cold.get(slot)?.due ?? this.reach.dueOf(slot);
  }

  entries(): number {
    return this.rowCount + this.cold.rows;
  }

  bytes(): number {
    const { rows, groups, cold, keys } = this;
    return rows.bytes + rows.count * WAITING_BYTES + groups.bytes + cold.count * COLD_BYTES + keys.bytes;
  }

  dirtyEntries(): number {
    return this.freshCount;
  }
}
