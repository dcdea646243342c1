/** What `/console/ask/range?pipeline=…&board=…&from=…&to=…` answers: a board over a range of time, from the OLAP store. Times are ms since the epoch. */
import type { Cell, ColumnFacts } from './wire.js';

export interface RangeAnswer {
  readonly asOf: number;
  readonly from: number;
  readonly to: number;
  readonly columns: readonly ColumnFacts[];
  readonly rows: readonly (readonly Cell[])[];
  /** Of a number: what it was in the range of the same length before; null: nothing, or it is none. */
  readonly before: number | null;
  /** Rows of windows that ended by then are final; null: none are known to be. */
  readonly finalUntil: number | null;
  /** Why there are no rows; null: there may be. */
  readonly problem: string | null;
}
