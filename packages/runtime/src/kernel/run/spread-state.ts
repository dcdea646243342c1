/** A spread in one task: of a table, which rows of each list those downstream have. */
import type { Value } from '@rta/dsl';
import type { GroupTable } from '../../state/group-table.js';
import { byteString } from './bytes.js';
import { equalBytes } from './strings.js';
import type { TaskState } from './task-state.js';

/** A row as those downstream have it. */
export interface SpreadRow {
  /** Avro of the columns beside the list. */
  readonly outer: Uint8Array;
  /** Avro of the record. */
  item: Uint8Array;
  time: number;
  /** Consumer bits: who has it. */
  flags: number;
}

/** Generated per spread. */
export interface SpreadCode {
  /** Writes a record to `K.values`; its end is returned. */
  write(K: TaskState, item: Value): number;
  /** Hands a row of a stream on. */
  give(K: TaskState, row: SpreadRow, rank: number): void;
  upsert(K: TaskState, row: SpreadRow, rank: number): void;
  retract(K: TaskState, row: SpreadRow, rank: number): void;
  prime(K: TaskState, row: SpreadRow, rank: number): void;
  settle(K: TaskState, row: SpreadRow, rank: number): void;
  evict(K: TaskState, row: SpreadRow, rank: number): void;
}

type Rows = SpreadRow[];

/** Of a row, about. */
const OVERHEAD = 160;

export class SpreadState {
  private held = 0;
  /** By the table that the lists are in (null: they are in none) and the bytes of the columns beside the list. */
  private readonly lists = new Map<GroupTable | null, Map<string, Rows>>();

  constructor(
    readonly index: number,
    private readonly code: SpreadCode,
    /** Rows that did not change are given again. */
    private readonly repeats: boolean,
  ) {}

  /** A row of a stream, its columns beside the list in `K.keys[0, end)`. */
  give(K: TaskState, end: number, list: readonly Value[], time: number): void {
    const outer = K.keys.slice(0, end);
    for (const [i, item] of list.entries()) {
      K.rowsOut[this.index]++;
      this.code.give(K, { outer, item: this.written(K, item), time, flags: 0 }, i + 1);
    }
  }

  /** A row of a table is this now; its columns beside the list, which are its key, in `K.keys[0, end)`. */
  put(K: TaskState, holder: GroupTable | null, end: number, list: readonly Value[], time: number): void {
    const rows = this.rowsOf(K, holder, end);
    const outer = rows.length > 0 ? rows[0].outer : K.keys.slice(0, end);
    for (const [i, row] of rows.splice(list.length).entries()) {
      this.dropped(row);
      this.retract(K, row, list.length + i + 1);
    }
    for (const [i, item] of list.entries()) {
      const e = this.code.write(K, item);
      const { bytes } = K.values;
      if (i >= rows.length) rows.push(this.added(outer, bytes.slice(0, e), time));
      else {
        const row = rows[i];
        if (!this.repeats && equalBytes(bytes, 0, e, row.item, 0, row.item.length)) continue;
        this.held += e - row.item.length;
        row.item = bytes.slice(0, e);
        row.time = time;
      }
      K.rowsOut[this.index]++;
      this.code.upsert(K, rows[i], i + 1);
    }
  }

  /** The row is gone. */
  take(K: TaskState, holder: GroupTable | null, end: number): void {
    for (const [i, row] of this.forget(K, holder, end).entries()) this.retract(K, row, i + 1);
  }

  /** As `put`, of a row that was handed on before. */
  prime(K: TaskState, holder: GroupTable | null, end: number, list: readonly Value[], time: number): void {
    const rows = this.rowsOf(K, holder, end);
    if (rows.length > 0) return; // it came back from the store
    const outer = K.keys.slice(0, end);
    for (const [i, item] of list.entries()) {
      const row = this.added(outer, this.written(K, item), time);
      rows.push(row);
      this.code.prime(K, row, i + 1);
    }
  }

  /** The row will not change any more. */
  settle(K: TaskState, holder: GroupTable | null, end: number): void {
    for (const [i, row] of this.forget(K, holder, end).entries()) this.code.settle(K, row, i + 1);
  }

  /** The list went out of memory; it is primed when it comes back. */
  evict(K: TaskState, holder: GroupTable | null, end: number): void {
    for (const [i, row] of this.forget(K, holder, end).entries()) this.code.evict(K, row, i + 1);
  }

  /** The rows of a table will not change any more. */
  freeze(K: TaskState, holder: GroupTable): void {
    const lists = this.lists.get(holder);
    this.lists.delete(holder);
    for (const rows of lists?.values() ?? []) {
      for (const [i, row] of rows.entries()) {
        this.dropped(row);
        this.code.settle(K, row, i + 1);
      }
    }
  }

  private retract(K: TaskState, row: SpreadRow, rank: number): void {
    K.rowsOut[this.index]++;
    this.code.retract(K, row, rank);
  }

  private written(K: TaskState, item: Value): Uint8Array {
    const end = this.code.write(K, item);
    return K.values.slice(0, end);
  }

  private rowsOf(K: TaskState, holder: GroupTable | null, end: number): Rows {
    let lists = this.lists.get(holder);
    if (lists === undefined) {
      lists = new Map();
      this.lists.set(holder, lists);
    }
    const id = byteString(K.keys.bytes, 0, end);
    let rows = lists.get(id);
    if (rows === undefined) {
      rows = [];
      lists.set(id, rows);
    }
    return rows;
  }

  private forget(K: TaskState, holder: GroupTable | null, end: number): Rows {
    const lists = this.lists.get(holder);
    const id = byteString(K.keys.bytes, 0, end);
    const rows = lists?.get(id) ?? [];
    lists?.delete(id);
    for (const row of rows) this.dropped(row);
    return rows;
  }

  private added(outer: Uint8Array, item: Uint8Array, time: number): SpreadRow {
    this.held += OVERHEAD + item.length;
    return { outer, item, time, flags: 0 };
  }

  private dropped({ item }: SpreadRow): void {
    this.held -= OVERHEAD + item.length;
  }

  // ---- Its state is that of the lists ----

  flush(_K: TaskState, _watermark: number): void {
    // Rows are handed on at once.
  }

  restore(_K: TaskState, _key: Uint8Array, _value: Uint8Array | null): void {
    throw new Error('a spread has no changelog');
  }

  restored(_K: TaskState, _watermark: number): void {
    // It is primed.
  }

  stored(_commit: number): void {
    // Nothing is.
  }

  relieve(_total: number, _limit: number): void {
    // What goes is said by `evict`.
  }

  nextDue(): number {
    return Infinity;
  }

  entries(): number {
    return 0;
  }

  dirtyEntries(): number {
    return 0;
  }

  bytes(): number {
    return this.held;
  }
}
