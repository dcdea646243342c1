/** The tasks of the partitions that a member was given. */
import { tpKey, type CommittedOffset, type Log, type Member, type TopicPartition } from '../log/log.js';
import type { KernelFactory } from '../kernel/stage-kernel.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { decodeMarker } from '../reset/marker.js';
import type { CommitPolicy } from './commit-policy.js';
import { requireCurrent } from './epoch.js';
import { PipelineError } from './errors.js';
import type { KnownCommits } from './known-commits.js';
import { decodePosition } from './position.js';
import { toError } from './recovery.js';
import type { OffsetsOf } from './restore-task.js';
import { Task } from './task.js';
import type { TaskContext } from './task-context.js';
import { isLagging, topicOf } from './unread.js';

/** The tasks whose inputs are all among the partitions (the assignor keeps the partitions of a stage's inputs together). */
export function tasksOf(
  plan: PhysicalPlan,
  partitions: readonly TopicPartition[],
  context: TaskContext,
  factories: ReadonlyMap<number, KernelFactory>,
): Task[] {
  const mine = new Set(partitions.map((p) => tpKey(p.topic, p.partition)));
  const tasks: Task[] = [];
  for (const stage of plan.stages) {
    const factory = factories.get(stage.id);
    if (!factory) continue;
    for (let p = 0; p < context.stagePartitions[stage.id]; p++)
      if (stage.inputs.every((input) => mine.has(tpKey(input.topic, p)))) tasks.push(new Task(context, stage, p, factory));
  }
  return tasks;
}

/**
 * Restores all of them. `fresh` have no offsets yet; `begun`: something has been read; `replayed` counts changelog records. Rejects with
 * PipelineError `reset_unfinished` where somebody has begun a reset, and with a retriable LogError where the group's offsets are behind `known`.
 */
export async function restoreTasks(
  tasks: readonly Task[],
  member: Member,
  log: Log,
  plan: PhysicalPlan,
  { stagePartitions, epoch = 0 }: TaskContext,
  known: KnownCommits,
): Promise<{ readonly fresh: readonly Task[]; readonly begun: boolean; readonly replayed: number }> {
  // The group's offsets first, waiting for pending transactions; only then the changelogs' ends (SEMANTICS rule 22).
  // Those of all tasks: a reset, and the generation of the pipeline's history, concern each of them.
  const committed = await member.committed(inputPartitions(plan, stagePartitions));
  requireCurrent(plan, committed, epoch);
  const generation = generationOf(plan, committed);
  known.require(committed, generation);
  const asked = new Map<string, ReturnType<OffsetsOf>>();
  const offsetsOf: OffsetsOf = (topic) => {
    const offsets = asked.get(topic) ?? log.offsets(topic);
    asked.set(topic, offsets);
    return offsets;
  };
  const fresh: Task[] = [];
  let begun = false;
  let replayed = 0;
  for (const task of tasks) {
    if (task.closed) break;
    const restored = await task.restore({ committed, offsetsOf, generation });
    replayed += restored.replayed;
    begun ||= restored.begun;
    if (restored.fresh) fresh.push(task);
  }
  return { fresh, begun, replayed };
}

/** Closes all of them, whatever becomes of one: a store that stays open would be locked for good. Rejects with what the first failed with. */
export async function closeAll(tasks: readonly Task[], discard: boolean): Promise<void> {
  const closed = await Promise.allSettled(tasks.map((task) => task.close(discard)));
  const failed = closed.find((each) => each.status === 'rejected');
  if (failed !== undefined && !discard) throw toError(failed.reason);
}

export function needsCommit(tasks: Iterable<Task>): boolean {
  for (const task of tasks) if (task.needsCommit) return true;
  return false;
}

/** ms until the next commit is due; Infinity: there is nothing to commit. */
export function commitDueIn(
  policy: CommitPolicy,
  now: number,
  tasks: readonly Task[],
  byInput: ReadonlyMap<string, Task>,
  stable: ReadonlyMap<string, number>,
): number {
  const dirty = tasks.filter((task) => task.needsCommit);
  if (dirty.length === 0) return Infinity;
  // Something came through a repartition: its latency is on top of what it had already.
  const downstreamIdle = dirty.some((task) => task.stage.inputs.some((i) => i.kind === 'repartition'));
  return policy.dueIn(now, { lagging: isLagging(byInput, stable), downstreamIdle });
}

/** Whether the partitions among `targets` that are ours have been read so far. */
export function isReadTo(byInput: ReadonlyMap<string, Task>, targets: ReadonlyMap<string, number>): boolean {
  for (const [key, target] of targets) if ((byInput.get(key)?.positionOf(topicOf(key)) ?? Infinity) < target) return false;
  return true;
}

/** Each once, of all stages. */
export function inputPartitions(plan: PhysicalPlan, stagePartitions: readonly number[]): TopicPartition[] {
  const partitions = plan.stages.flatMap((stage) =>
    stage.inputs.flatMap(({ topic }) => Array.from({ length: stagePartitions[stage.id] }, (_, partition) => ({ topic, partition }))),
  );
  return [...new Map(partitions.map((each) => [tpKey(each.topic, each.partition), each])).values()];
}

/**
 * Of the pipeline's history; null where the group has no position: it is new, or its offsets have expired.
 *
 * @throws PipelineError `reset_unfinished`
 */
export function generationOf({ pipeline }: PhysicalPlan, committed: readonly CommittedOffset[]): number | null {
  if (committed.some(({ metadata }) => decodeMarker(metadata) !== null))
    throw new PipelineError(
      'reset_unfinished',
      `a reset of the pipeline was begun and is not finished: run rta reset ${pipeline} again`,
      false,
    );
  return committed.reduce<number | null>((newest, { metadata }) => {
    const generation = decodePosition(metadata)?.generation ?? null;
    return generation === null ? newest : Math.max(newest ?? 0, generation);
  }, null);
}
