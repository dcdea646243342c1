/**
 * What a kernel does with accumulators whose states have no fixed size: a state per slot that needs one, in a side map of the table. One
 * object per accumulator of a fold, shared by its tasks; it holds nothing of a task.
 */
import type { Value } from '@rta/dsl';
import type { GroupTable } from '../../../state/group-table.js';
import type { SideState } from '../../../state/side-state.js';
import type { AvroCursor } from '../avro-cursor.js';
import type { Scratch } from '../scratch.js';

export abstract class SideKind<S extends SideState> {
  /** @param side the number of the side map */
  constructor(private readonly side: number) {}

  protected abstract fresh(): S;
  protected abstract join(into: S, from: S): void;
  protected abstract readInto(c: AvroCursor, state: S): void;
  /** Writes a state, or that of nothing, to `W` at `p`. */
  protected abstract writeState(W: Scratch, p: number, state: S | undefined): number;
  protected abstract resultOf(state: S | undefined): Value;

  /** The state of a slot, made if there is none. Who changes it calls `changed` with the bytes that it had. */
  protected stateOf(T: GroupTable, slot: number): S {
    const states = T.sides[this.side];
    let state = states.get(slot) as S | undefined;
    if (state === undefined) {
      state = this.fresh();
      states.set(slot, state);
      T.sideBytes += state.bytes;
    }
    return state;
  }

  protected changed(T: GroupTable, state: S, before: number): void {
    T.sideBytes += state.bytes - before;
  }

  private found(T: GroupTable, slot: number): S | undefined {
    return T.sides[this.side].get(slot) as S | undefined;
  }

  merge(T: GroupTable, from: number, to: number): void {
    const other = this.found(T, from);
    if (other === undefined) return;
    const state = this.stateOf(T, to);
    const before = state.bytes;
    this.join(state, other);
    this.changed(T, state, before);
  }

  /** Takes in what is written at the cursor. */
  read(c: AvroCursor, T: GroupTable, slot: number): void {
    const state = this.stateOf(T, slot);
    const before = state.bytes;
    this.readInto(c, state);
    this.changed(T, state, before);
  }

  write(W: Scratch, p: number, T: GroupTable, slot: number): number {
    return this.writeState(W, p, this.found(T, slot));
  }

  result(T: GroupTable, slot: number): Value {
    return this.resultOf(this.found(T, slot));
  }
}

/** Calls `item` for each item of an Avro array at the cursor. */
export function eachItem(c: AvroCursor, item: () => void): void {
  for (let count = Number(c.long()); count !== 0; count = Number(c.long())) {
    if (count < 0) {
      count = -count;
      c.long();
    }
    for (; count > 0; count--) item();
  }
}
