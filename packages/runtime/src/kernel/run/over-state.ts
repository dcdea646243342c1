/**
 * An `over` in one task: rows wait until the watermark has passed them, are then given in event-time order, each with what its group's
 * frames hold, and stay as long as a row to come may look back on them. Each row enters and leaves each frame once.
 *
 * The changelog gets the rows of a group that came in one commit as one entry (over-changelog.ts), which goes when none of them is needed any
 * more; so a row is written once, and most entries are deleted before they get to the store. Where memory is short, a group of which nothing
 * waits and all is in the store keeps its key there and no rows; they come back when one of it does, or when they are due to go.
 */
import type { Value } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { GroupTable } from '../../state/group-table.js';
import { compareBytes, hashBytes } from '../../state/group-table-hash.js';
import type { StateReader } from '../../state/state-reader.js';
import { readSortableLong } from './bytes.js';
import { ExpiryIndex } from './expiry-index.js';
import { compareKeys } from './key-order.js';
import { OverChangelog } from './over-changelog.js';
import type { OverCode } from './over-code.js';
import { OverReach } from './over-reach.js';
import { type Chunk, OverGroup, type OverRow } from './over-rows.js';
import { comparePlaces } from './places.js';
import { RowBytes } from './row-bytes.js';
import type { Sliding } from './sliding-values.js';
import type { TaskState } from './task-state.js';
import { WaitingRows } from './waiting-rows.js';

export type OverNode = Extract<StageNode, { op: 'over' }>;

const RELEASED = new Uint8Array(0);
const LAYOUT = { init: new Float64Array(0), blobs: 0, sides: 0 };
/** What a row takes in memory beside its bytes, about. */
const ROW_BYTES = 160;
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
  private readonly waiting = new WaitingRows<OverRow>();
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
  private readonly rowBytes = new RowBytes();
  private readonly ttl: number;
  private readonly reach: OverReach;
  private readonly make = (): Sliding[] => this.code.sliding.map((one) => one());
  /** Groups that have rows that are not in the changelog. */
  private freshGroups: OverGroup[] = [];
  private rowCount = 0;
  private byteCount = 0;
  private freshCount = 0;
  private arrivals = 0;
  private flushes = 0;

  constructor(
    readonly node: OverNode,
    readonly index: number,
    private readonly code: OverCode,
    fingerprint: number,
    private readonly store: StateReader | null,
  ) {
    this.changelog = new OverChangelog(node.id, node.store!, fingerprint, this.keys, code);
    this.ttl = node.transform.ttlMs ?? Infinity;
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
    const group = this.groupOf(K, key, keyStart, keyEnd);
    const row = this.rowOf(group, time, partition, offset, bytes, start, end);
    if (group.fresh.push(row) === 1) this.freshGroups.push(group);
    this.freshCount++;
    group.waiting++;
    this.waiting.add(row);
  }

  /** A record of the repartition topic. */
  receive(K: TaskState, bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    K.rowsIn[this.index]++;
    const c = K.cursor.at(bytes, valueStart, valueEnd);
    const [time, partition, offset] = [Number(c.long()), Number(c.long()), Number(c.long())];
    this.put(K, bytes, keyStart, keyEnd, time, partition, offset, bytes, c.pos, valueEnd);
  }

  private groupOf(K: TaskState, key: Uint8Array, start: number, end: number): OverGroup {
    const { keys } = this;
    const hash = hashBytes(key, start, end);
    let slot = keys.find(hash, key, start, end);
    if (slot < 0) slot = keys.insert(hash, key, start, end);
    return this.warm(K, slot);
  }

  private rowOf(group: OverGroup, time: number, partition: number, offset: number, bytes: Uint8Array, start: number, end: number): OverRow {
    const at = this.rowBytes.add(bytes, start, end);
    this.rowCount++;
    this.byteCount += end - start;
    return {
      time,
      partition,
      offset,
      arrival: this.arrivals++,
      group,
      bytes: this.rowBytes.block,
      start: at,
      end: at + end - start,
      values: NONE,
      chunk: null,
      gone: false,
    };
  }

  // ---- What goes out ----

  flush(K: TaskState, watermark: number): void {
    this.flushes++;
    const due = this.waiting.take(watermark).sort((a, b) => this.compare(a, b));
    const touched: OverGroup[] = [];
    for (const row of due) {
      const { group } = row;
      row.values = this.code.values(K, row.bytes, row.start, row.end);
      group.rows.push(row);
      group.waiting--;
      if (group.flush === this.flushes) continue;
      group.flush = this.flushes;
      touched.push(group);
    }
    for (const row of due) this.give(K, row);
    for (const group of touched) this.trim(K, group, watermark);
    this.expiry.expire(
      watermark,
      (slot) => this.dueOfSlot(slot),
      (slot) => this.trim(K, this.warm(K, slot), watermark),
    );
    for (const group of this.freshGroups) this.log(K, group);
    this.freshGroups = [];
    this.freshCount = 0;
  }

  /** By event time, partition and offset; what is equal in those (no record's, or of several topics) by its bytes. */
  private compare(a: OverRow, b: OverRow): number {
    const order = comparePlaces(a, b) || compareKeys(this.keys, a.group.slot, b.group.slot);
    if (order !== 0) return order;
    return compareBytes(a.bytes, a.start, a.end, b.bytes, b.start, b.end) || a.arrival - b.arrival;
  }

  private give(K: TaskState, row: OverRow): void {
    const { group } = row;
    const position = group.next++;
    if (position > group.begin && position > group.first && row.time - group.at(position - 1).time > this.ttl)
      group.beginAt(position, this.make());
    group.slideTo(position);
    this.code.give(K, row, group.sliding);
    if (row.chunk !== null) this.release(row);
  }

  private release(row: OverRow): void {
    this.byteCount -= row.end - row.start;
    row.bytes = RELEASED;
    row.end = row.start = 0;
  }

  /** Forgets the rows that no row at `watermark` or later can look back on. */
  private trim(K: TaskState, group: OverGroup, watermark: number): void {
    for (const chunk of this.forget(group, watermark)) {
      this.changelog.tombstone(K, group.slot, chunk.number);
      group.logged = this.flushes;
    }
    this.settle(group);
  }

  /** Gives the entries of the changelog of which nothing is needed any more. */
  private forget(group: OverGroup, watermark: number): Chunk[] {
    const empty: Chunk[] = [];
    const first = this.reach.firstNeeded(group, watermark);
    for (let position = group.first; position < first; position++) {
      const row = group.at(position);
      row.gone = true;
      this.rowCount--;
      // One that came just now will not be written at all.
      if (row.chunk !== null && --row.chunk.live === 0) empty.push(row.chunk);
    }
    group.leave(first);
    // The oldest are the first to go.
    if (empty.length === 1 && group.chunks[0] === empty[0]) group.chunks.shift();
    else if (empty.length > 0) group.chunks = group.chunks.filter(({ live }) => live > 0);
    return empty;
  }

  /** Frees a group that has no rows, and enters others where they are found when something of them is due. */
  private settle(group: OverGroup): void {
    if (group.first === group.end && group.waiting === 0) {
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

  private log(K: TaskState, group: OverGroup): void {
    const rows = group.fresh.filter((row) => !row.gone);
    for (const row of group.fresh) if (row.gone) this.byteCount -= row.end - row.start;
    group.fresh = [];
    if (rows.length === 0) return;
    const chunk = { number: (group.chunks.at(-1)?.number ?? -1) + 1, live: rows.length };
    for (const row of rows) row.chunk = chunk;
    group.chunks.push(chunk);
    group.logged = this.flushes;
    this.changelog.write(K, group.slot, chunk.number, rows);
    for (const row of rows) if (row.values !== NONE) this.release(row);
  }

  /** One changelog record, its key without the store's number. */
  restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const group = this.groupOf(K, key, 8, key.length);
    const number = readSortableLong(key, 0);
    group.fresh = group.fresh.filter((row) => {
      if (row.chunk!.number !== number) return true;
      this.rowCount--;
      this.byteCount -= row.end - row.start;
      return false;
    });
    group.chunks = group.chunks.filter((chunk) => chunk.number !== number);
    // Nothing of it goes before it is restored.
    group.logged = Infinity;
    if (value !== null) this.read(K, group, number, value, group.fresh);
  }

  /** Adds the rows of an entry to `rows`. */
  private read(K: TaskState, group: OverGroup, number: number, value: Uint8Array, rows: OverRow[]): void {
    const chunk = { number, live: 0 };
    group.chunks.push(chunk);
    this.changelog.read(K, value, (time, partition, offset, start, end) => {
      const row = this.rowOf(group, time, partition, offset, value, start, end);
      row.chunk = chunk;
      rows.push(row);
    });
  }

  /** What is before the watermark was given; the rest waits. */
  restored(K: TaskState, watermark: number): void {
    for (const group of this.groups) {
      if (group === undefined) continue;
      const rows = group.fresh;
      group.fresh = [];
      group.logged = -1;
      this.takeBack(K, group, rows, watermark);
      this.forget(group, watermark);
      this.settle(group);
    }
  }

  /** Rows as the changelog has them: those before `watermark` were given, the rest waits. */
  private takeBack(K: TaskState, group: OverGroup, rows: OverRow[], watermark: number): void {
    // In the order in which they once came.
    rows.sort((a, b) => a.chunk!.number - b.chunk!.number || a.arrival - b.arrival);
    for (const row of rows) row.arrival = this.arrivals++;
    rows.sort((a, b) => this.compare(a, b));
    group.chunks.sort((a, b) => a.number - b.number);
    for (const row of rows) {
      row.chunk!.live++;
      if (row.time >= watermark) {
        group.waiting++;
        this.waiting.add(row);
        continue;
      }
      row.values = this.code.values(K, row.bytes, row.start, row.end);
      this.release(row);
      group.rows.push(row);
      if (group.next > 0 && row.time - group.at(group.next - 1).time > this.ttl) group.begin = group.next;
      group.next++;
    }
  }

  // ---- Memory ----

  /** The rows of a slot's group, from the store where they are there only. */
  private warm(K: TaskState, slot: number): OverGroup {
    const known = this.groups[slot];
    if (known !== undefined) return known;
    const group = new OverGroup(slot, this.code.frames, this.make());
    this.groups[slot] = group;
    const cold = this.cold[slot];
    if (cold === undefined) return group;
    this.cold[slot] = undefined;
    this.coldCount--;
    this.coldRows -= cold.rows;
    const rows: OverRow[] = [];
    for (let number = cold.first; number <= cold.last; number++) {
      const value = this.store!.get(this.changelog.storeKey(K, slot, number));
      if (value !== undefined) this.read(K, group, number, value, rows);
    }
    this.takeBack(K, group, rows, Infinity);
    // The oldest rows of its oldest entries were gone already.
    const gone = group.end - cold.rows;
    for (let position = 0; position < gone; position++) {
      const row = group.at(position);
      row.gone = true;
      row.chunk!.live--;
      this.rowCount--;
    }
    group.leave(gone);
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
    if (this.store === null || group.waiting > 0 || group.fresh.length > 0 || group.logged > this.storedFlush || chunks.length === 0)
      return 0;
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
    return this.byteCount + this.rowCount * ROW_BYTES + this.coldCount * COLD_BYTES + this.keys.bytes;
  }

  dirtyEntries(): number {
    return this.freshCount;
  }
}

const NONE: Value[] = [];
