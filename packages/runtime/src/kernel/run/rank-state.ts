/** A rank in one task: rows that come one by one, boards and what is handed on of them. See rank-index.ts for how boards are kept. */
import { DEAD, DIRTY, CHANGED, EMITTED, GroupTable, LOGGED } from '../../state/group-table.js';
import { compareBytes, hashBytes } from '../../state/group-table-hash.js';
import { FLAGS, FLUSH, KEY_LENGTH, META_FIELDS } from '../../state/group-table-rows.js';
import { byteString, readInt32 } from './bytes.js';
import type { FoldState } from './fold-state.js';
import { type Candidate, type Placed, type RankCode, type RankGroup, RankIndex, type RankNode } from './rank-index.js';
import { equalBytes } from './strings.js';
import type { TaskState } from './task-state.js';

/** Boards of closed windows that are kept for those who look. */
const MAX_ENDED = 100;
const ROW_BLOB = META_FIELDS;

export class RankState extends RankIndex {
  /** Rows received (mode `global`) or handed on by another rank; null where a fold's table is the input. */
  readonly rows: GroupTable | null;

  private flushNumber = 1;
  /** Slots of rows that are there for good. */
  private settled: number[] = [];
  /** Boards of closed windows that can still be looked at, oldest first. */
  private readonly ended: RankGroup[] = [];
  private readonly ranked: boolean;
  private readonly local: boolean;
  private readonly isFinal: boolean;
  private readonly everyMs: number;
  /** Boards are of windows, and what is kept of them goes with these. */
  private readonly closes: boolean;
  private period: number;
  /** Rows of a rank of mode `global` are written to the changelog. */
  private readonly store: number | null;

  constructor(
    node: RankNode,
    readonly index: number,
    code: RankCode,
    K: TaskState,
    fold: FoldState | null,
    private readonly fingerprint: number,
  ) {
    super(node, code, fold);
    const { transform } = node;
    this.local = node.mode === 'local';
    this.isFinal = transform.emit.mode === 'final' && !this.local;
    this.ranked = transform.rank !== null && !this.local;
    this.everyMs = transform.emit.mode === 'every' && !this.local ? transform.emit.everyMs : 0;
    this.period = this.everyMs > 0 ? Math.floor(K.env.now() / this.everyMs) : 0;
    this.closes = transform.closes === true && node.mode === 'global';
    this.store = node.mode === 'global' ? node.store : null;
    this.rows = fold === null ? new GroupTable({ init: Float64Array.of(Infinity), blobs: 1, sides: 0 }) : null;
  }

  protected override eachRow(K: TaskState, look: (T: GroupTable, slot: number) => void): void {
    const T = this.rows;
    if (T === null) this.fold!.eachEmitted(K, look);
    else for (let slot = 0; slot < T.slots; slot++) if (T.meta[slot * T.metaStride + KEY_LENGTH] >= 0) look(T, slot);
  }

  // ---- Rows one by one ----

  /** A row handed on by another rank: `row[start, end)` is Avro of { time, c0, … }. */
  put(key: Uint8Array, keyStart: number, keyEnd: number, row: Uint8Array, start: number, end: number): void {
    const T = this.rows!;
    const hash = hashBytes(key, keyStart, keyEnd);
    let slot = T.find(hash, key, keyStart, keyEnd);
    if (slot < 0) slot = T.insert(hash, key, keyStart, keyEnd);
    T.setBlob(slot, ROW_BLOB, row, start, end);
    T.touch(slot);
  }

  /** The row of that key is gone. */
  take(key: Uint8Array, keyStart: number, keyEnd: number): void {
    const T = this.rows!;
    const slot = T.find(hashBytes(key, keyStart, keyEnd), key, keyStart, keyEnd);
    if (slot < 0) return;
    T.touch(slot);
    T.meta[slot * T.metaStride + FLAGS] |= DEAD;
  }

  /** The row of that key will not change or leave any more, and is forgotten unless it may be on a board. */
  settleRow(key: Uint8Array, keyStart: number, keyEnd: number): void {
    if (this.isFinal) return; // it goes when its board does
    const slot = this.rows!.find(hashBytes(key, keyStart, keyEnd), key, keyStart, keyEnd);
    if (slot >= 0) this.settled.push(slot);
  }

  /** A record of the repartition topic. */
  receive(K: TaskState, bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    K.rowsIn[this.index]++;
    if (valueEnd < valueStart) this.take(bytes, keyStart, keyEnd);
    else this.put(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd);
  }

  private takeIn(K: TaskState, T: GroupTable): void {
    const { dirty } = T;
    const count = T.dirtyCount;
    T.dirtyCount = 0;
    for (let i = 0; i < count; i++) {
      const slot = dirty[i];
      const m = slot * T.metaStride;
      const flags = T.meta[m + FLAGS];
      if (this.store !== null) this.log(K, T, slot, flags);
      if ((flags & DEAD) !== 0) {
        this.remove(T, slot);
        T.remove(slot);
        continue;
      }
      T.meta[m + FLAGS] = (flags & ~(DIRTY | CHANGED)) | LOGGED | EMITTED;
      this.code.feed(K, T, slot);
    }
    T.flush = this.flushNumber + 1;
    this.freezing = true;
    for (const slot of this.settled) {
      this.code.feed(K, T, slot);
      T.remove(slot);
    }
    this.freezing = false;
    this.settled = [];
  }

  private log(K: TaskState, T: GroupTable, slot: number, flags: number): void {
    const m = slot * T.metaStride;
    const dead = (flags & DEAD) !== 0;
    if (dead && (flags & LOGGED) === 0) return;
    const start = T.keyStart(slot);
    const keyEnd = K.keys.copy(K.keys.byte(0, this.store!), T.keyBytes(slot), start, start + T.meta[m + KEY_LENGTH]);
    if (dead) {
      K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, null, 0, 0, null);
      return;
    }
    const row = T.meta[m + ROW_BLOB] >>> 0;
    const end = K.values.copy(K.values.int32(0, this.fingerprint), T.arena, row, row + T.meta[m + ROW_BLOB + 1]);
    K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, K.values.bytes, 0, end, null);
  }

  // ---- The board ----

  flush(K: TaskState, watermark: number): void {
    if (this.rows !== null) this.takeIn(K, this.rows);
    this.flushNumber++;
    if (this.isFinal) this.giveFinal(K, watermark);
    else if (this.opens(K)) {
      this.showChanges(K);
      if (this.closes && this.rows !== null) this.close(K, this.rows, watermark);
    }
    for (const group of this.closed) {
      this.ended.push(group);
      this.settleBoard(K, group);
    }
    this.closed = [];
    while (this.ended.length > MAX_ENDED) this.groups.delete(nameOf(this.ended.shift()!));
  }

  /** The rows of a closed window's board are there for good, unless they wait for their tick. */
  private settleBoard(K: TaskState, group: RankGroup): void {
    if (this.local || this.isFinal || this.everyMs > 0) return;
    let rank = 0;
    for (const placed of group.placed.values()) this.code.settle(K, placed, ++rank);
  }

  private opens(K: TaskState): boolean {
    if (this.everyMs === 0) return true;
    const period = Math.floor(K.now / this.everyMs);
    const passed = period > this.period;
    this.period = period;
    return passed;
  }

  /**
   * Hands on what changed on the boards: on all of them first what left, then the rest, by rank. So a row that moves to another board is not
   * taken back after it got there.
   */
  private showChanges(K: TaskState): void {
    const { code, ranked } = this;
    const changes: [Placed, number][] = [];
    for (const [group, top] of this.tops(K)) {
      group.touched = false;
      const before = group.placed;
      const placed = new Map<string | number, Placed>();
      for (const [i, row] of top.entries()) {
        const key = ranked ? i + 1 : this.keyOf(row);
        const old = before.get(key);
        const now: Placed = { row, flags: old?.flags ?? 0 };
        placed.set(key, now);
        if (old === undefined || !this.sameRow(old.row, row)) changes.push([now, i + 1]);
      }
      let rank = 0;
      for (const [key, old] of before) {
        rank++;
        if (placed.has(key)) continue;
        if (this.local) this.send(K, old.row, true);
        else code.retract(K, old, rank);
      }
      group.placed = placed;
      if (placed.size === 0 && group.rows.length === 0 && group !== this.only) this.groups.delete(nameOf(group));
    }
    for (const [now, rank] of changes) {
      if (this.local) this.send(K, now.row, false);
      else code.upsert(K, now, rank);
    }
  }

  /** A candidate's time matters to the rank it is sent to; on a board it would only touch the record's timestamp. */
  private sameRow(a: Candidate, b: Candidate): boolean {
    if (a === b) return true;
    return this.local
      ? equalBytes(a.row, 0, a.row.length, b.row, 0, b.row.length)
      : equalBytes(a.row, a.body, a.row.length, b.row, b.body, b.row.length);
  }

  /** Boards of closed windows, in (window end, group) order, best first; then their state goes. */
  private giveFinal(K: TaskState, watermark: number): void {
    const groups = this.closed;
    if (this.fold === null) for (const group of this.groups.values()) if (group.end <= watermark) groups.push(group);
    this.closed = [];
    if (groups.length > 0) {
      groups.sort((a, b) => a.end - b.end || compareBytes(a.key, 0, a.key.length, b.key, 0, b.key.length));
      for (const [group, top] of this.decide(K, groups)) {
        for (const [i, row] of top.entries()) this.code.final(K, row, i + 1, group.end - 1);
        for (const row of group.rows) if (!row.dead && row.table !== null) this.unpin(row.table, row.slot);
        this.groups.delete(nameOf(group));
      }
      if (this.rows !== null) this.forget(K, this.rows, watermark);
    }
    for (const group of this.touched) group.touched = false;
    this.touched = [];
  }

  /** Boards whose windows are closed stay as they are, for those who look; nothing else of them does. */
  private close(K: TaskState, T: GroupTable, watermark: number): void {
    const groups = [...this.groups.values()].filter((group) => group.end <= watermark && !this.ended.includes(group));
    if (groups.length === 0) return;
    for (const [group, top] of this.decide(K, groups)) {
      for (const row of group.rows) this.release(row);
      group.rows = top;
      group.bound = null;
      this.closed.push(group);
    }
    this.forget(K, T, watermark);
  }

  /** Rows of windows that are closed. */
  private forget(K: TaskState, T: GroupTable, watermark: number): void {
    for (let slot = 0; slot < T.slots; slot++) {
      const m = slot * T.metaStride;
      if (T.meta[m + KEY_LENGTH] < 0 || T.num[slot * T.numStride] > watermark) continue;
      if (this.store !== null) this.log(K, T, slot, T.meta[m + FLAGS] | DEAD);
      this.remove(T, slot);
      T.remove(slot);
    }
  }

  private keyOf(row: Candidate): string {
    return !this.local && this.k === 1 && !this.ties ? '' : byteString(row.key, 0, row.key.length);
  }

  /** To the repartition topic: the row, or that it left the best k here. */
  private send(K: TaskState, row: Candidate, gone: boolean): void {
    const output = this.node.output!;
    const group = row.group.key;
    const partition = this.node.transform.group.length === 0 ? 0 : K.partitionOf(output, group, 0, group.length);
    K.builder(output, partition).append(K.now, row.key, 0, row.key.length, gone ? null : row.row, 0, gone ? 0 : row.row.length, null);
    K.wrote[output] = true;
    K.rowsOut[this.index]++;
  }

  // ---- Windows ----

  // ---- State ----

  /** One changelog record of a rank of mode `global`, its key without the store's number. */
  restore(_K: TaskState, key: Uint8Array, value: Uint8Array | null): void {
    const T = this.rows!;
    const hash = hashBytes(key, 0, key.length);
    let slot = T.find(hash, key, 0, key.length);
    if (value === null) {
      if (slot >= 0) T.remove(slot);
      return;
    }
    const found = readInt32(value, 0) >>> 0;
    if (found !== this.fingerprint)
      throw new Error(`the state of ${this.node.id} was written with another layout (${found}, expected ${this.fingerprint})`);
    if (slot < 0) slot = T.insert(hash, key, 0, key.length);
    T.setBlob(slot, ROW_BLOB, value, 4, value.length);
    T.meta[slot * T.metaStride + FLAGS] = LOGGED | EMITTED;
    T.meta[slot * T.metaStride + FLUSH] = 0;
  }

  /** The boards as they are now are what those downstream have. */
  restored(K: TaskState): void {
    const T = this.rows;
    if (T !== null) {
      T.dirtyCount = 0;
      for (let slot = 0; slot < T.slots; slot++) {
        const m = slot * T.metaStride;
        if (T.meta[m + KEY_LENGTH] < 0) continue;
        T.meta[m + FLAGS] = (T.meta[m + FLAGS] & ~(DIRTY | CHANGED)) | LOGGED | EMITTED;
        this.code.feed(K, T, slot);
      }
    }
    if (this.isFinal) return;
    for (const [group, top] of this.tops(K)) {
      group.touched = false;
      for (const [i, row] of top.entries()) {
        const placed: Placed = { row, flags: 0 };
        group.placed.set(this.ranked ? i + 1 : this.keyOf(row), placed);
        if (!this.local) this.code.prime(K, placed, i + 1);
      }
      // Which periodic emissions were still due is not in the state: all are, once more.
      if (this.everyMs > 0) this.touch(group);
    }
  }

  stored(_commit: number): void {
    // Rows of boards are few, and stay.
  }

  relieve(_total: number, _limit: number): void {
    // As said.
  }

  /** Earliest event time at which a board is to be given. */
  nextDue(): number {
    let due = Infinity;
    if (!this.isFinal || this.fold !== null) return due;
    for (const group of this.groups.values()) {
      const hasRows = group.bound !== null || group.rows.some((row) => !row.dead);
      if (hasRows && group.end < due) due = group.end;
    }
    return due;
  }

  /** All boards as they are now, best rows first. */
  board(K: TaskState): Readonly<Record<string, unknown>>[] {
    const groups = this.node.transform.group.length === 0 ? [this.only] : [...this.groups.values()];
    const boards = groups.map((group) => {
      // What was flushed is settled; boards that wait for their window are not.
      const top = group.touched || this.isFinal ? null : this.top(group);
      return top ?? this.decide(K, [group]).get(group)!;
    });
    return boards.flatMap((top) => top.map((row, i) => this.code.boardRow(K, row, i + 1)));
  }

  entries(): number {
    return this.rows?.size ?? 0;
  }

  bytes(): number {
    return this.rows?.bytes ?? 0;
  }

  dirtyEntries(): number {
    return this.rows?.dirtyCount ?? 0;
  }
}

/** The group's name in the map of groups. */
function nameOf({ key }: RankGroup): string {
  return byteString(key, 0, key.length);
}
