import type { LatePolicy, ErrorPolicy, TopicDeclaration } from '@rta/dsl';
import type { TopicSpec } from '../log/log.js';
import type { PhysicalPlan, Stage } from '../plan/physical.js';
import { PipelineError } from './errors.js';

/** What a pipeline does with records it cannot count in. */
export interface RecordPolicies {
  readonly late: LatePolicy;
  readonly errors: ErrorPolicy;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Changelogs keep tombstones for a week; a store not synced for half of that is rebuilt (SEMANTICS rule 24). */
const CHANGELOG_DELETE_RETENTION_MS = 7 * DAY_MS;

/** A store that is away for longer may miss that rows of a table were deleted. */
const STORE_DELETE_RETENTION_MS = 30 * DAY_MS;

/** Of the pipeline's own topics. A row of collected values may be larger than what brokers take unless told; a request takes 100 MiB. */
const INTERNAL = { 'segment.bytes': String(64 * 1024 * 1024), 'max.message.bytes': String(32 * 1024 * 1024) };

/** Number of partitions of every stage: of its source topic, or of its repartition topics, which take over the most of the upstream stages'. Throws PipelineError `partition_count` where topics that are joined where they are differ. */
export function stagePartitions(plan: PhysicalPlan, sourcePartitions: (topic: string) => number): readonly number[] {
  const counts: number[] = [];
  for (const stage of plan.stages) {
    const upstream = stage.inputs.map((input) => (input.kind === 'source' ? sourcePartitions(input.topic) : counts[input.fromStage]));
    const [first] = stage.inputs;
    for (const [i, input] of stage.inputs.entries())
      if (input.kind === 'source' && upstream[i] !== upstream[0])
        throw new PipelineError(
          'partition_count',
          `\`copartitioned\` joins the partitions of ${first.topic} and ${input.topic} one by one, and they have ${upstream[0]} and ${upstream[i]}; ` +
            'leave it out, and rows move to those of equal keys',
          false,
        );
    counts.push(isSingleBoard(stage) ? 1 : Math.max(...upstream));
  }
  return counts;
}

/** A board without groups is one task. */
export function isSingleBoard(stage: Stage): boolean {
  return stage.nodes.some(
    (node) => node.op === 'rank' && node.mode === 'global' && node.transform.group.length === 0 && 'input' in node.from,
  );
}

/** Number of repartitions before a stage. */
export function depth(plan: PhysicalPlan, stage: Stage): number {
  return Math.max(...stage.inputs.map((input) => (input.kind === 'source' ? 0 : 1 + depth(plan, plan.stages[input.fromStage]))));
}

/** The topics that the pipeline itself owns: repartitions and changelogs. */
export function internalTopics(plan: PhysicalPlan, partitions: readonly number[]): TopicSpec[] {
  const specs: TopicSpec[] = [];
  for (const stage of plan.stages) {
    for (const input of stage.inputs)
      if (input.kind === 'repartition')
        specs.push({
          name: input.topic,
          partitions: partitions[stage.id],
          config: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1', ...INTERNAL },
        });
    if (stage.changelog !== null)
      specs.push({
        name: stage.changelog,
        partitions: partitions[stage.id],
        config: {
          'cleanup.policy': 'compact',
          'delete.retention.ms': String(CHANGELOG_DELETE_RETENTION_MS),
          ...INTERNAL,
          'min.cleanable.dirty.ratio': '0.3',
        },
      });
  }
  return specs;
}

/** Sink, late and dead-letter topics that do not exist yet are made like this. */
export function outputTopics(
  plan: PhysicalPlan,
  policies: RecordPolicies,
  declared: readonly TopicDeclaration[],
  defaultPartitions: number,
): TopicSpec[] {
  const specs = new Map<string, TopicSpec>();
  const add = (name: string, compacted: boolean): void => {
    const declaration = declared.find((d) => d.name === name);
    specs.set(name, topicSpec(name, declaration, { partitions: defaultPartitions, compacted }));
  };
  for (const stage of plan.stages)
    for (const output of stage.outputs) {
      if (output.kind !== 'sink') continue;
      add(output.topic, output.table);
      if (output.store !== undefined) specs.set(output.topic, keptForStore(specs.get(output.topic)!));
    }
  for (const topic of lateTopics(plan, policies)) add(topic, false);
  if (policies.errors.policy === 'topic') add(policies.errors.topic, false);
  return [...specs.values()];
}

/** What waits for a store is kept until the store has it, unless its topic is declared otherwise. */
function keptForStore(spec: TopicSpec): TopicSpec {
  const kept = { 'retention.ms': '-1', 'retention.bytes': '-1', 'delete.retention.ms': String(STORE_DELETE_RETENTION_MS) };
  return { ...spec, config: { ...kept, ...spec.config } };
}

/** A topic as it is declared; what is not said goes by `defaults`. */
export function topicSpec(
  name: string,
  declaration: TopicDeclaration | undefined,
  defaults: { readonly partitions: number; readonly compacted: boolean },
): TopicSpec {
  const config: Record<string, string> = {};
  const cleanup = declaration?.cleanup ?? (defaults.compacted ? (['compact'] as const) : null);
  if (cleanup) config['cleanup.policy'] = cleanup.join(',');
  if (declaration && declaration.retentionMs !== null) config['retention.ms'] = String(declaration.retentionMs);
  if (declaration && declaration.compression !== null)
    config['compression.type'] = declaration.compression === 'none' ? 'uncompressed' : declaration.compression;
  return {
    name,
    partitions: declaration?.partitions ?? defaults.partitions,
    ...(declaration && declaration.replication !== null ? { replication: declaration.replication } : {}),
    config,
  };
}

/** The pipeline's late topic, and those of windows that differ. */
function lateTopics(plan: PhysicalPlan, policies: RecordPolicies): string[] {
  const topics = policies.late.policy === 'topic' ? [policies.late.topic] : [];
  for (const stage of plan.stages)
    for (const node of stage.nodes)
      if (node.op === 'fold' && node.transform.window?.late?.policy === 'topic') topics.push(node.transform.window.late.topic);
  return topics;
}

/** Source topics of a plan. */
export function sourceTopics(plan: PhysicalPlan): string[] {
  return [...new Set(plan.stages.flatMap((s) => s.inputs).flatMap((i) => (i.kind === 'source' ? [i.topic] : [])))];
}

/** Topics by which rows get from one stage to another. */
export function repartitionTopics(plan: PhysicalPlan): string[] {
  return [...new Set(plan.stages.flatMap((s) => s.inputs).flatMap((i) => (i.kind === 'repartition' ? [i.topic] : [])))];
}

/** Everything that the pipeline's consumer group reads. */
export function inputTopics(plan: PhysicalPlan): string[] {
  return [...new Set(plan.stages.flatMap((s) => s.inputs).map((i) => i.topic))];
}
