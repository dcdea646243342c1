/** Rollups: tables of the OLAP store that have what the rows of a sink's table come to, span of time by span of time. */
import type { Accumulator, NamedExpr } from './plan.js';

/** Always what the rows come to that the table has: those of one span of event time are worked out anew where one of them changes. */
export interface Rollup {
  /** The table. */
  readonly name: string;
  /** Spans are multiples of it since 1970-01-01 in UTC. */
  readonly everyMs: number;
  /** How long after its end a span stays; null: for good. */
  readonly ttlMs: number | null;
  /** Over the columns of the sink, and `$time`, the event time of a row. */
  readonly group: readonly NamedExpr[];
  readonly accumulators: readonly Accumulator[];
  readonly results: readonly NamedExpr[];
}

/** The accumulators that the store has as well. */
export const ROLLUP_ACCUMULATORS: readonly Accumulator['fn'][] = ['count', 'sum', 'min', 'max', 'distinct', 'approxDistinct'];
