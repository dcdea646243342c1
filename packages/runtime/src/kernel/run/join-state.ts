/**
 * A join of two streams in one task. Each side keeps its rows by join key, in event-time order, until no row of the other side can meet them
 * any more; rows of the other side that come in look among them. A row is written to the changelog once, and once more when it has found its
 * first match where that matters; it leaves with a tombstone.
 */
import type { StageNode } from '../../plan/physical.js';
import { keptMs, padded } from '../../plan/join-times.js';
import { readInt32, readSortableLong } from './bytes.js';
import { BytesMap } from './bytes-map.js';
import { DueQueue } from './due-queue.js';
import { type EvictableRow, EvictableRows } from './evictable-rows.js';
import type { Receiver } from './receive.js';
import { RowBytes } from './row-bytes.js';
import type { TaskState } from './task-state.js';

type JoinNode = Extract<StageNode, { op: 'join' }>;

/** What is generated for a join. Rows are given without their time. */
export interface JoinCode {
  /** Whether rows of equal keys are a match; `time` is that of the left one. Null: all are. An expression that fails is counted: no match. */
  readonly meets:
    ((K: TaskState, time: number, L: Uint8Array, lp: number, le: number, R: Uint8Array, rp: number, re: number) => boolean) | null;
  /** Hands on a row of both sides. */
  pair(K: TaskState, time: number, L: Uint8Array, lp: number, le: number, R: Uint8Array, rp: number, re: number): void;
  /** Hands on a left row without a match. */
  left(K: TaskState, time: number, L: Uint8Array, lp: number, le: number): void;
  /** Hands on a right row without a match; the key is that of the join. */
  right(K: TaskState, time: number, R: Uint8Array, rp: number, re: number, key: Uint8Array, kp: number, ke: number): void;
}

/** A row that waits; its bytes are without its time: `row[at, at + length)`. */
export interface Kept extends EvictableRow {
  at: number;
  /** Number of the block that they are in; -1: an array of their own. */
  block: number;
  readonly side: 0 | 1;
  readonly time: number;
  /** Counts the rows of the join as they came in. */
  readonly number: number;
  readonly bucket: Bucket;
  /** A version of a table's row that says that it is deleted. */
  readonly deleted: boolean;
  matched: boolean;
  logged: boolean;
}

/** Rows of one key, those of each side oldest first. */
export interface Bucket {
  readonly key: Uint8Array;
  readonly rows: readonly [left: Kept[], right: Kept[]];
}

/** Bytes that a row takes beside its own, about. */
const ROW_OVERHEAD = 150;

export class JoinState extends EvictableRows<Kept> {
  protected readonly buckets = new BytesMap<Bucket>();
  private readonly rowBytes = new RowBytes();
  protected due = new DueQueue<Kept>();
  private readonly beforeMs: number;
  private readonly afterMs: number;
  private readonly kept: readonly [number, number];
  protected readonly pads: readonly [boolean, boolean];
  /** Rows by number, while the changelog is read. */
  private readonly restoredRows = new Map<number, Kept>();
  private nextNumber = 0;
  /** Rows that came since those that were due were last dealt with. */
  private came = 0;
  /** Where in what `rowOf` gave the row begins. */
  protected rowAt = 0;

  constructor(
    protected readonly node: JoinNode,
    protected readonly index: number,
    protected readonly code: JoinCode,
    K: TaskState,
    private readonly fingerprint: number,
  ) {
    super(K, ROW_OVERHEAD);
    const { how } = node.transform;
    this.beforeMs = how.kind === 'within' ? how.beforeMs : 0;
    this.afterMs = how.kind === 'within' ? how.afterMs : 0;
    this.kept = [keptMs(node.transform, 0), keptMs(node.transform, 1)];
    this.pads = padded(node.transform);
  }

  /** What reads input `input` of the stage. */
  receiver(input: number): Receiver {
    const side = this.node.sides[0].includes(input) ? 0 : 1;
    return {
      receive: (K, bytes, keyStart, keyEnd, valueStart, valueEnd) =>
        this.take(K, side, bytes, keyStart, keyEnd, bytes, valueStart, valueEnd),
    };
  }

  /** Takes a row of a side, with its time in front. The bytes are copied. */
  take(
    K: TaskState,
    side: 0 | 1,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    b: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    K.rowsIn[this.index]++;
    const time = Number(K.cursor.at(b, valueStart, valueEnd).long());
    const start = K.cursor.pos;
    const bucket = this.bucketOf(key, keyStart, keyEnd);
    // Kept before anything is handed on: what it came in may be written over by that.
    const row = this.keep(bucket, side, time, b, start, valueEnd);
    const matched = this.match(K, row, row.row!, row.at, row.at + row.length);
    row.matched = matched && this.pads[side];
    this.touch(row);
  }

  /** Hands on what a row makes with those of the other side. */
  private match(K: TaskState, { side, bucket, time }: Kept, b: Uint8Array, start: number, end: number): boolean {
    const others = bucket.rows[side === 0 ? 1 : 0];
    const { beforeMs, afterMs } = this;
    const [least, most] = side === 0 ? [time - beforeMs, time + afterMs] : [time - afterMs, time + beforeMs];
    const { meets } = this.code;
    let matched = false;
    for (let i = firstFrom(others, least); i < others.length && others[i].time <= most; i++) {
      const other = others[i];
      const row = this.rowOf(other);
      const from = this.rowAt;
      const to = from + other.length;
      const later = Math.max(time, other.time);
      if (meets !== null) {
        const met = side === 0 ? meets(K, time, b, start, end, row, from, to) : meets(K, other.time, row, from, to, b, start, end);
        if (!met) continue;
      }
      matched = true;
      if (this.pads[other.side] && !other.matched) {
        other.matched = true;
        this.touch(other);
      }
      if (side === 0) this.code.pair(K, later, b, start, end, row, from, to);
      else this.code.pair(K, later, row, from, to, b, start, end);
    }
    return matched;
  }

  /** What is kept of the key `b[start, end)`. */
  protected bucketOf(b: Uint8Array, start: number, end: number): Bucket {
    let bucket = this.buckets.get(b, start, end);
    if (bucket === undefined) {
      bucket = { key: b.slice(start, end), rows: [[], []] };
      this.buckets.add(bucket);
    }
    return bucket;
  }

  protected keep(
    bucket: Bucket,
    side: 0 | 1,
    time: number,
    b: Uint8Array,
    start: number,
    end: number,
    deleted = false,
    number = this.nextNumber++,
  ): Kept {
    const kept: Kept = {
      side,
      time,
      number,
      bucket,
      row: null,
      at: 0,
      block: -1,
      length: end - start,
      deleted,
      matched: false,
      dirty: false,
      logged: false,
      gone: false,
      flush: 0,
      listed: false,
    };
    if (this.lasts(side)) kept.row = b.slice(start, end);
    else {
      kept.at = this.rowBytes.add(b, start, end);
      kept.block = this.rowBytes.block;
      kept.row = this.rowBytes.blocks[kept.block];
    }
    const rows = bucket.rows[side];
    let i = rows.length;
    while (i > 0 && (rows[i - 1].time > time || (rows[i - 1].time === time && rows[i - 1].number > number))) i--;
    if (i === rows.length) rows.push(kept);
    else rows.splice(i, 0, kept);
    this.count++;
    this.came++;
    this.heldBytes += kept.length;
    this.schedule(kept);
    return kept;
  }

  /** Whether rows of a side stay for a time of their own: their bytes are then kept apart from those of others. */
  protected lasts(_side: 0 | 1): boolean {
    return false;
  }

  protected override letGo(kept: Kept): void {
    super.letGo(kept);
    if (kept.block >= 0) this.rowBytes.release(kept.block);
    kept.block = -1;
  }

  /** The watermark at which a row goes; Infinity: it stays. */
  protected dueOf({ time, side }: Kept): number {
    return time + this.kept[side] + 1;
  }

  protected schedule(kept: Kept): void {
    const due = this.dueOf(kept);
    if (due < Infinity) this.due.push(kept, due);
  }

  protected touch(kept: Kept): void {
    if (kept.dirty) return;
    if (kept.row === null) {
      kept.row = this.rowOf(kept);
      kept.at = this.rowAt;
      this.heldBytes += kept.length;
    }
    kept.dirty = true;
    this.dirty.push(kept);
  }

  // ---- Flush ----

  /** Deals with the rows that are due, where at least so many have come. */
  advance(K: TaskState, watermark: number, least: number): void {
    if (this.came < least) return;
    this.settle(K, watermark);
    this.forgetGone();
  }

  flush(K: TaskState, watermark: number): void {
    this.settle(K, watermark);
    this.logDirty(K);
  }

  private settle(K: TaskState, watermark: number): void {
    this.came = 0;
    this.giveDue(K, this.due.take(watermark));
  }

  /** What is to be done with rows that are due: hands on those of which nothing was, and drops them. */
  protected giveDue(K: TaskState, gone: readonly Kept[]): void {
    if (this.pads[0] || this.pads[1]) {
      const alone = gone.filter(({ side, matched }) => this.pads[side] && !matched);
      for (const kept of alone.sort((a, b) => a.time - b.time || a.side - b.side || a.number - b.number)) this.pad(K, kept);
    }
    for (const kept of gone) this.drop(K, kept);
  }

  /** The row goes, from the changelog too. */
  protected drop(K: TaskState, kept: Kept): void {
    this.forget(kept);
    if (kept.logged) K.changelog().append(K.now, K.keys.bytes, 0, this.storeKey(K, kept), null, 0, 0, null);
  }

  protected logDirty(K: TaskState): void {
    for (const kept of this.dirty) {
      kept.dirty = false;
      if (kept.gone) continue;
      this.log(K, kept);
      kept.logged = true;
      this.noteLogged(kept);
    }
    this.dirty = [];
    this.flushed();
  }

  private pad(K: TaskState, kept: Kept): void {
    const row = this.rowOf(kept);
    const from = this.rowAt;
    const { key } = kept.bucket;
    if (kept.side === 0) this.code.left(K, kept.time, row, from, from + kept.length);
    else this.code.right(K, kept.time, row, from, from + kept.length, key, 0, key.length);
  }

  protected forget(kept: Kept): void {
    const { bucket, side } = kept;
    const rows = bucket.rows[side];
    // Rows go in the order of their times, so it is one of the first.
    if (rows[0] === kept) rows.shift();
    else rows.splice(rows.indexOf(kept), 1);
    if (rows.length === 0 && bucket.rows[1 - side].length === 0) this.buckets.delete(bucket);
    this.count--;
    if (kept.row !== null) this.letGo(kept);
    this.noteGone(kept);
  }

  /** Writes the entry's key to `K.keys`; its end. */
  protected storeKey(K: TaskState, { side, time, number }: Kept): number {
    const w = K.keys;
    return w.int64(w.sortableLong(w.byte(w.byte(0, this.node.store), side), time), number);
  }

  protected log(K: TaskState, kept: Kept): void {
    const keyEnd = this.storeKey(K, kept);
    const { side, bucket, row, at, time } = kept;
    const w = K.values;
    let p = w.sized(w.int32(0, this.fingerprint), bucket.key, 0, bucket.key.length);
    p = w.byte(p, kept.matched ? 1 : 0);
    if (side === 1) p = w.byte(p, 0);
    p = kept.deleted ? w.byte(p, 0) : w.copy(w.long(w.byte(p, 2), time), row!, at, at + kept.length);
    if (side === 0) p = w.byte(p, 0);
    K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, w.bytes, 0, p, null);
  }

  nextDue(): number {
    return this.due.next(({ gone }) => gone);
  }

  // ---- State ----

  restore(K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const side = key[0] === 0 ? 0 : 1;
    const time = readSortableLong(key, 1);
    const number = readInt32(key, 9) * 0x1_0000_0000 + (readInt32(key, 13) >>> 0);
    this.nextNumber = Math.max(this.nextNumber, number + 1);
    if (value === null) {
      const gone = this.restoredRows.get(number);
      if (gone !== undefined) this.forget(gone);
      this.restoredRows.delete(number);
      return;
    }
    const at = this.parse(K, value, side);
    const kept =
      this.restoredRows.get(number) ??
      this.keep(this.bucketOf(value, at.keyStart, at.keyEnd), side, time, value, at.start, at.end, at.deleted, number);
    this.restoredRows.set(number, kept);
    kept.matched = at.matched;
    kept.logged = true;
  }

  /** Where things are in a store's value. */
  private parse(K: TaskState, value: Uint8Array, side: 0 | 1) {
    const found = readInt32(value, 0) >>> 0;
    if (found !== this.fingerprint)
      throw new Error(`the state of ${this.node.id} was written with another layout (${found}, expected ${this.fingerprint})`);
    const cursor = K.cursor.at(value, 4, value.length);
    const length = Number(cursor.long());
    const keyStart = cursor.pos;
    const keyEnd = keyStart + length;
    const matched = value[keyEnd] === 1;
    const deleted = side === 1 && value[keyEnd + 2] === 0;
    if (deleted) return { keyStart, keyEnd, matched, deleted, start: value.length, end: value.length };
    cursor.at(value, keyEnd + (side === 0 ? 2 : 3), value.length).long();
    return { keyStart, keyEnd, matched, deleted, start: cursor.pos, end: side === 0 ? value.length - 1 : value.length };
  }

  restored(): void {
    this.restoredRows.clear();
    this.due = new DueQueue();
    for (const { rows } of this.buckets.values())
      for (const kept of rows.flat()) {
        this.schedule(kept);
        this.noteWritten(kept);
      }
  }

  /** The bytes that a row is in, from `rowAt` on; from the store where it was evicted. */
  protected rowOf(kept: Kept): Uint8Array {
    this.rowAt = kept.at;
    if (kept.row !== null) return kept.row;
    const { K } = this;
    const value = K.env.store!.get(K.keys.slice(0, this.storeKey(K, kept)));
    if (value === undefined) throw new Error(`a row of ${this.node.id} is not in the store`);
    this.rowAt = this.parse(K, value, kept.side).start;
    return value;
  }
}

/** Index of the first row of at least that time. */
function firstFrom(rows: readonly Kept[], time: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const mid = (low + high) >> 1;
    if (rows[mid].time < time) low = mid + 1;
    else high = mid;
  }
  return low;
}
