/** Rows of tables by key, in one task (plan/table-rows.ts): what a fold keeps, but that rows are put and taken away, not added up. */
import { hashBytes } from '../../state/group-table-hash.js';
import { FLAGS } from '../../state/group-table-rows.js';
import { CHANGED, DIRTY } from '../../state/group-table.js';
import { FoldState } from './fold-state.js';
import type { FoldCode, FoldNode } from './fold-tables.js';
import type { Receiver } from './receive.js';
import type { TaskState } from './task-state.js';

/** What is generated for these besides. */
export interface RowsCode extends FoldCode {
  /** Puts the row `B[from, to)` of `time`, or (`there` 0) none, into an accumulator of a slot. */
  put(
    K: TaskState,
    T: FoldState['table'],
    s: number,
    side: number,
    there: 0 | 1,
    time: number,
    B: Uint8Array | null,
    from: number,
    to: number,
  ): void;
  /** Takes note of a place that has joined the row (1), has it as before (0) or no more (-1): whether its word on the row counts. */
  claim(K: TaskState, T: FoldState['table'], s: number, joined: number, version: number): boolean;
}

export class RowsState extends FoldState {
  constructor(
    node: FoldNode,
    index: number,
    private readonly rowsCode: RowsCode,
    K: TaskState,
    fingerprint: number,
  ) {
    super(node, index, rowsCode, K, fingerprint);
  }

  /** The slot of a key, which may be new. */
  slotOf(K: TaskState, key: Uint8Array, start: number, end: number): number {
    const T = this.table;
    const hash = hashBytes(key, start, end);
    const slot = T.find(hash, key, start, end);
    return slot < 0 ? this.miss(K, T, hash, key, start, end) : slot;
  }

  put(K: TaskState, slot: number, side: number, there: 0 | 1, time: number, bytes: Uint8Array | null, from: number, to: number): void {
    const T = this.table;
    K.rowsIn[this.index]++;
    this.rowsCode.put(K, T, slot, side, there, time, bytes, from, to);
    this.touch(slot);
  }

  private touch(slot: number): void {
    const T = this.table;
    if ((T.meta[slot * T.metaStride + FLAGS] & (DIRTY | CHANGED)) !== (DIRTY | CHANGED)) T.touch(slot);
  }

  /** What reads input `input` of the stage. */
  receiver(input: number): Receiver {
    const side = this.node.sides!.findIndex((inputs) => inputs.includes(input));
    if (this.node.transform.accumulators[0].fn === 'owned')
      return { receive: (K, b, keyStart, keyEnd, valueStart, valueEnd) => this.claim(K, b, keyStart, keyEnd, b, valueStart, valueEnd) };
    return {
      receive: (K, b, keyStart, keyEnd, valueStart, valueEnd) => {
        const slot = this.slotOf(K, b, keyStart, keyEnd);
        const time = Number(K.cursor.at(b, valueStart, valueEnd).long());
        const from = K.cursor.pos;
        this.put(K, slot, side, b[from] === 0 ? 0 : 1, time, b, from + 1, valueEnd);
      },
    };
  }

  /** What a place says that joins the row of a key: see `claim` in state-layout.ts. */
  claim(K: TaskState, key: Uint8Array, keyStart: number, keyEnd: number, b: Uint8Array, start: number, end: number): void {
    const slot = this.slotOf(K, key, keyStart, keyEnd);
    const cursor = K.cursor.at(b, start, end);
    const joined = Number(cursor.long());
    const version = Number(cursor.long());
    const there = Number(cursor.long()) === 0 ? 0 : 1;
    const time = there === 0 ? 0 : Number(cursor.long());
    const counts = this.rowsCode.claim(K, this.table, slot, joined, version);
    if (counts) this.put(K, slot, 0, there, time, b, cursor.pos, end);
    else K.rowsIn[this.index]++;
    this.touch(slot);
  }
}
