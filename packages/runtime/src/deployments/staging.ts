/**
 * Where a version writes while it is rebuilt: rows of tables to a compacted topic beside each sink's, so that what stands at the end is known;
 * late records, dead letters and rows of streams nowhere, since the version that runs has written them, or will.
 */
import type { Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import type { OutputRoute } from '../task/output-route.js';
import { repartitionTopics } from '../task/topology.js';

/** The topic of each sink's rows of tables, by the sink's. */
export function stagingTopics(plan: PhysicalPlan): ReadonlyMap<string, string> {
  const tables = plan.stages.flatMap(({ outputs }) => outputs.flatMap((each) => (each.kind === 'sink' && each.table ? [each.topic] : [])));
  return new Map(tables.map((topic) => [topic, `${plan.applicationId}-staging-${topic}`]));
}

/** Its changelogs and repartition topics. */
export function ownTopics(plan: PhysicalPlan): string[] {
  return [...plan.stages.flatMap(({ changelog }) => changelog ?? []), ...repartitionTopics(plan)];
}

/** Of a version that is not to be seen yet. */
export function stagingRoute(plan: PhysicalPlan): OutputRoute {
  const staged = stagingTopics(plan);
  const own = new Set(ownTopics(plan));
  return (topic) => (own.has(topic) ? topic : (staged.get(topic) ?? null));
}

/** Makes them, with as many partitions as the sinks have. */
export async function ensureStaging(log: Log, plan: PhysicalPlan): Promise<void> {
  const known = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]));
  await log.ensureTopics(
    [...stagingTopics(plan)].map(([topic, name]) => ({ name, partitions: known.get(topic) ?? 1, config: { 'cleanup.policy': 'compact' } })),
  );
}
