import type { Value } from '@rta/dsl';
import type { FrameCode, OverGroups } from './over-groups.js';
import type { SlidingColumn } from './sliding-columns.js';
import type { TaskState } from './task-state.js';

/** Generated per `over`. */
export interface OverCode {
  readonly frames: readonly FrameCode[];
  /** Per accumulator, but for those that count the rows of a frame: what makes one for the groups of a task. */
  readonly sliding: readonly (() => SlidingColumn)[];
  /** How many columns of values accumulators take: those that take the same share one. */
  readonly columns: number;
  /** What accumulators take of the row at `bytes[p, end)`, per column, to `into`. */
  readonly take: (K: TaskState, bytes: Uint8Array, p: number, end: number, into: Value[]) => void;
  /** Moves all frames of a group to the row at `position`, those of its time being there already, and notes the result of each accumulator. */
  readonly slide: (groups: OverGroups, slot: number, position: number, results: OverResult[]) => void;
  /** Position after the row at `bytes[p, end)`. */
  readonly skip: (K: TaskState, bytes: Uint8Array, p: number, end: number) => number;
  /**
   * Hands the row at `bytes[p, end)` on with the result of each accumulator. Where it cannot be computed it is counted and not there.
   */
  readonly give: (
    K: TaskState,
    bytes: Uint8Array,
    p: number,
    end: number,
    time: number,
    partition: number,
    offset: number,
    results: readonly OverResult[],
  ) => void;
}

/** A result, or why there is none, which matters to who wants it. */
export type OverResult = Value | Failure;

class Failure {
  constructor(readonly error: unknown) {}
}

export function resultOf(sliding: SlidingColumn, slot: number): OverResult {
  try {
    return sliding.result(slot);
  } catch (error) {
    return new Failure(error);
  }
}

/** Throws where there is none. */
export function valueOf(result: OverResult): Value {
  if (result instanceof Failure) throw result.error;
  return result;
}
