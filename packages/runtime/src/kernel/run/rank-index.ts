/**
 * The best k rows per group, without keeping an order of all rows: a buffer of the best ones known, and `bound`, the best row that was ever
 * left out. Rows better than the bound are all in the buffer, so while it has k of those, they are the board. A row that changes is compared
 * with the bound, and that is all for most. Only when fewer than k are left and something was left out, the input is read again.
 */
import type { GroupTable } from '../../state/group-table.js';
import { FLAGS } from '../../state/group-table-rows.js';
import type { StageNode } from '../../plan/physical.js';
import { byteString } from './bytes.js';
import type { FoldState } from './fold-state.js';
import type { TaskState } from './task-state.js';

export type RankNode = Extract<StageNode, { op: 'rank' }>;

/** A row in the running. Generated code makes them, with fields b0… (what it is ordered by) and t0… (what breaks ties) besides. */
export interface Candidate {
  /** Avro of the input's key columns. */
  readonly key: Uint8Array;
  /** Avro record { time, c0, … } of the row; `body` is where c0 begins. */
  readonly row: Uint8Array;
  readonly body: number;
  readonly time: number;
  readonly group: RankGroup;
  /** Where it comes from; null: it is frozen. */
  table: GroupTable | null;
  slot: number;
  dead: boolean;
}

/** A row of a board as those downstream have it. */
export interface Placed {
  readonly row: Candidate;
  /** Consumer bits: who has it. */
  flags: number;
}

export interface RankGroup {
  /** Avro of the group columns. */
  readonly key: Uint8Array;
  rows: Candidate[];
  /** Best k of the rows whose windows are closed: they never change or leave. */
  frozen: Candidate[];
  /** The best row left out; null: none was. */
  bound: Candidate | null;
  /** How many rows are kept at most. */
  limit: number;
  /** What those downstream have: by rank, or by key. */
  placed: Map<string | number, Placed>;
  touched: boolean;
  rescan: boolean;
  /** Of boards that are given once, when their window closes: its end, ms. Infinity: not known, or no such board. */
  end: number;
}

/** Generated per rank. */
export interface RankCode {
  /** The flag bit of tables that feed the rank: the slot is in a buffer. */
  readonly bit: number;
  /** Flag bits of those that consume the board. */
  readonly consumers: number;
  /** The group is of one window, and is complete when that closes. */
  readonly windowed: boolean;
  /** Negative where `a` is the better row; never 0 for different rows. */
  compare(a: Candidate, b: Candidate): number;
  /** By the order alone, without the tie-break. */
  compareBy(a: Candidate, b: Candidate): number;
  /** Computes the row of a slot and offers it to the rank. */
  feed(K: TaskState, T: GroupTable, slot: number): void;
  upsert(K: TaskState, placed: Placed, rank: number): void;
  retract(K: TaskState, placed: Placed, rank: number): void;
  prime(K: TaskState, placed: Placed, rank: number): void;
  /** The row is there for good. */
  settle(K: TaskState, placed: Placed, rank: number): void;
  /** Of boards that are given once: hands a row on as a stream's, at `time`. */
  final(K: TaskState, row: Candidate, rank: number, time: number): void;
  boardRow(K: TaskState, row: Candidate, rank: number): Readonly<Record<string, unknown>>;
}

const MIN_LIMIT = 64;

export abstract class RankIndex {
  /** Of ranks without group columns. */
  readonly only: RankGroup;
  /** Rows that are offered now are the last of a window that closes. */
  freezing = false;

  protected readonly groups = new Map<string, RankGroup>();
  protected touched: RankGroup[] = [];
  /** Groups whose window has closed since the last flush. */
  protected closed: RankGroup[] = [];
  protected readonly k: number;
  protected readonly ties: boolean;
  private rescanning = false;

  constructor(
    protected readonly node: RankNode,
    protected readonly code: RankCode,
    /** The fold whose table is ranked; null: rows come one by one. */
    protected readonly fold: FoldState | null,
  ) {
    this.k = node.transform.k;
    this.ties = node.transform.ties;
    this.only = this.newGroup(new Uint8Array(0));
  }

  /** Calls `look` for all rows of the input. */
  protected abstract eachRow(K: TaskState, look: (T: GroupTable, slot: number) => void): void;

  /** The group whose key bytes are `bytes[start, end)`. */
  groupOf(bytes: Uint8Array, start: number, end: number): RankGroup {
    const text = byteString(bytes, start, end);
    let group = this.groups.get(text);
    if (group === undefined) {
      group = this.newGroup(bytes.slice(start, end));
      this.groups.set(text, group);
    }
    return group;
  }

  private newGroup(key: Uint8Array): RankGroup {
    const limit = Math.max(MIN_LIMIT, this.k * 4);
    return { key, rows: [], frozen: [], bound: null, limit, placed: new Map(), touched: false, rescan: false, end: Infinity };
  }

  /** Whether rows of the group are asked for now. */
  wants(group: RankGroup): boolean {
    return !this.rescanning || group.rescan;
  }

  offer(T: GroupTable, slot: number, row: Candidate): void {
    const { bit } = this.code;
    const f = slot * T.metaStride + FLAGS;
    const { group } = row;
    if ((T.meta[f] & bit) !== 0) this.unpin(T, slot);
    this.touch(group);
    if (this.freezing) {
      row.table = null;
      group.frozen.push(row);
      // Rows of a group that is of one window settle together.
      if (this.code.windowed && group.end === Infinity) {
        group.end = row.time;
        this.closed.push(group);
      }
      if (group.frozen.length > group.limit * 2) this.trimFrozen(group);
      return;
    }
    T.meta[f] |= bit;
    this.pins(T).set(slot, row);
    group.rows.push(row);
    if (group.rows.length > group.limit * 2) this.settle(group);
  }

  /** The slot has no row any more. */
  remove(T: GroupTable, slot: number): void {
    if ((T.meta[slot * T.metaStride + FLAGS] & this.code.bit) !== 0) this.unpin(T, slot);
  }

  private pins(T: GroupTable): Map<number, Candidate> {
    let pins = T.pins.get(this.code.bit) as Map<number, Candidate> | undefined;
    if (pins === undefined) {
      pins = new Map();
      T.pins.set(this.code.bit, pins);
    }
    return pins;
  }

  protected unpin(T: GroupTable, slot: number): void {
    const pins = this.pins(T);
    const row = pins.get(slot)!;
    pins.delete(slot);
    T.meta[slot * T.metaStride + FLAGS] &= ~this.code.bit;
    row.dead = true;
    this.touch(row.group);
  }

  /** The row stays where it is and does not change any more. */
  protected release(row: Candidate): void {
    if (row.dead || row.table === null) return;
    this.pins(row.table).delete(row.slot);
    row.table.meta[row.slot * row.table.metaStride + FLAGS] &= ~this.code.bit;
    row.table = null;
  }

  protected touch(group: RankGroup): void {
    if (group.touched) return;
    group.touched = true;
    this.touched.push(group);
  }

  // ---- Boards ----

  /** Sorts what is in the buffer, and leaves out what does not belong there. */
  protected settle(group: RankGroup): void {
    const { code } = this;
    const rows = group.rows.filter((row) => !row.dead).sort((a, b) => code.compare(a, b));
    let keep = Math.min(rows.length, group.limit);
    if (group.bound !== null) while (keep > 0 && code.compare(rows[keep - 1], group.bound) > 0) keep--;
    if (keep < rows.length) {
      if (group.bound === null || code.compare(rows[keep], group.bound) < 0) group.bound = rows[keep];
      for (let i = keep; i < rows.length; i++) {
        const row = rows[i];
        this.release(row);
      }
      rows.length = keep;
    }
    group.rows = rows;
    if (group.frozen.length > 0) this.trimFrozen(group);
  }

  private trimFrozen(group: RankGroup): void {
    const sorted = group.frozen.sort((a, b) => this.code.compare(a, b));
    sorted.length = this.best(sorted);
  }

  /** How many of the sorted rows are on the board: k, and those that tie with the last of them if asked. */
  private best(sorted: readonly Candidate[]): number {
    let n = Math.min(this.k, sorted.length);
    if (this.ties && n > 0) while (n < sorted.length && this.code.compareBy(sorted[n], sorted[this.k - 1]) === 0) n++;
    return n;
  }

  /** The board, best first; null when the buffer cannot tell. The group is settled. */
  protected top(group: RankGroup): Candidate[] | null {
    const { rows, frozen, bound } = group;
    const merged = frozen.length === 0 ? rows : [...rows, ...frozen].sort((a, b) => this.code.compare(a, b));
    const top = merged.slice(0, this.best(merged));
    if (bound === null) return top;
    if (top.length < this.k || this.code.compare(top[top.length - 1], bound) > 0) return null;
    if (this.ties && this.code.compareBy(bound, top[this.k - 1]) === 0) return null;
    return top;
  }

  /** The boards of the touched groups; reads the input again for those that need it. */
  protected tops(K: TaskState): Map<RankGroup, Candidate[]> {
    const touched = this.touched;
    this.touched = [];
    const tops = this.decide(K, touched);
    for (const group of this.touched) group.touched = tops.has(group);
    this.touched = [];
    return tops;
  }

  protected decide(K: TaskState, groups: Iterable<RankGroup>): Map<RankGroup, Candidate[]> {
    const tops = new Map<RankGroup, Candidate[]>();
    let unknown: RankGroup[] = [];
    for (const group of groups) {
      this.settle(group);
      const top = this.top(group);
      tops.set(group, top ?? []);
      if (top === null) unknown.push(group);
    }
    while (unknown.length > 0) {
      this.rescan(K, unknown);
      unknown = unknown.filter((group) => {
        this.settle(group);
        const top = this.top(group);
        if (top !== null) tops.set(group, top);
        // Only ties can be more than were kept.
        else group.limit *= 2;
        return top === null;
      });
    }
    return tops;
  }

  private rescan(K: TaskState, groups: readonly RankGroup[]): void {
    for (const group of groups) {
      for (const row of group.rows) if (!row.dead) this.unpin(row.table!, row.slot);
      group.rows = [];
      group.bound = null;
      group.rescan = true;
    }
    this.rescanning = true;
    this.eachRow(K, (table, slot) => this.code.feed(K, table, slot));
    this.rescanning = false;
    for (const group of groups) group.rescan = false;
  }

  /** The window of a table closes: complete boards go, other boards keep what they may need of its rows. */
  freeze(K: TaskState, T: GroupTable): void {
    if (this.code.windowed) {
      const groups = new Set([...this.pins(T).values()].map((row) => row.group));
      // While the rows are still there: what is on the board for good.
      for (const [group, top] of this.decide(K, groups)) {
        group.rows = top;
        group.bound = null;
        group.end = T.end;
        this.closed.push(group);
      }
    } else {
      this.freezing = true;
      this.fold!.eachEmitted(K, (table, slot) => this.code.feed(K, table, slot), T);
      this.freezing = false;
    }
    for (const row of this.pins(T).values()) row.table = null;
    T.pins.delete(this.code.bit);
  }
}
