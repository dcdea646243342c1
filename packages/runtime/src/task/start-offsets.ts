/** SEMANTICS rule 23: all start offsets are committed before the first record, so that one that is missing later is known to be lost. */
import { tpKey, type Log, type Member, type TopicPartition } from '../log/log.js';
import type { PhysicalPlan, Stage } from '../plan/physical.js';
import { PipelineError } from './errors.js';
import type { Task } from './task.js';

/**
 * Whether the group has an offset of every input partition of the plan. Until then no record may be read by anybody, or a partition whose
 * start was not committed, because its owner died before, could not be told from one whose offset was lost.
 */
export async function allStartsCommitted(member: Member, plan: PhysicalPlan, stagePartitions: readonly number[]): Promise<boolean> {
  const partitions = plan.stages.flatMap((stage) => stage.inputs.flatMap(({ topic }) => partitionsOf(topic, stagePartitions[stage.id])));
  return (await member.committed(partitions)).every(({ offset }) => offset !== null);
}

function partitionsOf(topic: string, count: number): TopicPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
}

/**
 * Refuses to begin a task anew whose rows are part of state that is kept: the group's offsets have been deleted, or have expired.
 *
 * @throws PipelineError `position_mismatch`
 */
export async function requireNeverRead(fresh: readonly Task[], plan: PhysicalPlan, member: Member, log: Log): Promise<void> {
  for (const task of fresh) {
    const kept: string[] = [];
    for (const changelog of changelogsBehind(plan, task.stage))
      if ((await log.offsets(changelog)).some(({ low, high }) => high > low)) kept.push(changelog);
    if (kept.length === 0) continue;
    // Asked for again, since others may have begun after we had asked: what they have written they had committed their starts before.
    const missing = (await member.committed(task.inputs())).filter(({ offset }) => offset === null);
    if (missing.length === 0) continue;
    const inputs = missing.map(({ topic, partition }) => `${topic}-${String(partition)}`).join(', ');
    throw new PipelineError(
      'position_mismatch',
      `the consumer group has no offset of ${inputs} any more, but what was read of it is in the state (${kept.join(', ')}): ` +
        'from the beginning it would count twice; reset the pipeline',
      false,
    );
  }
}

/**
 * What is to be said where tasks without any state begin anew though their sinks have records: nothing tells whether they have been there
 * before, or whether the group's offsets have expired. Null: nothing.
 */
export async function mayReadAgain(fresh: readonly Task[], plan: PhysicalPlan, log: Log): Promise<string | null> {
  const inputs: string[] = [];
  const sinks = new Set<string>();
  for (const task of fresh) {
    const { stage } = task;
    if (stage.changelog !== null || changelogsBehind(plan, stage).length > 0) continue;
    for (const { topic, partition, input } of task.inputs())
      if (stage.inputs[input].kind === 'source') inputs.push(`${tpKey(topic, partition)} at ${String(task.positionOf(topic))}`);
    const reached = stagesReached(plan, stage);
    for (const { id, outputs } of plan.stages)
      if (reached.has(id)) for (const output of outputs) if (output.kind === 'sink') sinks.add(output.topic);
  }
  const written: string[] = [];
  if (inputs.length > 0) for (const sink of sinks) if ((await log.offsets(sink)).some(({ low, high }) => high > low)) written.push(sink);
  if (written.length === 0) return null;
  return (
    `the consumer group ${plan.applicationId} has no offset of ${inputs.join(', ')}, so it begins there, but ${written.join(', ')} ` +
    'already has records. Where they are what this pipeline wrote before its offsets were deleted, or expired, it writes them again: ' +
    'end it then, and set its offsets with `rta reset`'
  );
}

/** Changelogs of the stages that get rows of `stage`, directly or not; its own is not among them: that says where it stands. */
function changelogsBehind(plan: PhysicalPlan, stage: Stage): string[] {
  const reached = stagesReached(plan, stage);
  return plan.stages.flatMap(({ id, changelog }) => (id !== stage.id && reached.has(id) && changelog !== null ? [changelog] : []));
}

/** Ids of the stage and of those that get rows of it. */
function stagesReached(plan: PhysicalPlan, stage: Stage): ReadonlySet<number> {
  const reached = new Set([stage.id]);
  // Stages are in the order of the flow.
  for (const other of plan.stages)
    if (other.inputs.some((input) => input.kind === 'repartition' && reached.has(input.fromStage))) reached.add(other.id);
  return reached;
}
