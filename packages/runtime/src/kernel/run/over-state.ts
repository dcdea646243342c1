/**
 * An `over` in one task: rows wait until the watermark has passed them, are then given in event-time order, each with what its group's
 * frames hold, and stay as long as a row to come may look back on them. Each row enters and leaves each frame once.
 *
 * The changelog gets the rows of a group that came in one commit as one entry, which goes when none of them is needed any more; so a row is
 * written once, and most entries are deleted before they get to the store.
 */
import type { Value } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { GroupTable } from '../../state/group-table.js';
import { compareBytes, hashBytes } from '../../state/group-table-hash.js';
import { KEY_LENGTH } from '../../state/group-table-rows.js';
import { readInt32, readSortableLong } from './bytes.js';
import { ExpiryIndex } from './expiry-index.js';
import { type Chunk, type FrameCode, OverGroup, type OverRow, RowBytes } from './over-rows.js';
import { comparePlaces } from './places.js';
import type { Sliding } from './sliding-values.js';
import type { TaskState } from './task-state.js';
import { WaitingRows } from './waiting-rows.js';

export type OverNode = Extract<StageNode, { op: 'over' }>;

/** Generated per `over`. */
export interface OverCode {
  readonly frames: readonly FrameCode[];
  /** Per accumulator: what makes an empty one. */
  readonly sliding: readonly (() => Sliding)[];
  /** What accumulators take of the row at `bytes[p, end)`. */
  readonly values: (K: TaskState, bytes: Uint8Array, p: number, end: number) => Value[];
  /** Position after the row at `bytes[p, end)`. */
  readonly skip: (K: TaskState, bytes: Uint8Array, p: number, end: number) => number;
  /** Hands the row on with its aggregates. Where it cannot be computed it is counted and not there. */
  readonly give: (K: TaskState, row: OverRow, sliding: readonly Sliding[]) => void;
}

const RELEASED = new Uint8Array(0);
const LAYOUT = { init: new Float64Array(0), blobs: 0, sides: 0 };
/** What a row takes in memory beside its bytes, about. */
const ROW_BYTES = 160;

export class OverState {
  private readonly keys = new GroupTable(LAYOUT);
  /** By slot of its key. */
  private readonly groups: (OverGroup | undefined)[] = [];
  private readonly waiting = new WaitingRows<OverRow>();
  private readonly expiry: ExpiryIndex;
  private readonly rowBytes = new RowBytes();
  private readonly ttl: number;
  /** How far a row looks back: in time, and in rows. */
  private readonly reach: number;
  private readonly reachRows: number;
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
    private readonly fingerprint: number,
  ) {
    this.ttl = node.transform.ttlMs ?? Infinity;
    const of = (unit: 'ms' | 'rows'): FrameCode[] => code.frames.filter((frame) => frame.unit === unit);
    this.reach = Math.max(-Infinity, ...of('ms').map(({ size }) => size));
    this.reachRows = Math.max(0, ...of('rows').map(({ size, previous }) => (previous ? size : size - 1)));
    this.expiry = new ExpiryIndex(Number.isFinite(this.reach) ? this.reach : Number.isFinite(this.ttl) ? this.ttl : 1);
  }

  // ---- What comes in ----

  /** A row, its columns at `bytes[start, end)`. */
  put(
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
    const group = this.groupOf(key, keyStart, keyEnd);
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
    this.put(bytes, keyStart, keyEnd, time, partition, offset, bytes, c.pos, valueEnd);
  }

  private groupOf(key: Uint8Array, start: number, end: number): OverGroup {
    const { keys, groups } = this;
    const hash = hashBytes(key, start, end);
    let slot = keys.find(hash, key, start, end);
    if (slot < 0) slot = keys.insert(hash, key, start, end);
    return (groups[slot] ??= new OverGroup(slot, this.code.frames, this.make()));
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
      (slot) => this.dueOf(this.groups[slot]!),
      (slot) => this.trim(K, this.groups[slot]!, watermark),
    );
    for (const group of this.freshGroups) this.log(K, group);
    this.freshGroups = [];
    this.freshCount = 0;
  }

  /** By event time, partition and offset; what is equal in those (no record's, or of several topics) by its bytes. */
  private compare(a: OverRow, b: OverRow): number {
    const order = comparePlaces(a, b) || this.compareKeys(a.group, b.group);
    if (order !== 0) return order;
    return compareBytes(a.bytes, a.start, a.end, b.bytes, b.start, b.end) || a.arrival - b.arrival;
  }

  private compareKeys({ slot: a }: OverGroup, { slot: b }: OverGroup): number {
    if (a === b) return 0;
    const { keys } = this;
    const [startA, startB] = [keys.keyStart(a), keys.keyStart(b)];
    const [lengthA, lengthB] = [keys.meta[a * keys.metaStride + KEY_LENGTH], keys.meta[b * keys.metaStride + KEY_LENGTH]];
    return compareBytes(keys.keyBytes(a), startA, startA + lengthA, keys.keyBytes(b), startB, startB + lengthB);
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
    for (const chunk of this.forget(group, watermark)) this.logTombstone(K, group, chunk.number);
    this.settle(group);
  }

  /** Gives the entries of the changelog of which nothing is needed any more. */
  private forget(group: OverGroup, watermark: number): Chunk[] {
    const empty: Chunk[] = [];
    const first = this.firstNeeded(group, watermark);
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
    const due = this.dueOf(group);
    if (due < Infinity) this.expiry.add(group.slot, due);
  }

  private firstNeeded(group: OverGroup, watermark: number): number {
    const { next } = group;
    if (next === group.first || watermark - group.at(next - 1).time > this.ttl) return next;
    const byRows = next - this.reachRows;
    let first = Math.max(group.begin, group.first);
    while (first < next && first < byRows && group.at(first).time < watermark - this.reach) first++;
    return first;
  }

  /** The least watermark at which rows that were given are not needed any more; Infinity: that depends on others. */
  private dueOf(group: OverGroup): number {
    const { first, next } = group;
    if (next === first) return Infinity;
    const quiet = group.at(next - 1).time + this.ttl + 1;
    return next - first > this.reachRows ? Math.min(quiet, group.at(first).time + this.reach + 1) : quiet;
  }

  /** Earliest event time at which `flush` has a row to give or to forget. */
  nextDue(): number {
    return Math.min(
      this.waiting.earliest + 1,
      this.expiry.next((slot) => this.dueOf(this.groups[slot]!)),
    );
  }

  // ---- The changelog ----

  private log(K: TaskState, group: OverGroup): void {
    const rows = group.fresh.filter((row) => !row.gone);
    for (const row of group.fresh) if (row.gone) this.byteCount -= row.end - row.start;
    group.fresh = [];
    if (rows.length === 0) return;
    const chunk = { number: (group.chunks.at(-1)?.number ?? -1) + 1, live: rows.length };
    const W = K.values;
    let p = W.long(W.int32(0, this.fingerprint), rows.length);
    for (const row of rows) {
      p = W.copy(W.long(W.long(W.long(p, row.time), row.partition), row.offset), row.bytes, row.start, row.end);
      row.chunk = chunk;
    }
    p = W.byte(p, 0);
    group.chunks.push(chunk);
    const keyEnd = this.writeStoreKey(K, group, chunk.number);
    K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, W.bytes, 0, p, null);
    for (const row of rows) if (row.values !== NONE) this.release(row);
  }

  private logTombstone(K: TaskState, group: OverGroup, chunk: number): void {
    const end = this.writeStoreKey(K, group, chunk);
    K.changelog().append(K.now, K.keys.bytes, 0, end, null, 0, 0, null);
  }

  private writeStoreKey(K: TaskState, { slot }: OverGroup, chunk: number): number {
    const { keys } = this;
    const start = keys.keyStart(slot);
    const p = K.keys.sortableLong(K.keys.byte(0, this.node.store!), chunk);
    return K.keys.copy(p, keys.keyBytes(slot), start, start + keys.meta[slot * keys.metaStride + KEY_LENGTH]);
  }

  // ---- Restoring ----

  /** One changelog record, its key without the store's number. */
  restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const group = this.groupOf(key, 8, key.length);
    const number = readSortableLong(key, 0);
    group.fresh = group.fresh.filter((row) => {
      if (row.chunk!.number !== number) return true;
      this.rowCount--;
      this.byteCount -= row.end - row.start;
      return false;
    });
    group.chunks = group.chunks.filter((chunk) => chunk.number !== number);
    if (value === null) return;
    const found = readInt32(value, 0) >>> 0;
    if (found !== this.fingerprint)
      throw new Error(`the state of ${this.node.id} was written with another layout (${found}, expected ${this.fingerprint})`);
    const chunk = { number, live: 0 };
    group.chunks.push(chunk);
    const c = K.cursor.at(value, 4, value.length);
    let p = 4;
    for (;;) {
      c.at(value, p, value.length);
      let count = Number(c.long());
      if (count === 0) return;
      if (count < 0) {
        count = -count;
        c.long();
      }
      for (p = c.pos; count > 0; count--) {
        c.at(value, p, value.length);
        const [time, partition, offset] = [Number(c.long()), Number(c.long()), Number(c.long())];
        const from = c.pos;
        p = this.code.skip(K, value, from, value.length);
        const row = this.rowOf(group, time, partition, offset, value, from, p);
        row.chunk = chunk;
        group.fresh.push(row);
      }
    }
  }

  /** What is before the watermark was given; the rest waits. */
  restored(K: TaskState, watermark: number): void {
    for (const group of this.groups) {
      if (group === undefined) continue;
      // In the order in which they once came.
      const rows = group.fresh.sort((a, b) => a.chunk!.number - b.chunk!.number || a.arrival - b.arrival);
      group.fresh = [];
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
      this.forget(group, watermark);
      this.settle(group);
    }
  }

  // ---- Counts ----

  stored(_commit: number): void {
    // Rows stay as long as they are needed.
  }

  relieve(_total: number, _limit: number): void {
    // As said.
  }

  entries(): number {
    return this.rowCount;
  }

  bytes(): number {
    return this.byteCount + this.rowCount * ROW_BYTES + this.keys.bytes;
  }

  dirtyEntries(): number {
    return this.freshCount;
  }
}

const NONE: Value[] = [];
