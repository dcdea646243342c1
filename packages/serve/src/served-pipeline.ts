import type { Plan } from '@rta/dsl';
import type { WorkerSnapshot } from '@rta/runtime';

/** A pipeline that this process has at work. */
export interface ServedPipeline {
  readonly plan: Plan;
  /** Of all its workers in this process. */
  snapshot(): WorkerSnapshot;
}
