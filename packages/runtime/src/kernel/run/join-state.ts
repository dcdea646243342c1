/**
 * A join of two streams in one task. Each side keeps its rows by join key, in event-time order, until no row of the other side can meet them
 * any more; rows of the other side that come in look among them. A row is written to the changelog once, and once more when it has found its
 * first match where that matters; it leaves with a tombstone.
 */
import type { StageNode } from '../../plan/physical.js';
import { keptMs, padded } from '../../plan/join-times.js';
import { byteString, readInt32, readSortableLong } from './bytes.js';
import { DueQueue } from './due-queue.js';
import { type EvictableRow, EvictableRows } from './evictable-rows.js';
import type { Receiver } from './receive.js';
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

/** A row that waits; its bytes are without its time. */
export interface Kept extends EvictableRow {
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

/** Rows of one side and key, oldest first. */
export interface Bucket {
  readonly name: string;
  readonly key: Uint8Array;
  readonly rows: Kept[];
}

/** Bytes that a row takes beside its own, about. */
const ROW_OVERHEAD = 150;

export class JoinState extends EvictableRows<Kept> {
  protected readonly buckets: readonly [Map<string, Bucket>, Map<string, Bucket>] = [new Map(), new Map()];
  protected due = new DueQueue<Kept>();
  private readonly beforeMs: number;
  private readonly afterMs: number;
  private readonly kept: readonly [number, number];
  protected readonly pads: readonly [boolean, boolean];
  /** Rows by number, while the changelog is read. */
  private readonly restoredRows = new Map<number, Kept>();
  protected nextNumber = 0;

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
      receive: (K, bytes, keyStart, keyEnd, valueStart, valueEnd) => this.take(K, side, bytes, keyStart, keyEnd, valueStart, valueEnd),
    };
  }

  protected take(K: TaskState, side: 0 | 1, b: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    K.rowsIn[this.index]++;
    const time = Number(K.cursor.at(b, valueStart, valueEnd).long());
    const start = K.cursor.pos;
    const name = byteString(b, keyStart, keyEnd);
    const matched = this.match(K, side, name, time, b, start, valueEnd);
    const row = this.keep(side, name, () => b.slice(keyStart, keyEnd), time, this.nextNumber++, b.slice(start, valueEnd));
    row.matched = matched && this.pads[side];
    this.touch(row);
  }

  /** Hands on what a row makes with those of the other side. */
  private match(K: TaskState, side: 0 | 1, name: string, time: number, b: Uint8Array, start: number, end: number): boolean {
    const others = this.buckets[side === 0 ? 1 : 0].get(name)?.rows;
    if (others === undefined) return false;
    const { beforeMs, afterMs } = this;
    const [least, most] = side === 0 ? [time - beforeMs, time + afterMs] : [time - afterMs, time + beforeMs];
    const { meets } = this.code;
    let matched = false;
    for (let i = firstFrom(others, least); i < others.length && others[i].time <= most; i++) {
      const other = others[i];
      const row = this.rowOf(other);
      const at = Math.max(time, other.time);
      if (meets !== null) {
        const met =
          side === 0 ? meets(K, time, b, start, end, row, 0, row.length) : meets(K, other.time, row, 0, row.length, b, start, end);
        if (!met) continue;
      }
      matched = true;
      if (this.pads[other.side] && !other.matched) {
        other.matched = true;
        this.touch(other);
      }
      if (side === 0) this.code.pair(K, at, b, start, end, row, 0, row.length);
      else this.code.pair(K, at, row, 0, row.length, b, start, end);
    }
    return matched;
  }

  protected keep(side: 0 | 1, name: string, key: () => Uint8Array, time: number, number: number, row: Uint8Array, deleted = false): Kept {
    let bucket = this.buckets[side].get(name);
    if (bucket === undefined) {
      bucket = { name, key: key(), rows: [] };
      this.buckets[side].set(name, bucket);
    }
    const kept: Kept = {
      side,
      time,
      number,
      bucket,
      row,
      length: row.length,
      deleted,
      matched: false,
      dirty: false,
      logged: false,
      gone: false,
      flush: 0,
      listed: false,
    };
    const { rows } = bucket;
    let i = rows.length;
    while (i > 0 && (rows[i - 1].time > time || (rows[i - 1].time === time && rows[i - 1].number > number))) i--;
    rows.splice(i, 0, kept);
    this.count++;
    this.heldBytes += row.length;
    this.schedule(kept);
    return kept;
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
      this.heldBytes += kept.length;
    }
    kept.dirty = true;
    this.dirty.push(kept);
  }

  // ---- Flush ----

  flush(K: TaskState, watermark: number): void {
    const gone = this.due.take(watermark);
    gone.sort((a, b) => a.time - b.time || a.side - b.side || a.number - b.number);
    for (const kept of gone) {
      if (this.pads[kept.side] && !kept.matched) this.pad(K, kept);
      this.drop(K, kept);
    }
    this.logDirty(K);
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
    const { key } = kept.bucket;
    if (kept.side === 0) this.code.left(K, kept.time, row, 0, row.length);
    else this.code.right(K, kept.time, row, 0, row.length, key, 0, key.length);
  }

  protected forget(kept: Kept): void {
    const { rows, name } = kept.bucket;
    // Rows go in the order of their times, so it is one of the first.
    rows.splice(rows.indexOf(kept), 1);
    if (rows.length === 0) this.buckets[kept.side].delete(name);
    this.count--;
    if (kept.row !== null) this.heldBytes -= kept.length;
    kept.gone = true;
  }

  /** Writes the entry's key to `K.keys`; its end. */
  protected storeKey(K: TaskState, { side, time, number }: Kept): number {
    const w = K.keys;
    return w.int64(w.sortableLong(w.byte(w.byte(0, this.node.store), side), time), number);
  }

  protected log(K: TaskState, kept: Kept): void {
    const keyEnd = this.storeKey(K, kept);
    const { side, bucket, row, time } = kept;
    const w = K.values;
    let p = w.sized(w.int32(0, this.fingerprint), bucket.key, 0, bucket.key.length);
    p = w.byte(p, kept.matched ? 1 : 0);
    if (side === 1) p = w.byte(p, 0);
    p = kept.deleted ? w.byte(p, 0) : w.copy(w.long(w.byte(p, 2), time), row!, 0, row!.length);
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
    const known = this.restoredRows.get(number);
    const name = byteString(value, at.keyStart, at.keyEnd);
    const kept =
      known ?? this.keep(side, name, () => value.slice(at.keyStart, at.keyEnd), time, number, value.slice(at.start, at.end), at.deleted);
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
    for (const side of this.buckets)
      for (const { rows } of side.values())
        for (const kept of rows) {
          this.schedule(kept);
          this.noteWritten(kept);
        }
  }

  /** The row, from the store where it was evicted. */
  protected rowOf(kept: Kept): Uint8Array {
    if (kept.row !== null) return kept.row;
    const { K } = this;
    const value = K.env.store!.get(K.keys.slice(0, this.storeKey(K, kept)));
    if (value === undefined) throw new Error(`a row of ${this.node.id} is not in the store`);
    const { start, end } = this.parse(K, value, kept.side);
    return value.slice(start, end);
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
