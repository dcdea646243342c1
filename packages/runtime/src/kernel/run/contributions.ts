/**
 * What each row of a table gave to a fold over it, so that it can be taken back when the row changes or leaves. It is not written anywhere:
 * after a restart, and when an evicted row comes back, the table tells again what it has handed on.
 */
import { hashBytes } from '../../state/group-table-hash.js';
import type { GroupTable } from '../../state/group-table.js';
import { byteString } from './bytes.js';
import type { FoldCode, FoldTables } from './fold-tables.js';
import type { TaskState } from './task-state.js';

/** Two per accumulator: the value and what it is ranked by; null: the row gives nothing. */
type Cells = readonly unknown[];

interface Contribution {
  readonly group: Uint8Array;
  readonly cells: Cells;
  readonly time: number;
  /** When the window closes that the row is of; NaN: of none. */
  readonly closing: number;
}

/** Of a contribution, about. */
const OVERHEAD = 200;

export class Contributions {
  bytes = 0;
  /** By the table that the rows are in (null: they are in none) and the rows' keys. */
  private readonly rows = new Map<GroupTable | null, Map<string, Contribution>>();

  constructor(
    private readonly fold: FoldTables,
    private readonly apply: NonNullable<FoldCode['apply']>,
  ) {}

  /** The row of key `K.keys[0, keyEnd)` is of group `K.keys[keyEnd, groupEnd)` now. */
  put(K: TaskState, holder: GroupTable | null, keyEnd: number, groupEnd: number, cells: Cells, time: number, closing: number): void {
    const { bytes } = K.keys;
    const group = bytes.slice(keyEnd, groupEnd);
    const before = this.keep(holder, byteString(bytes, 0, keyEnd), { group, cells, time, closing });
    if (before !== undefined) this.add(K, before, -1);
    this.add(K, { group, cells, time, closing }, 1);
  }

  /** As `put`, of a row that the state has in it. */
  prime(K: TaskState, holder: GroupTable | null, keyEnd: number, groupEnd: number, cells: Cells, time: number, closing: number): void {
    const { bytes } = K.keys;
    this.keep(holder, byteString(bytes, 0, keyEnd), { group: bytes.slice(keyEnd, groupEnd), cells, time, closing });
  }

  /** The row of key `K.keys[0, keyEnd)` is gone. */
  take(K: TaskState, holder: GroupTable | null, keyEnd: number): void {
    const before = this.forget(K, holder, keyEnd);
    if (before !== undefined) this.add(K, before, -1);
  }

  /** The row of key `K.keys[0, keyEnd)` will not change any more. */
  settle(K: TaskState, holder: GroupTable | null, keyEnd: number): void {
    this.forget(K, holder, keyEnd);
  }

  /** The rows of a table will not change any more. */
  freeze(holder: GroupTable): void {
    for (const [id, { group }] of this.rows.get(holder) ?? []) this.bytes -= OVERHEAD + id.length + group.length;
    this.rows.delete(holder);
  }

  private forget(K: TaskState, holder: GroupTable | null, keyEnd: number): Contribution | undefined {
    const rows = this.rows.get(holder);
    const id = byteString(K.keys.bytes, 0, keyEnd);
    const before = rows?.get(id);
    if (before === undefined) return undefined;
    rows!.delete(id);
    this.bytes -= OVERHEAD + id.length + before.group.length;
    return before;
  }

  private keep(holder: GroupTable | null, id: string, contribution: Contribution): Contribution | undefined {
    let rows = this.rows.get(holder);
    if (rows === undefined) {
      rows = new Map();
      this.rows.set(holder, rows);
    }
    const before = rows.get(id);
    rows.set(id, contribution);
    this.bytes += contribution.group.length - (before === undefined ? -OVERHEAD - id.length : before.group.length);
    return before;
  }

  private add(K: TaskState, { group, cells, time, closing }: Contribution, sign: 1 | -1): void {
    const { windows, table } = this.fold;
    const T = windows === null ? table : windows.at(closing);
    const hash = hashBytes(group, 0, group.length);
    let slot = T.find(hash, group, 0, group.length);
    if (slot < 0) slot = this.fold.miss(K, T, hash, group, 0, group.length);
    this.apply(K, T, slot, cells, sign, time);
  }
}
