/**
 * What is known of each row that a table has handed on, so that it can be taken back when the row changes or leaves. It is not written anywhere:
 * after a restart, and when an evicted group comes back, the table tells again what it has handed on. So it goes out of memory with the group.
 */
import type { GroupTable } from '../../state/group-table.js';
import { byteString } from './bytes.js';

/** Of a row, about. */
const OVERHEAD = 200;

export class RowMemory<V> {
  bytes = 0;
  /** By the table that the rows are in (null: they are in none) and the rows' keys. */
  private readonly rows = new Map<GroupTable | null, Map<string, V>>();

  /** @param sizeOf how many bytes a value takes, about */
  constructor(private readonly sizeOf: (value: V) => number) {}

  /** The value of the row of key `bytes[0, keyEnd)`, in the place of the one that is returned. */
  keep(holder: GroupTable | null, bytes: Uint8Array, keyEnd: number, value: V): V | undefined {
    let rows = this.rows.get(holder);
    if (rows === undefined) {
      rows = new Map();
      this.rows.set(holder, rows);
    }
    const id = byteString(bytes, 0, keyEnd);
    const before = rows.get(id);
    rows.set(id, value);
    this.bytes += this.sizeOf(value) - (before === undefined ? -OVERHEAD - id.length : this.sizeOf(before));
    return before;
  }

  /** The row of key `bytes[0, keyEnd)` is gone, will not change any more, or is told again before it does. */
  forget(holder: GroupTable | null, bytes: Uint8Array, keyEnd: number): V | undefined {
    const rows = this.rows.get(holder);
    const id = byteString(bytes, 0, keyEnd);
    const before = rows?.get(id);
    if (before === undefined) return undefined;
    rows!.delete(id);
    if (rows!.size === 0) this.rows.delete(holder);
    this.bytes -= OVERHEAD + id.length + this.sizeOf(before);
    return before;
  }

  /** The rows of a table will not change any more. */
  freeze(holder: GroupTable): void {
    for (const [id, value] of this.rows.get(holder) ?? []) this.bytes -= OVERHEAD + id.length + this.sizeOf(value);
    this.rows.delete(holder);
  }
}
