/** What each row of a table gave to a fold over it. */
import { hashBytes } from '../../state/group-table-hash.js';
import type { GroupTable } from '../../state/group-table.js';
import type { FoldCode, FoldTables } from './fold-tables.js';
import { RowMemory } from './row-memory.js';
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

export class Contributions {
  private readonly rows = new RowMemory<Contribution>(({ group }) => group.length);

  constructor(
    private readonly fold: FoldTables,
    private readonly apply: NonNullable<FoldCode['apply']>,
  ) {}

  get bytes(): number {
    return this.rows.bytes;
  }

  /** The row of key `K.keys[0, keyEnd)` is of group `K.keys[keyEnd, groupEnd)` now. */
  put(K: TaskState, holder: GroupTable | null, keyEnd: number, groupEnd: number, cells: Cells, time: number, closing: number): void {
    const { bytes } = K.keys;
    const group = bytes.slice(keyEnd, groupEnd);
    const before = this.rows.keep(holder, bytes, keyEnd, { group, cells, time, closing });
    if (before !== undefined) this.add(K, before, -1);
    this.add(K, { group, cells, time, closing }, 1);
  }

  /** As `put`, of a row that the state has in it. */
  prime(K: TaskState, holder: GroupTable | null, keyEnd: number, groupEnd: number, cells: Cells, time: number, closing: number): void {
    const { bytes } = K.keys;
    this.rows.keep(holder, bytes, keyEnd, { group: bytes.slice(keyEnd, groupEnd), cells, time, closing });
  }

  /** The row of key `K.keys[0, keyEnd)` is gone. */
  take(K: TaskState, holder: GroupTable | null, keyEnd: number): void {
    const before = this.rows.forget(holder, K.keys.bytes, keyEnd);
    if (before !== undefined) this.add(K, before, -1);
  }

  /** The row of key `K.keys[0, keyEnd)` will not change any more, or is noted again before it does. */
  forget(K: TaskState, holder: GroupTable | null, keyEnd: number): void {
    this.rows.forget(holder, K.keys.bytes, keyEnd);
  }

  /** The rows of a table will not change any more. */
  freeze(holder: GroupTable): void {
    this.rows.freeze(holder);
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
