/**
 * A deploy, step by step. Nothing is changed before all of it may go, and the record of the versions, which is what workers follow, comes
 * last: it is the point of no return.
 *
 * ```
 *   plan ─▶ topics made ─▶ topics configured ─▶ schemas registered ─▶ versions recorded (compare-and-set)
 *             └───────────── undone, last first, where a step fails ──────────┘
 * ```
 * A deploy that is killed leaves what it has made up to then. Nobody reads that before the versions are recorded, and the next deploy finds
 * it there and goes on.
 */
import { messageOf } from '@rta/dsl/message-of';
import type { AvroSchema } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { changedBy, deployed, Deployments, topicSpec, type DeploymentsSnapshot, type Log } from '@rta/runtime';
import type { Backend } from '../backend/backend.js';
import { Failure } from '../failure.js';
import { topicOfSubject } from './desired.js';
import { layoutsOf } from './pipeline-items.js';
import type { PlannedPipeline, ProjectPlan } from './project-plan.js';
import type { TopicAction } from './topic-items.js';

export interface DeployStep {
  readonly step: 'created' | 'remade' | 'configured' | 'registered' | 'recorded' | 'undone';
  readonly name: string;
  /** For people: `4 partitions`, `id 7`, `version 3, rebuilds`. */
  readonly what: string;
}

export interface DeployHooks {
  /** For people: `ada@build-7`. */
  readonly by: string;
  /** Now, ms. */
  readonly at: number;
  /** A rebuild waits for `rta promote`. */
  readonly manual: boolean;
  readonly signal: AbortSignal;
  readonly onStep: (step: DeployStep) => void;
}

/** What takes a step back; `name` is of the topic or subject. */
interface Undo {
  readonly name: string;
  readonly what: string;
  /** Whether somebody else may need it by now: then it stays. */
  readonly shared: boolean;
  readonly run: (log: Log) => Promise<void>;
}

/**
 * Does what was planned. Resolves to the record with it. Where a step fails it takes back what it has made, and rejects with the step's error, as
 * a Failure that says what is left: of LogError, RegistryError, DeploymentError `conflict` where another deploy was quicker, or `interrupted`.
 */
export async function deployProject(backend: Backend, plan: ProjectPlan, hooks: DeployHooks): Promise<DeploymentsSnapshot> {
  const { log, registry } = backend;
  const undo: Undo[] = [];
  try {
    for (const { action } of plan.topics) {
      if (action === null) continue;
      requireGoing(hooks.signal);
      await changeTopic(log, action, undo, hooks);
    }
    for (const { name, schema } of plan.subjects) {
      if (schema === null) continue;
      requireGoing(hooks.signal);
      await register(registry, name, schema, undo, hooks);
    }
    requireGoing(hooks.signal);
  } catch (error) {
    throw await takenBack(backend.log, plan, undo, hooks, error);
  }
  return record(backend, plan, undo, hooks);
}

async function changeTopic(log: Log, action: TopicAction, undo: Undo[], hooks: DeployHooks): Promise<void> {
  if (action.do === 'configure') {
    // First: what fails half-way is set back as well.
    undo.push({ name: action.to.name, what: 'set back', shared: false, run: (now) => now.configureTopics([action.back]) });
    await log.configureTopics([action.to]);
    hooks.onStep({ step: 'configured', name: action.to.name, what: Object.keys(action.to.config).join(', ') });
    return;
  }
  const { spec } = action;
  const { name } = spec;
  const what = `${spec.partitions} ${spec.partitions === 1 ? 'partition' : 'partitions'}`;
  const remove = async (now: Log): Promise<void> => {
    if ((await now.topics()).some((topic) => topic.name === name) && (await isUnused(now, name))) await now.deleteTopics([name]);
  };
  if (action.do === 'remake') {
    const before = action.before;
    undo.push({ name, what: 'made as it was', shared: false, run: async (now) => {
      await remove(now);
      await now.ensureTopics([before]);
    } }); // prettier-ignore
    if (!(await isUnused(log, name)))
      throw new Failure('not_empty', `${name} has got records meanwhile, so it is not made anew`, 'plan again');
    await log.deleteTopics([name]);
  } else undo.push({ name, what: 'deleted again', shared: true, run: remove });
  await log.ensureTopics([spec]);
  hooks.onStep({ step: action.do === 'remake' ? 'remade' : 'created', name, what });
}

/** Whether a topic never had a record. */
async function isUnused(log: Log, topic: string): Promise<boolean> {
  return (await log.offsets(topic)).every(({ high }) => high === 0);
}

async function register(registry: SchemaRegistry, subject: string, schema: AvroSchema, undo: Undo[], hooks: DeployHooks): Promise<void> {
  const before = new Set(await registry.versions(subject));
  // First: a registry may have taken what it does not answer for.
  undo.push({
    name: subject,
    what: 'its new version taken back',
    shared: true,
    run: async () => {
      const id = await registry.lookup(subject, schema);
      for (const version of id === null ? [] : await registry.versions(subject))
        if (!before.has(version) && (await registry.version(subject, version))?.id === id) await registry.deleteVersion(subject, version);
    },
  });
  const id = await registry.register(subject, schema);
  hooks.onStep({ step: 'registered', name: subject, what: `id ${id}` });
}

async function record(backend: Backend, plan: ProjectPlan, undo: Undo[], hooks: DeployHooks): Promise<DeploymentsSnapshot> {
  const drafts = plan.pipelines.filter(({ verdict }) => verdict.state !== null);
  const entries = drafts.map((pipeline) => ({ pipeline, entries: entriesOf(pipeline, plan, hooks) }));
  const { log } = backend;
  let after: DeploymentsSnapshot;
  try {
    after = await new Deployments(log).append(
      plan.seen,
      entries.map((each) => each.entries),
    );
  } catch (error) {
    // Read again it tells for certain: it waits for what was on its way.
    const now = await new Deployments(log).read().catch(() => null);
    if (now === null)
      throw new Failure(
        codeOf(error) ?? 'unreachable',
        `whether the versions are recorded is not known: ${messageOf(error)}`,
        'nothing was taken back; `rta plan` tells what is there, and `rta deploy` goes on from it',
        { cause: error },
      );
    const done = entries.every((each) => now.pipelines.get(each.pipeline.plan.pipeline)?.change === each.entries.pipelines[0]?.change);
    if (!done) throw await takenBack(log, plan, undo, hooks, error);
    after = now;
  }
  for (const { pipeline } of entries) {
    const versions = after.pipelines.get(pipeline.plan.pipeline)?.versions ?? [];
    const rebuilds = pipeline.verdict.state === 'rebuild' ? ', is rebuilt beside the one before' : '';
    hooks.onStep({ step: 'recorded', name: pipeline.plan.pipeline, what: `version ${versions.at(-1)?.version}${rebuilds}` });
  }
  return after;
}

function entriesOf(
  { plan, source, verdict, staged, fingerprint }: PlannedPipeline,
  { seen, topics }: ProjectPlan,
  hooks: DeployHooks,
): ReturnType<typeof deployed> {
  const { pipeline } = plan;
  const declared = plan.topics.map(
    (topic) => [topic.name, topicSpec(topic.name, topic, { partitions: 1, compacted: false }).config ?? {}] as const,
  );
  const draft = {
    pipeline,
    source,
    layouts: layoutsOf(staged),
    topics: topics.filter((topic) => topic.pipelines.includes(pipeline)).map(({ name }) => name),
    summary: seen.pipelines.has(pipeline) ? verdict.reasons.join('; ') : 'its first version',
    state: verdict.state ?? 'keep',
    manual: hooks.manual,
    fingerprint,
    settings: Object.fromEntries(declared),
  } as const;
  return deployed(seen.pipelines.get(pipeline) ?? null, draft, changedBy(hooks.by, hooks.at));
}

/** The error to end with, when all has been taken back that can be. */
async function takenBack(log: Log, { seen }: ProjectPlan, undo: readonly Undo[], hooks: DeployHooks, cause: unknown): Promise<Failure> {
  const now = await new Deployments(log).read().catch(() => null);
  const needed = now === null ? null : neededSince(seen, now);
  const left: string[] = [];
  for (const { name, what, shared, run } of [...undo].reverse()) {
    if (shared && needed?.(name) === true) continue;
    try {
      if (shared && needed === null) throw new Error('another deploy may need it, which cannot be told now');
      await run(log);
      hooks.onStep({ step: 'undone', name, what });
    } catch (error) {
      left.push(`${name} (${messageOf(error)})`);
    }
  }
  const conflict = codeOf(cause) === 'conflict';
  const whole = conflict ? 'what nobody else needs by now is taken back' : 'all is as it was before';
  const rest = left.length === 0 ? whole : `what could not be taken back, and is in nobody's way: ${left.join('; ')}`;
  const help = (cause as { readonly help?: string }).help ?? 'deploy again: what is there by then is taken as it is';
  return new Failure(codeOf(cause) ?? 'internal', `${messageOf(cause)}${conflict ? '' : '; nothing was deployed'}, ${rest}`, help, {
    cause,
  });
}

/** Whether a version that was deployed meanwhile has a topic, or a subject of one. */
function neededSince(seen: DeploymentsSnapshot, now: DeploymentsSnapshot): (name: string) => boolean {
  const topics = new Set(
    [...now.pipelines.values()].flatMap(({ pipeline, versions }) => {
      const known = new Set(seen.pipelines.get(pipeline)?.versions.map(({ version }) => version));
      return versions.flatMap(({ version, topics: its }) => (known.has(version) ? [] : its));
    }),
  );
  return (name) => topics.has(name) || topics.has(topicOfSubject(name));
}

function requireGoing(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure('interrupted', 'the deploy was interrupted');
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
