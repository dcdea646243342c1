import type { Plan } from '@rta/dsl';
import type { SinkSchemaIds } from '@rta/runtime';

/** What each sink's records are framed with. @param ids of subjects, as the gate's `apply` gives them */
export function sinkSchemaIdsOf(plan: Plan, ids: ReadonlyMap<string, number>): Record<string, SinkSchemaIds> {
  return Object.fromEntries(
    plan.sinks.map((sink) => [sink.id, { key: ids.get(`${sink.topic}-key`) ?? null, value: ids.get(`${sink.topic}-value`) ?? null }]),
  );
}
