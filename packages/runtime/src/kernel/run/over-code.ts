import type { Value } from '@rta/dsl';
import type { FrameCode } from './over-group.js';
import type { Sliding } from './sliding-values.js';
import type { TaskState } from './task-state.js';

/** Generated per `over`. */
export interface OverCode {
  readonly frames: readonly FrameCode[];
  /** Per accumulator, but for those that count the rows of a frame: what makes an empty one. */
  readonly sliding: readonly (() => Sliding)[];
  /** How many accumulators there are. */
  readonly results: number;
  /** How many columns of values accumulators take: those that take the same share one. */
  readonly columns: number;
  /** Adds what accumulators take of the row at `bytes[p, end)`, per column. */
  readonly take: (K: TaskState, bytes: Uint8Array, p: number, end: number, columns: readonly Value[][]) => void;
  /** Position after the row at `bytes[p, end)`. */
  readonly skip: (K: TaskState, bytes: Uint8Array, p: number, end: number) => number;
  /**
   * Hands the row at `bytes[p, end)` on with its aggregates, at `k` of the results of each accumulator. Where it cannot be computed it is
   * counted and not there.
   */
  readonly give: (
    K: TaskState,
    bytes: Uint8Array,
    p: number,
    end: number,
    time: number,
    partition: number,
    offset: number,
    results: readonly OverResult[][],
    k: number,
  ) => void;
}

/** A result, or why there is none, which matters to who wants it. */
export type OverResult = Value | Failure;

class Failure {
  constructor(readonly error: unknown) {}
}

export function resultOf(sliding: Sliding): OverResult {
  try {
    return sliding.result();
  } catch (error) {
    return new Failure(error);
  }
}

/** Throws where there is none. */
export function valueOf(result: OverResult): Value {
  if (result instanceof Failure) throw result.error;
  return result;
}
