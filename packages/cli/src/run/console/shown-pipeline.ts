import type { Plan } from '@rta/dsl';
import type { ServedPipeline } from '@rta/serve';

/** What the console shows of; those that are in the list when it looks. */
export interface ShownPipeline {
  readonly plan: Plan;
  readonly run: Pick<ServedPipeline, 'snapshot' | 'query'>;
}
