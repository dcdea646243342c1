/** Whether a pipeline has come to the end of what it is to read, from what it committed. */
import type { CommittedOffset, Log, PartitionOffsets } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { inputTopics } from '../task/topology.js';
import type { SourceLimit } from '../task/source-limits.js';

/** Offsets of the group in all input partitions of a plan whose topics are there. Rejects with LogError. */
export async function committedOf(log: Log, plan: PhysicalPlan): Promise<readonly CommittedOffset[]> {
  const counts = new Map((await log.topics()).map(({ name, partitions }) => [name, partitions]));
  const partitions = inputTopics(plan).flatMap((topic) =>
    Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
  );
  return log.groupOffsets(plan.applicationId, partitions);
}

/**
 * Whether no records are unread: of sources below their limit (default: none is read), of repartition topics at all.
 *
 * @param committed the group's offsets, as of `committedOf`
 */
export async function isDrained(
  log: Log,
  plan: PhysicalPlan,
  committed: readonly CommittedOffset[],
  limit: SourceLimit = () => 0,
): Promise<boolean> {
  const sources = new Set(plan.stages.flatMap(({ inputs }) => inputs.flatMap((input) => (input.kind === 'source' ? [input.topic] : []))));
  const ranges = new Map<string, readonly PartitionOffsets[]>();
  for (const { topic, partition, offset } of committed) {
    const known = ranges.get(topic) ?? (await log.offsets(topic));
    ranges.set(topic, known);
    const range = known.find((each) => each.partition === partition);
    if (range === undefined) continue;
    // Not the last stable offset: the marker of a commit that the group's offsets show may still be on its way.
    const end = sources.has(topic) ? Math.min(limit(topic, partition), range.high) : range.high;
    if (await hasRecords(log, topic, partition, Math.max(offset ?? 0, range.low), end)) return false;
  }
  return true;
}

/** Markers of transactions are no records: an offset may lie behind an end though nothing is unread. */
async function hasRecords(log: Log, topic: string, partition: number, from: number, to: number): Promise<boolean> {
  if (from >= to) return false;
  for await (const batch of log.read(topic, partition, from, to)) if (batch.lastOffset >= from) return true;
  return false;
}
