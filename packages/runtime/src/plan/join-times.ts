/** How long the rows of a join are kept, and how far it holds the watermark back (SEMANTICS rules 4 and 7). */
import type { JoinTransform } from '@rta/dsl';

/**
 * How long after its time a row of a side can still meet another one, ms: the task's watermark is beyond that when the row goes.
 * Records that are read have a time of at least their watermark less the grace.
 */
export function keptMs({ how }: JoinTransform, side: 0 | 1): number {
  if (how.kind !== 'within') return 0;
  return (side === 0 ? how.afterMs : how.beforeMs) + how.graceMs;
}

/** Which sides' rows are given without a match. */
export function padded({ outer }: JoinTransform): readonly [left: boolean, right: boolean] {
  return [outer !== 'inner', outer === 'outer'];
}

/** A result may be older than the watermark by as much, ms. */
export function joinHold(join: JoinTransform): number {
  if (join.how.kind !== 'within') return 0;
  const [left, right] = padded(join);
  return Math.max(join.how.graceMs, left ? keptMs(join, 0) : 0, right ? keptMs(join, 1) : 0);
}
