import type { Value } from '@rta/dsl';
import type { FrameCode, OverRow } from './over-rows.js';
import type { Sliding } from './sliding-values.js';
import type { TaskState } from './task-state.js';

/** Generated per `over`. */
export interface OverCode {
  readonly frames: readonly FrameCode[];
  /** Per accumulator: what makes an empty one. */
  readonly sliding: readonly (() => Sliding)[];
  /** What accumulators take of the row at `bytes[p, end)`. */
  readonly values: (K: TaskState, bytes: Uint8Array, p: number, end: number) => Value[];
  /** Position after the row at `bytes[p, end)`. */
  readonly skip: (K: TaskState, bytes: Uint8Array, p: number, end: number) => number;
  /** Hands the row on with its aggregates. Where it cannot be computed it is counted and not there. */
  readonly give: (K: TaskState, row: OverRow, sliding: readonly Sliding[]) => void;
}
