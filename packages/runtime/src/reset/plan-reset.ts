/** What a reset of a pipeline would change; changes nothing. */
import type { Plan } from '@rta/dsl';
import { tpKey, type CommittedOffset, type Log, type TopicDescription, type TopicSpec } from '../log/log.js';
import { records } from '../log/batch/records.js';
import { planStages } from '../plan/plan-stages.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { decodePosition } from '../task/position.js';
import { internalTopics, sourceTopics, stagePartitions } from '../task/topology.js';
import { decodeMarker } from './marker.js';

/** Where the sources are read from after it. */
export type ResetTarget =
  | { readonly to: 'beginning' }
  /** The first record of each partition whose timestamp is this one (ms) or later. */
  | { readonly to: 'time'; readonly time: number }
  /** By `topic-partition`; partitions that are not named stay where they are. */
  | { readonly to: 'offsets'; readonly offsets: ReadonlyMap<string, number> };

export interface ResetOptions {
  /** Null: where a reset that was not finished was to go, else the beginning. */
  readonly target: ResetTarget | null;
  readonly keepState: boolean;
  readonly keepOutput: boolean;
}

interface PartitionReset {
  readonly topic: string;
  readonly partition: number;
  /** Null: nothing was committed. */
  readonly from: number | null;
  readonly to: number;
  /** Last stable offset. */
  readonly end: number;
}

export interface OutputReset {
  readonly topic: string;
  /** `tombstones`: a row that stands is deleted by key; `deleted`: all records up to now are; `both`, in this order. */
  readonly how: 'tombstones' | 'deleted' | 'both';
  readonly partitions: readonly { readonly partition: number; readonly low: number; readonly high: number }[];
}

/** All that a reset does, for `performReset`. */
export interface ResetPlan {
  readonly pipeline: string;
  readonly group: string;
  /** Of the history that begins. */
  readonly generation: number;
  /** An earlier reset was begun and not finished: this one finishes it. */
  readonly resumes: boolean;
  readonly keepState: boolean;
  readonly sources: readonly PartitionReset[];
  /** Internal topics that there are; deleted and made again, unless state is kept. */
  readonly internal: readonly { readonly topic: string; readonly records: number }[];
  readonly internalSpecs: readonly TopicSpec[];
  readonly outputs: readonly OutputReset[];
  /** As the group has them, sources and repartition topics. */
  readonly committed: readonly CommittedOffset[];
}

export class ResetError extends Error {
  override readonly name = 'ResetError';
  constructor(
    readonly code: 'missing_topic' | 'unfinished_reset' | 'unknown_partition' | 'never_ran',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Rejects with ResetError: `missing_topic` for a source that is not there, `unknown_partition` for a target that is none,
 * `unfinished_reset` where state was to be kept that an unfinished reset may have deleted, `never_ran` where there is no state to keep; and
 * with LogError.
 */
export async function planReset(log: Log, plan: Plan, options: ResetOptions): Promise<ResetPlan> {
  const physical = planStages(plan);
  const topics = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  for (const topic of sourceTopics(physical))
    if (!topics.has(topic)) throw new ResetError('missing_topic', `the source topic ${topic} does not exist`);
  const internalSpecs = internalTopics(
    physical,
    stagePartitions(physical, (topic) => topics.get(topic)?.partitions ?? 1),
  );
  const committed = await committedOf(log, physical, topics);
  const markers = new Map(committed.flatMap((each) => {
    const marker = decodeMarker(each.metadata);
    return marker === null ? [] : [[tpKey(each.topic, each.partition), marker] as const];
  })); // prettier-ignore
  const resumes = markers.size > 0;
  if (resumes && options.keepState)
    throw new ResetError('unfinished_reset', 'a reset was begun that deletes the state: it can only be finished, without keeping state');
  if (options.keepState && committed.every(({ offset }) => offset === null))
    throw new ResetError('never_ran', 'nothing was committed yet: there is no state to keep, and nothing to reset');
  const generations = committed.map(({ metadata }) => decodePosition(metadata)?.generation ?? 0);
  const generation = resumes ? Math.max(...[...markers.values()].map((marker) => marker.generation)) : Math.max(0, ...generations) + 1;
  const sources: PartitionReset[] = [];
  for (const topic of sourceTopics(physical))
    for (const { partition, low, stable } of await log.offsets(topic)) {
      const key = tpKey(topic, partition);
      const from = committed.find((each) => each.topic === topic && each.partition === partition)?.offset ?? null;
      const wanted =
        options.target ?? (markers.has(key) ? { to: 'offsets', offsets: new Map([[key, markers.get(key)!.to]]) } : { to: 'beginning' });
      const to = await targetOf(log, wanted, { topic, partition, low, stable, from });
      sources.push({ topic, partition, from, to, end: stable });
    }
  if (options.target?.to === 'offsets') requireKnown(options.target.offsets, sources);
  const internal: { topic: string; records: number }[] = [];
  for (const { name } of internalSpecs)
    if (topics.has(name))
      internal.push({ topic: name, records: (await log.offsets(name)).reduce((sum, { low, high }) => sum + high - low, 0) });
  const withOutput = !options.keepState && (!options.keepOutput || [...markers.values()].some(({ output }) => output));
  return {
    pipeline: plan.pipeline,
    group: physical.applicationId,
    generation,
    resumes,
    keepState: options.keepState,
    sources,
    internal: options.keepState ? [] : internal,
    internalSpecs,
    outputs: withOutput ? await outputsOf(log, physical, topics) : [],
    committed,
  };
}

async function committedOf(
  log: Log,
  plan: PhysicalPlan,
  topics: ReadonlyMap<string, TopicDescription>,
): Promise<readonly CommittedOffset[]> {
  const inputs = [...new Set(plan.stages.flatMap((stage) => stage.inputs.map(({ topic }) => topic)))];
  const partitions = inputs.flatMap((topic) =>
    Array.from({ length: topics.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition })),
  );
  return log.groupOffsets(plan.applicationId, partitions);
}

async function targetOf(
  log: Log,
  target: ResetTarget,
  at: { readonly topic: string; readonly partition: number; readonly low: number; readonly stable: number; readonly from: number | null },
): Promise<number> {
  switch (target.to) {
    case 'beginning':
      return at.low;
    case 'time':
      return offsetAt(log, at, target.time);
    case 'offsets': {
      const named = target.offsets.get(tpKey(at.topic, at.partition));
      return Math.max(at.low, Math.min(at.stable, named ?? at.from ?? at.low));
    }
  }
}

/** By the batches' own times; a batch that holds the time is read from its beginning, so none is left out. */
async function offsetAt(log: Log, at: { topic: string; partition: number; low: number; stable: number }, time: number): Promise<number> {
  for await (const batch of log.read(at.topic, at.partition, at.low, at.stable))
    for (const record of records(batch, at.low)) if (record.timestamp >= time) return record.offset;
  return at.stable;
}

function requireKnown(offsets: ReadonlyMap<string, number>, sources: readonly PartitionReset[]): void {
  for (const key of offsets.keys())
    if (!sources.some(({ topic, partition }) => tpKey(topic, partition) === key))
      throw new ResetError('unknown_partition', `${key} is no partition of a source: there is ${sources.map((s) => tpKey(s.topic, s.partition)).join(', ')}`); // prettier-ignore
}

async function outputsOf(log: Log, plan: PhysicalPlan, topics: ReadonlyMap<string, TopicDescription>): Promise<OutputReset[]> {
  const sinks = new Map<string, boolean>();
  for (const stage of plan.stages)
    for (const output of stage.outputs)
      if (output.kind === 'sink') sinks.set(output.topic, output.table || (sinks.get(output.topic) ?? false));
  const outputs: OutputReset[] = [];
  for (const [topic, table] of sinks) {
    const description = topics.get(topic);
    if (description === undefined) continue;
    const policy = description.config['cleanup.policy'] ?? 'delete';
    // Brokers delete no records of a topic that is compacted only.
    const deletes = policy.includes('delete');
    const how = table ? (deletes ? 'both' : 'tombstones') : deletes ? 'deleted' : 'tombstones';
    outputs.push({ topic, how, partitions: (await log.offsets(topic)).map(({ partition, low, high }) => ({ partition, low, high })) });
  }
  return outputs;
}
