/**
 * How one version of a pipeline ends, and the next begins, so that no commit of the one comes after a commit of the other: each has a
 * number (its epoch), which is committed beside the offsets. A worker does not start where it finds a greater one than its own
 * (`superseded`), and the commit that writes a greater one is made while the group has no members, which fences those of before.
 */
import {
  LogError,
  type CommittedOffset,
  type IdleCommit,
  type IdleOutputs,
  type Log,
  type OutputBatch,
  type PartitionOffsets,
  type TopicPartition,
} from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { generationOf } from '../task/assignment.js';
import { epochOf, requireCurrent } from '../task/epoch.js';
import { decodePosition, encodePosition } from '../task/position.js';
import { committedOf } from './drained.js';
import { ownTopics } from './staging.js';

export type TakeOver =
  /** From now on only workers of this epoch run. */
  | 'done'
  /** It was done before. */
  | 'before'
  /** Workers of the version before are there, or have just been: ask again. */
  | 'not_yet';

/**
 * Lets a version take over an application id: its state, positions and watermarks. With `outputs` they are written in the same commit.
 *
 * @param expected the group's offsets as the caller has seen them; default: as they are
 * Rejects with PipelineError `superseded`, `reset_unfinished`, with LogError, and as `outputs` do that are read in parts.
 */
export async function takeOver(
  log: Log,
  plan: PhysicalPlan,
  epoch: number,
  { outputs = [], expected }: { readonly outputs?: IdleOutputs; readonly expected?: readonly CommittedOffset[] } = {},
): Promise<TakeOver> {
  const group = plan.applicationId;
  const committed = expected ?? (await committedOf(log, plan));
  requireCurrent(plan, committed, epoch);
  if (epochOf(committed) === epoch) return 'before';
  const begun = committed.some(({ offset }) => offset !== null);
  if (!begun && !(await neverRan(log, plan))) return (await log.groupMembers(group)).length > 0 ? 'not_yet' : 'before';
  const parts = Symbol.asyncIterator in outputs ? new Parts(outputs) : null;
  try {
    const offsets = begun ? withEpoch(plan, committed, epoch) : await startsWithEpoch(log, plan, committed, epoch);
    await log.commitIdle({ group, transactionalId: `${group}-take-over`, expected: committed, outputs: parts ?? outputs, offsets });
    return 'done';
  } catch (error) {
    if (parts !== null && parts.failure !== null) throw parts.failure;
    if (error instanceof LogError && (['in_use', 'fenced', 'unknown', 'aborted'].includes(error.code) || error.retriable)) return 'not_yet';
    throw error;
  }
}

/** Parts that remember what they failed with: a log may say of the commit only that it was aborted. */
class Parts implements AsyncIterable<readonly OutputBatch[]> {
  failure: Error | null = null;

  constructor(private readonly parts: AsyncIterable<readonly OutputBatch[]>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly OutputBatch[], void, undefined> {
    try {
      yield* this.parts;
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }
}

/**
 * Whether it can be told that there is nothing of it yet: its topics are there, and empty. Where there are none, or offsets have expired,
 * the worker judges (start-offsets.ts), and its first commit has the epoch.
 */
async function neverRan(log: Log, plan: PhysicalPlan): Promise<boolean> {
  const own = ownTopics(plan);
  for (const topic of own) if ((await log.offsets(topic)).some(({ high }) => high > 0)) return false;
  return own.length > 0;
}

/** The offsets as they are, with the epoch. */
function withEpoch(plan: PhysicalPlan, committed: readonly CommittedOffset[], epoch: number): IdleCommit['offsets'] {
  const generation = generationOf(plan, committed) ?? 0;
  return committed.flatMap(({ offset, metadata, ...partition }) => {
    const position = decodePosition(metadata) ?? { offsets: {}, times: [], watermark: -Infinity, generation };
    return offset === null ? [] : [{ ...partition, offset, metadata: encodePosition({ ...position, epoch }) }];
  });
}

/** Those at which a pipeline begins that has never run. */
async function startsWithEpoch(
  log: Log,
  plan: PhysicalPlan,
  partitions: readonly TopicPartition[],
  epoch: number,
): Promise<IdleCommit['offsets']> {
  const latest = new Set(
    plan.stages.flatMap(({ inputs }) => inputs.flatMap((i) => (i.kind === 'source' && i.start === 'latest' ? [i.topic] : []))),
  );
  const metadata = encodePosition({ offsets: {}, times: [], watermark: -Infinity, generation: 0, epoch });
  const ranges = new Map<string, readonly PartitionOffsets[]>();
  for (const { topic } of partitions) if (!ranges.has(topic)) ranges.set(topic, await log.offsets(topic));
  return partitions.map(({ topic, partition }) => {
    const range = ranges.get(topic)?.find((each) => each.partition === partition);
    return { topic, partition, offset: (latest.has(topic) ? range?.high : range?.low) ?? 0, metadata };
  });
}
