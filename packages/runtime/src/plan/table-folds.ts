/** What the engine makes of an aggregate over a table, whose rows change and leave. */
import type { Accumulator, FoldTransform, PositionFn } from '@rta/dsl';

const OF_PLACES: readonly Accumulator['fn'][] = ['first', 'last', 'argMin', 'argMax', 'collect', 'topK'] satisfies PositionFn[];
const UNFORGETTING: readonly Accumulator['fn'][] = ['approxDistinct', 'percentile', 'funnel'];

/**
 * The time of a group from which rows were only taken back, ms: the least of a `Date`. What a row gives back does not count for its group's time,
 * which it counted for when it came; and memory that forgot it may note it again with a later one (`TableFacts.inexactTimes`).
 */
export const NO_TIME = -8.64e15;

/** What is known of the table that is aggregated. */
export interface TableFacts {
  /** Rows are handed on periodically: what a task has handed on is not in its state. */
  readonly periodic: boolean;
  /** The rows' times depend on which intermediate rows there were. */
  readonly inexactTimes: boolean;
}

/** Why a fold cannot be taken over such a table, or null. */
export function whyNotOverTable({ window, ttlMs, accumulators }: FoldTransform, { periodic, inexactTimes }: TableFacts): string | null {
  if (window !== null) return 'a table has no windows; group by `window_start, window_end` if it has those columns';
  if (ttlMs !== null)
    return '`ttl` of an aggregate over a table is not available; put it on the aggregate before, whose rows then leave this one';
  if (periodic) return 'an aggregate over a table with `emit: every` is not available; leave it out there and put it on the last step';
  if (accumulators.some(({ fn }) => UNFORGETTING.includes(fn))) return 'a sketch or a funnel cannot forget rows of a table';
  if (inexactTimes && accumulators.some(({ fn }) => OF_PLACES.includes(fn)))
    return 'aggregates by time or rank of a row are not available over an aggregate of a table; take them from the table before';
  return null;
}

/** The fold with accumulators that can take rows back, and one that counts rows: a group without rows is none. */
export function retracting(fold: FoldTransform): FoldTransform {
  const rows: Accumulator = { fn: 'count', arg: null, where: null, type: { kind: 'long' } };
  const accumulators = rowCountOf(fold) < 0 ? [...fold.accumulators, rows] : fold.accumulators;
  return { ...fold, accumulators: accumulators.map((accumulator) => ({ ...accumulator, retracts: true })) };
}

/** Whether rows may be taken back. */
export function retracts(fold: FoldTransform): boolean {
  return fold.accumulators.some((accumulator) => accumulator.retracts === true);
}

/** Which accumulator counts all rows; -1: none. */
export function rowCountOf({ accumulators }: FoldTransform): number {
  return accumulators.findIndex(({ fn, arg, where }) => fn === 'count' && arg === null && where === null);
}
