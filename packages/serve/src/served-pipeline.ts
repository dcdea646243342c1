import type { Plan } from '@rta/dsl';
import type { StoreAnswer, StoreQuery, WorkerSnapshot } from '@rta/runtime';

/** A pipeline that this process has at work. */
export interface ServedPipeline {
  readonly plan: Plan;
  /** Of all its workers in this process. */
  snapshot(): WorkerSnapshot;
  /** Rows of a store, by the tasks that are in this process; rejects where that cannot be said now. */
  query(query: StoreQuery): Promise<readonly StoreAnswer[]>;
}
