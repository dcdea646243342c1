/**
 * Where a version writes while it is rebuilt: rows of tables to a compacted topic beside each sink's, so that what stands at the end is known;
 * late records, dead letters and rows of streams nowhere, since the version that runs has written them, or will.
 */
import { BatchBuilder } from '../log/batch/batch-builder.js';
import { records } from '../log/batch/records.js';
import type { Log, OutputBatch } from '../log/log.js';
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

/**
 * What makes each sink's topic say what its staging topic says: the rows that differ, by their bytes, and tombstones of rows that are not
 * there any more. Holds the rows of one partition in memory, and all that differ.
 *
 * @param shared sink topics that others write to, too: rows that are not ours cannot be told from those that are gone, so none is deleted
 */
export async function differences(log: Log, plan: PhysicalPlan, shared: ReadonlySet<string>, now: number): Promise<OutputBatch[]> {
  const outputs: OutputBatch[] = [];
  for (const [topic, staging] of stagingTopics(plan))
    for (const { partition } of await log.offsets(topic)) {
      const [wanted, found] = [await newestRows(log, staging, partition), await newestRows(log, topic, partition)];
      const builder = new BatchBuilder(topic, partition, 512 * 1024);
      for (const [id, { key, value, timestamp }] of wanted)
        if (found.get(id)?.value.equals(value) !== true) builder.append(timestamp, key, 0, key.length, value, 0, value.length, null);
      for (const [id, { key }] of shared.has(topic) ? [] : found)
        if (!wanted.has(id)) builder.append(now, key, 0, key.length, null, 0, 0, null);
      if (builder.count > 0) outputs.push(...builder.take());
    }
  return outputs;
}

interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly timestamp: number;
}

/** The newest row of each key; records without a key are of no table. */
async function newestRows(log: Log, topic: string, partition: number): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  const range = (await log.offsets(topic)).find((each) => each.partition === partition);
  if (range === undefined) return rows;
  for await (const batch of log.read(topic, partition, range.low, range.high))
    for (const { key, value, timestamp } of records(batch, range.low)) {
      if (key === null) continue;
      const id = Buffer.from(key).toString('latin1');
      // Copied: the batch's memory goes with it.
      if (value === null) rows.delete(id);
      else rows.set(id, { key: Buffer.from(key), value: Buffer.from(value), timestamp });
    }
  return rows;
}
