/**
 * Sends the rows of a table by their foreign keys, in one task. Of each row it is known where it was sent, so that its old place is told when it
 * goes to another one. Rows have versions, by which their owner tells which place has the newest: the number of the flush in which they were
 * sent, counted among those that sent anything.
 */
import type { GroupTable } from '../../state/group-table.js';
import type { StageNode } from '../../plan/physical.js';
import { readInt32 } from './bytes.js';
import { RowMemory } from './row-memory.js';
import { Scratch } from './scratch.js';
import { equalBytes } from './strings.js';
import type { TaskState } from './task-state.js';

type ReferNode = Extract<StageNode, { op: 'refer' }>;

export class ReferState {
  /** Foreign keys; of those that never change nothing is kept, and their rows need no versions. */
  private readonly places = new RowMemory<Uint8Array>((key) => key.length);
  private readonly message = new Scratch();
  private flushes = 0;
  private sent = false;

  constructor(
    private readonly node: ReferNode,
    private readonly index: number,
    private readonly fingerprint: number,
  ) {}

  /** The row of key `K.keys[0, keyEnd)` refers to `K.keys[keyEnd, foreignEnd)`, and is `K.values[0, rowEnd)`. */
  put(K: TaskState, holder: GroupTable | null, keyEnd: number, foreignEnd: number, rowEnd: number): void {
    const { bytes } = K.keys;
    if (!this.node.transform.fixed) {
      const foreign = bytes.slice(keyEnd, foreignEnd);
      const before = this.places.keep(holder, bytes, keyEnd, foreign);
      if (before !== undefined && !equalBytes(before, 0, before.length, foreign, 0, foreign.length))
        this.send(K, keyEnd, before, 0, before.length, -1);
    }
    this.send(K, keyEnd, bytes, keyEnd, foreignEnd, rowEnd);
  }

  /** The row of key `K.keys[0, keyEnd)`, which refers to `K.keys[keyEnd, foreignEnd)`, is gone. */
  drop(K: TaskState, keyEnd: number, foreignEnd: number): void {
    this.send(K, keyEnd, K.keys.bytes, keyEnd, foreignEnd, -1);
  }

  /** The row of key `K.keys[0, keyEnd)` is gone. */
  take(K: TaskState, holder: GroupTable | null, keyEnd: number): void {
    const before = this.places.forget(holder, K.keys.bytes, keyEnd);
    if (before !== undefined) this.send(K, keyEnd, before, 0, before.length, -1);
  }

  /** The row of key `keys[0, keyEnd)` has been sent by `keys[keyEnd, foreignEnd)`. */
  prime(holder: GroupTable | null, keys: Uint8Array, keyEnd: number, foreignEnd: number): void {
    this.places.keep(holder, keys, keyEnd, keys.slice(keyEnd, foreignEnd));
  }

  /** The row of key `keys[0, keyEnd)` will not change any more, or is noted again before it does. */
  forget(holder: GroupTable | null, keys: Uint8Array, keyEnd: number): void {
    this.places.forget(holder, keys, keyEnd);
  }

  /** The rows of a table will not change any more. */
  freeze(holder: GroupTable): void {
    this.places.freeze(holder);
  }

  /** @param rowEnd where the row in `K.values` ends; less than 0: there is none */
  private send(K: TaskState, keyEnd: number, foreign: Uint8Array, start: number, end: number, rowEnd: number): void {
    const { output } = this.node;
    const w = this.message;
    let p = w.long(w.sized(0, K.keys.bytes, 0, keyEnd), this.node.store === null ? 0 : this.flushes + 1);
    p = rowEnd < 0 ? w.byte(p, 0) : w.copy(w.byte(p, 2), K.values.bytes, 0, rowEnd);
    K.builder(output, K.partitionOf(output, foreign, start, end)).append(K.now, foreign, start, end, w.bytes, 0, p, null);
    K.wrote[output] = true;
    K.rowsOut[this.index]++;
    this.sent = true;
  }

  flush(K: TaskState): void {
    const { store } = this.node;
    if (!this.sent || store === null) return;
    this.sent = false;
    this.flushes++;
    const keyEnd = K.keys.byte(0, store);
    const end = K.values.long(K.values.int32(0, this.fingerprint), this.flushes);
    K.changelog().append(K.now, K.keys.bytes, 0, keyEnd, K.values.bytes, 0, end, null);
  }

  restore(K: TaskState, _key: Uint8Array, value: Uint8Array | null): void {
    if (value === null) return;
    const found = readInt32(value, 0) >>> 0;
    if (found !== this.fingerprint) throw new Error(`the state of ${this.node.id} was written with another layout`);
    this.flushes = Number(K.cursor.at(value, 4, value.length).long());
  }

  restored(): void {
    // The table before tells what it has handed on.
  }

  nextDue(): number {
    return Infinity;
  }

  stored(_commit: number): void {
    // Nothing is evicted.
  }

  relieve(_total: number, _limit: number): void {
    // As said.
  }

  entries(): number {
    return 0;
  }

  bytes(): number {
    return this.places.bytes;
  }

  dirtyEntries(): number {
    return 0;
  }
}
