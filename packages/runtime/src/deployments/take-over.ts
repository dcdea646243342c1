/**
 * How one version of a pipeline ends, and the next begins, so that no commit of the one comes after a commit of the other: each has a
 * number (its epoch), which is committed beside the offsets. A worker does not start where it finds a greater one than its own
 * (`superseded`), and the commit that writes a greater one is made while the group has no members, which fences those of before.
 */
import { LogError, type CommittedOffset, type IdleCommit, type Log, type OutputBatch } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { generationOf } from '../task/assignment.js';
import { epochOf, requireCurrent } from '../task/epoch.js';
import { decodePosition, encodePosition } from '../task/position.js';
import { committedOf } from './drained.js';

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
 * Rejects with PipelineError `superseded`, `reset_unfinished`, and with LogError.
 */
export async function takeOver(
  log: Log,
  plan: PhysicalPlan,
  epoch: number,
  { outputs = [], expected }: { readonly outputs?: readonly OutputBatch[]; readonly expected?: readonly CommittedOffset[] } = {},
): Promise<TakeOver> {
  const group = plan.applicationId;
  const committed = expected ?? (await committedOf(log, plan));
  requireCurrent(plan, committed, epoch);
  if (epochOf(committed) === epoch) return 'before';
  try {
    const offsets = await withEpoch(log, plan, committed, epoch);
    await log.commitIdle({ group, transactionalId: `${group}-take-over`, expected: committed, outputs, offsets });
    return 'done';
  } catch (error) {
    if (error instanceof LogError && (['in_use', 'fenced', 'unknown', 'aborted'].includes(error.code) || error.retriable)) return 'not_yet';
    throw error;
  }
}

/** The offsets as they are, with the epoch; where there are none, those at which the pipeline begins. */
async function withEpoch(
  log: Log,
  plan: PhysicalPlan,
  committed: readonly CommittedOffset[],
  epoch: number,
): Promise<IdleCommit['offsets']> {
  const generation = generationOf(plan, committed) ?? 0;
  const latest = new Set(
    plan.stages.flatMap(({ inputs }) => inputs.flatMap((i) => (i.kind === 'source' && i.start === 'latest' ? [i.topic] : []))),
  );
  const starts = new Map<string, Awaited<ReturnType<Log['offsets']>>>();
  const offsets: IdleCommit['offsets'][number][] = [];
  for (const { topic, partition, offset, metadata } of committed) {
    if (offset === null && !starts.has(topic)) starts.set(topic, await log.offsets(topic));
    const range = starts.get(topic)?.find((each) => each.partition === partition);
    const start = latest.has(topic) ? range?.high : range?.low;
    const position = decodePosition(metadata) ?? { offsets: {}, times: [], watermark: -Infinity, generation };
    offsets.push({ topic, partition, offset: offset ?? start ?? 0, metadata: encodePosition({ ...position, epoch }) });
  }
  return offsets;
}
