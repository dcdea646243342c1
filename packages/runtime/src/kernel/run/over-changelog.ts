/**
 * The entries of an `over` in the changelog: the rows of a group that came in one commit.
 *
 * ```
 * key   := store number:byte  entry number:sortable long  group key
 * value := fingerprint:int32 BE  array of { time:long partition:long offset:long columns }      Avro
 * ```
 */
import type { GroupTable } from '../../state/group-table.js';
import { KEY_LENGTH } from '../../state/group-table-rows.js';
import { readInt32 } from './bytes.js';
import type { OverCode } from './over-code.js';
import type { OverRows } from './over-rows.js';
import type { TaskState } from './task-state.js';

export class OverChangelog {
  /** @param node whose state it is, for people */
  constructor(
    private readonly node: string,
    private readonly number: number,
    private readonly fingerprint: number,
    private readonly keys: GroupTable,
    private readonly rows: OverRows,
    private readonly code: OverCode,
  ) {}

  write(K: TaskState, slot: number, entry: number, entryRows: readonly number[]): void {
    const W = K.values;
    const { rows } = this;
    let p = W.long(W.int32(0, this.fingerprint), entryRows.length);
    for (const row of entryRows) {
      const start = rows.startOf(row);
      p = W.long(W.long(W.long(p, rows.timeOf(row)), rows.partitionOf(row)), rows.offsetOf(row));
      p = W.copy(p, rows.bytesOf(row), start, start + rows.lengthOf(row));
    }
    p = W.byte(p, 0);
    K.changelog().append(K.now, K.keys.bytes, 0, this.writeKey(K, slot, entry), W.bytes, 0, p, null);
  }

  tombstone(K: TaskState, slot: number, entry: number): void {
    const end = this.writeKey(K, slot, entry);
    K.changelog().append(K.now, K.keys.bytes, 0, end, null, 0, 0, null);
  }

  /** Valid until keys are written again. */
  storeKey(K: TaskState, slot: number, entry: number): Uint8Array {
    return K.keys.bytes.subarray(0, this.writeKey(K, slot, entry));
  }

  /** Where each row of an entry is in `value`, in order. */
  read(K: TaskState, value: Uint8Array, row: (time: number, partition: number, offset: number, start: number, end: number) => void): void {
    const found = readInt32(value, 0) >>> 0;
    if (found !== this.fingerprint)
      throw new Error(`the state of ${this.node} was written with another layout (${found}, expected ${this.fingerprint})`);
    const c = K.cursor;
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
        row(time, partition, offset, from, p);
      }
    }
  }

  /** To `K.keys`; its end is returned. */
  private writeKey(K: TaskState, slot: number, entry: number): number {
    const { keys } = this;
    const start = keys.keyStart(slot);
    const p = K.keys.sortableLong(K.keys.byte(0, this.number), entry);
    return K.keys.copy(p, keys.keyBytes(slot), start, start + keys.meta[slot * keys.metaStride + KEY_LENGTH]);
  }
}
