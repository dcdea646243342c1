import type { Relation } from '@rta/dsl';
import type { Feed, StageInput, StageNode, StageOutput, StoreSpec } from './physical.js';
import type { TableFacts } from './table-folds.js';

/** Of rows that are records, or were made of records as these came. */
export const ROWS_OF_STREAMS: TableFacts = { periodic: false, inexactTimes: false };

/**
 * Where an edge of the logical plan is available: a stage, and the inputs or nodes in it that give its rows. A union of streams in several stages
 * is in several places: what is done with its rows is done in each of them, until they are sent on.
 */
export interface Place extends TableFacts {
  readonly stage: StageDraft;
  readonly feeds: readonly Feed[];
  readonly relation: Relation;
  /** Rows with equal values in these columns are in one task; null: nothing known; empty: all rows are in one task. */
  readonly partitionedBy: readonly string[] | null;
  /** Some fold stands between the stage's input and here. */
  readonly folded: boolean;
}

/** A stage that is being put together. */
export interface StageDraft {
  readonly id: number;
  readonly inputs: StageInput[];
  readonly nodes: StageNode[];
  readonly outputs: StageOutput[];
  readonly stores: StoreSpec[];
}

/** Places of one union: those in one stage are one place. */
export function merged(places: readonly Place[]): readonly Place[] {
  const byStage = new Map<StageDraft, Place>();
  for (const place of places) {
    const same = byStage.get(place.stage);
    const partitionedBy = same?.partitionedBy?.join() === place.partitionedBy?.join() ? place.partitionedBy : null;
    byStage.set(
      place.stage,
      same === undefined ? place : { ...same, feeds: [...same.feeds, ...place.feeds], partitionedBy, folded: same.folded || place.folded },
    );
  }
  return [...byStage.values()];
}
