/** What a deploy of a project would do: asked of log, registry and record, decided, and nothing changed. */
import type { Plan } from '@rta/dsl';
import {
  applicationIdOf,
  currentOf,
  Deployments,
  planFingerprint,
  planStages,
  rebuiltApplicationId,
  type DeployedSource,
  type DeploymentsSnapshot,
  type Log,
  type TopicDescription,
} from '@rta/runtime';
import type { Backend } from '../backend/backend.js';
import { ownTopics, sharedTopics, type DesiredTopic, type StagedPlan } from './desired.js';
import type { Allowance, Change, PlanItem } from './items.js';
import { pipelineItems, verdictOf, type Verdict } from './pipeline-items.js';
import { subjectItems, type SubjectItem } from './subject-items.js';
import { ownTopicItem, sharedTopicItem, type ObservedTopics, type TopicItem } from './topic-items.js';

/** A pipeline as it is in the project. */
export interface ProjectPipeline {
  readonly plan: Plan;
  readonly source: DeployedSource;
}

export interface PlannedPipeline extends ProjectPipeline {
  readonly verdict: Verdict;
  readonly staged: StagedPlan;
  /** Of the plan. */
  readonly fingerprint: string;
}

export interface ProjectPlan {
  /** Of what it was made for; `deploy` changes it only if it is still so. */
  readonly seen: DeploymentsSnapshot;
  readonly pipelines: readonly PlannedPipeline[];
  readonly topics: readonly TopicItem[];
  readonly subjects: readonly SubjectItem[];
  /** All of it: pipelines with stores and groups, topics, subjects. */
  readonly items: readonly PlanItem[];
  /** Deployed, and not among these pipelines: left alone. */
  readonly others: readonly string[];
}

export interface PlanOptions {
  /** Of topics that have to be made and are not declared. */
  readonly partitions: number;
  readonly keepState: readonly string[];
  readonly rebuild: readonly string[];
}

/** Rejects with LogError and RegistryError where one of the two cannot be asked: then nothing is known. */
export async function planProject(
  { log, registry }: Backend,
  project: readonly ProjectPipeline[],
  options: PlanOptions,
): Promise<ProjectPlan> {
  const plans = project.map(({ plan }) => plan);
  const seen = await new Deployments(log).read();
  const topics = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  const subjects = await subjectItems(registry, plans);
  const staged = plans.map((plan) => stagedAs(plan, runningAs(seen, plan.pipeline)));
  const shared = sharedTopics(staged, options.partitions);
  const observed = await observe(log, topics, shared, seen, project);
  const partitionsOf = (topic: string): number => partitionsAfter(topic, shared, topics, options.partitions);
  const pipelines: PlannedPipeline[] = [];
  const items: PlanItem[] = [];
  const own: TopicItem[] = [];
  for (const [i, { plan, source }] of project.entries()) {
    const deployed = seen.pipelines.get(plan.pipeline) ?? null;
    const fingerprint = planFingerprint(plan, source.modules);
    const wanted = options.rebuild.includes(plan.pipeline) ? 'rebuild' : options.keepState.includes(plan.pipeline) ? 'keep' : null;
    const verdict = verdictOf(staged[i], { deployed, source, fingerprint, own: ownTopics(staged[i], partitionsOf), topics, wanted });
    const next = 1 + Math.max(0, ...(deployed?.versions.map(({ version }) => version) ?? []));
    const runs = verdict.state === 'rebuild' ? stagedAs(plan, rebuiltApplicationId(plan.pipeline, next)) : staged[i];
    const hasRun = verdict.state !== 'rebuild' && (await hasOffsets(log, runs, topics));
    pipelines.push({ plan, source, verdict, staged: runs, fingerprint });
    items.push(...pipelineItems(verdict, runs, deployed, hasRun));
    if (verdict.change !== 'breaking') own.push(...ownTopics(runs, partitionsOf).map((topic) => ownTopicItem(topic, observed)));
  }
  const topicItems = [...[...shared.values()].map((topic) => sharedTopicItem(topic, observed)), ...own];
  const others = [...seen.pipelines.keys()].filter((name) => !plans.some(({ pipeline }) => pipeline === name));
  return { seen, pipelines, topics: topicItems, subjects, items: [...items, ...topicItems, ...subjects], others };
}

/** Whether something cannot go. */
export function isRefused({ items }: ProjectPlan): boolean {
  return items.some(({ change }) => change === 'breaking');
}

export function countOf({ items }: ProjectPlan, change: Change): number {
  return items.filter((item) => item.change === change).length;
}

/** What the plan needs to be allowed. */
export function allowancesOf({ items }: ProjectPlan): Allowance[] {
  return (['rebuild', 'destructive'] as const).filter((allowance) => items.some(({ needs }) => needs === allowance));
}

/** Whether a deploy would change anything. */
export function hasChanges({ items, pipelines }: ProjectPlan): boolean {
  // A group is made by the workers, at their first start.
  return (
    pipelines.some(({ verdict }) => verdict.state !== null) || items.some(({ kind, change }) => kind !== 'group' && change !== 'unchanged')
  );
}

function stagedAs(plan: Plan, applicationId: string): StagedPlan {
  return { plan, physical: planStages(plan, { applicationId }) };
}

/** The application id of the version that writes to the sinks. */
function runningAs(seen: DeploymentsSnapshot, pipeline: string): string {
  const deployed = seen.pipelines.get(pipeline);
  return deployed === undefined ? applicationIdOf(pipeline) : currentOf(deployed).applicationId;
}

function partitionsAfter(
  topic: string,
  shared: ReadonlyMap<string, DesiredTopic>,
  topics: ReadonlyMap<string, TopicDescription>,
  partitions: number,
): number {
  const desired = shared.get(topic);
  return desired?.declared?.partitions ?? topics.get(topic)?.partitions ?? desired?.spec.partitions ?? partitions;
}

async function observe(
  log: Log,
  topics: ReadonlyMap<string, TopicDescription>,
  shared: ReadonlyMap<string, DesiredTopic>,
  seen: DeploymentsSnapshot,
  project: readonly ProjectPipeline[],
): Promise<ObservedTopics> {
  const records = new Map<string, 'never' | 'empty' | 'some'>();
  for (const [name, { declared }] of shared) {
    if (declared === null || !topics.has(name)) continue;
    const offsets = await log.offsets(name);
    records.set(
      name,
      offsets.every(({ high }) => high === 0) ? 'never' : offsets.every(({ low, high }) => low === high) ? 'empty' : 'some',
    );
  }
  const deployed = new Map<string, Readonly<Record<string, string>>>();
  for (const { plan } of project) {
    const before = seen.pipelines.get(plan.pipeline);
    if (before !== undefined) for (const [name, settings] of Object.entries(currentOf(before).settings)) deployed.set(name, settings);
  }
  return { topics, records, deployed, createSources: log.kind === 'embedded' };
}

async function hasOffsets(log: Log, { physical }: StagedPlan, topics: ReadonlyMap<string, TopicDescription>): Promise<boolean> {
  const sources = physical.stages.flatMap(({ inputs }) => inputs.flatMap((input) => (input.kind === 'source' ? [input.topic] : [])));
  const partitions = [...new Set(sources)].flatMap((topic) =>
    Array.from({ length: topics.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition })),
  );
  return (await log.groupOffsets(physical.applicationId, partitions)).some(({ offset }) => offset !== null);
}
