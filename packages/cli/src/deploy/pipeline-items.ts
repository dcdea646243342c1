/** What happens to pipelines: whether they go on with the state that there is, or it is rebuilt. */
import type { Plan } from '@rta/dsl';
import {
  currentOf,
  planIdentity,
  type DeployedSource,
  type DeployedVersion,
  type PipelineDeployments,
  type PlanIdentity,
  type TopicDescription,
} from '@rta/runtime';
import type { DesiredTopic, StagedPlan } from './desired.js';
import { itemOf, type DiffLine, type PlanItem } from './items.js';
import { lineDiff } from './line-diff.js';

/** How a deploy would treat one pipeline. */
export interface Verdict {
  readonly plan: Plan;
  /** Null: as it is deployed, nothing is recorded. */
  readonly state: 'keep' | 'rebuild' | null;
  readonly change: PlanItem['change'];
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly advice: readonly string[];
  readonly diff: readonly DiffLine[];
  /** By name of the store or repartition topic (planIdentity): why it is not the one that there is. */
  readonly rebuilt: ReadonlyMap<string, string>;
  /** Whether `--keep-state` could go on with the state all the same. */
  readonly keepable: boolean;
}

export interface PipelineNow {
  readonly deployed: PipelineDeployments | null;
  readonly source: DeployedSource;
  /** Of the compiled plan. */
  readonly fingerprint: string;
  /** Its own topics under the application id that it has now. */
  readonly own: readonly DesiredTopic[];
  readonly topics: ReadonlyMap<string, TopicDescription>;
  /** `--keep-state`, `--rebuild` */
  readonly wanted: 'keep' | 'rebuild' | null;
}

export function verdictOf({ plan, physical }: StagedPlan, now: PipelineNow): Verdict {
  const { deployed, own, topics, wanted } = now;
  const verdict: Verdict = { plan, state: null, change: 'unchanged', reasons: [], warnings: [], advice: [], diff: [], rebuilt: new Map(), keepable: false }; // prettier-ignore
  const resized = own
    .filter(({ spec }) => (topics.get(spec.name)?.partitions ?? spec.partitions) !== spec.partitions)
    .map(({ spec }) => spec.name);
  if (deployed === null) return firstVersion(verdict, physical.applicationId, own, topics, resized);
  const { rebuild } = deployed;
  if (rebuild !== null && rebuild.phase !== 'rebuilding')
    return { ...verdict, change: 'breaking', reasons: [`version ${rebuild.version} is just taking over`], advice: ['deploy again when `rta ps` says that it runs'] }; // prettier-ignore
  const pending = deployed.versions.find(({ version }) => version === rebuild?.version);
  const again = wanted === 'rebuild';
  if (pending?.fingerprint === now.fingerprint && !again && resized.length === 0)
    return { ...verdict, warnings: [`version ${pending.version} is being rebuilt, and takes over ${rebuild?.manual === true ? `with \`rta promote ${plan.pipeline}\`` : 'when it has caught up'}`] }; // prettier-ignore
  const current = currentOf(deployed);
  if (current.fingerprint === now.fingerprint && pending === undefined && !again && resized.length === 0) return verdict;
  const diff = sourceDiff(current.source, now.source);
  const reminders = newerReaders(plan, current.source);
  const givenUp = pending === undefined ? [] : [`the rebuild of version ${pending.version} is given up`];
  const changed = changesOf(planIdentity(physical), current);
  for (const name of resized) changed.other.set(name.slice(physical.applicationId.length + 1), 'its sources have another number of partitions now'); // prettier-ignore
  const stores = changed.other.size + changed.input.size > 0;
  const hasState = Object.keys(current.layouts).length > 0;
  const kept = wanted === 'keep' && changed.other.size === 0;
  if (!again && (!stores || kept)) {
    const warnings =
      kept && stores ? ['its state is kept, though it was made by other rules: what was counted by them stays as it is'] : [];
    return { ...verdict, state: 'keep', change: 'update', diff, reasons: [...givenUp, hasState ? 'it goes on with the state that it has' : 'it keeps no state'], warnings: [...warnings, ...reminders] }; // prettier-ignore
  }
  const keepable = changed.other.size === 0 && !again;
  const advice = keepable ? [`--keep-state ${plan.pipeline} goes on with the state as it is: what was counted by other rules stays`] : [];
  const why = again && !stores ? ['it was asked for'] : [...new Set([...changed.other.values(), ...changed.input.values()])];
  return {
    ...verdict,
    state: 'rebuild',
    change: 'rebuild',
    diff,
    reasons: [...givenUp, ...why],
    warnings: reminders,
    advice,
    rebuilt: new Map([...changed.input, ...changed.other]),
    keepable,
  };
}

/** Of sources that workers read with a newer schema, by `onIncompatibleSchemaChange: rebuild`, and this plan does not. */
function newerReaders({ sources }: Plan, { readers = {} }: DeployedSource): string[] {
  return Object.entries(readers).flatMap(([topic, schema]) =>
    sources.every((source) => source.topic !== topic || JSON.stringify(source.schema) === JSON.stringify(JSON.parse(schema)))
      ? []
      : [
          `the version that runs reads ${topic} with a newer schema than this one: \`rta schema pull ${topic}-value\` puts it into the schema file`,
        ],
  );
}

function firstVersion(
  verdict: Verdict,
  applicationId: string,
  own: readonly DesiredTopic[],
  topics: ReadonlyMap<string, TopicDescription>,
  resized: readonly string[],
): Verdict {
  const { pipeline } = verdict.plan;
  if (resized.length > 0)
    return {
      ...verdict,
      change: 'breaking',
      reasons: [`${resized.join(', ')} ${resized.length === 1 ? 'is' : 'are'} there from a run before, with another number of partitions`],
      advice: [`\`rta reset ${pipeline}\` begins anew, or give the pipeline another name`],
    };
  const ran = own.some(({ spec }) => topics.has(spec.name));
  const warnings = ran ? [`it has run without being deployed, and goes on as ${applicationId} with the state that it has`] : [];
  return { ...verdict, state: 'keep', change: 'create', reasons: ['it is not deployed yet'], warnings };
}

/** Names of what is not the same any more, by whether it can still be read. */
export function changesOf(
  identity: PlanIdentity,
  { layouts }: Pick<DeployedVersion, 'layouts'>,
): { readonly other: Map<string, string>; readonly input: Map<string, string> } {
  const other = new Map<string, string>();
  const input = new Map<string, string>();
  for (const { name, layout, input: comesIn } of identity.kept) {
    const [oldLayout, oldInput] = (layouts[name] ?? '').split('.');
    if (layouts[name] === undefined) other.set(name, 'there is state that it did not have, and that only a replay can fill');
    else if (oldLayout !== layout) other.set(name, 'its state is laid out in another way');
    else if (oldInput !== comesIn) input.set(name, 'what comes into its state has changed');
  }
  for (const { topic, table, shape } of identity.sinks) {
    const old = layouts[`sink:${topic}`];
    // Where state has changed, its rows have too.
    if (table && other.size + input.size === 0 && old !== undefined && old !== shape)
      input.set(`sink:${topic}`, `which rows are in the table ${topic} has changed`);
  }
  return { other, input };
}

/** What the record keeps of a plan, for the next deploy to compare with. */
export function layoutsOf({ physical }: Pick<StagedPlan, 'physical'>): Record<string, string> {
  const { kept, sinks } = planIdentity(physical);
  return Object.fromEntries([
    ...kept.map(({ name, layout, input }) => [name, `${layout}.${input}`] as const),
    ...sinks.flatMap(({ topic, table, shape }) => (table ? [[`sink:${topic}`, shape] as const] : [])),
  ]);
}

function sourceDiff(before: DeployedSource, after: DeployedSource): DiffLine[] {
  const paths = [...new Set([...Object.keys(before.files), ...Object.keys(after.files)])].sort();
  return paths.flatMap((path): DiffLine[] => {
    // What stands after the last line is nobody's: it differs where a section of rta.yaml is left out.
    const [old, next] = ([before.files[path], after.files[path]] as (string | undefined)[]).map((text) => text?.trimEnd());
    if (old === next) return [];
    if (next === undefined) return [{ sign: '-', text: path }];
    if (old === undefined) return [{ sign: '+', text: path }];
    return [{ sign: '~', text: path }, ...lineDiff(old, next)];
  });
}

/** The item of the pipeline, of its stores, and of its consumer group. @param hasRun whether the group has offsets */
export function pipelineItems(verdict: Verdict, staged: StagedPlan, deployed: PipelineDeployments | null, hasRun: boolean): PlanItem[] {
  const { plan, change, reasons, warnings, advice, diff, rebuilt } = verdict;
  const { pipeline } = plan;
  const latest = Math.max(0, ...(deployed?.versions.map(({ version }) => version) ?? []));
  const role = verdict.state === null ? `version ${deployed?.current ?? latest}` : `version ${latest + 1}`;
  const head = itemOf('pipeline', pipeline, role, [pipeline], { change, reasons, warnings, advice, diff, needs: change === 'rebuild' ? 'rebuild' : null }); // prettier-ignore
  if (change === 'breaking') return [head];
  const stores = planIdentity(staged.physical).kept.flatMap(({ name, step }): PlanItem[] => {
    if (step === null) return [];
    const why = rebuilt.get(name);
    const changeOf = deployed === null && !hasRun ? 'create' : change === 'rebuild' ? 'rebuild' : 'unchanged';
    return [itemOf('store', name, describeStep(plan, step), [pipeline], { change: changeOf, reasons: why === undefined ? [] : [why] })];
  });
  const group = itemOf('group', staged.physical.applicationId, 'consumer group', [pipeline], {
    // It is made by the workers, at their first start.
    change: change === 'rebuild' || (deployed === null && !hasRun) ? 'create' : 'unchanged',
    reasons: change === 'rebuild' ? ['it reads its sources from the start, beside the version that runs'] : [],
  });
  return [head, ...stores, group];
}

function describeStep(plan: Plan, id: string): string {
  const step = plan.steps.find((each) => each.id === id);
  if (step !== undefined) return `${step.verb}${step.name === null ? '' : ` of ${step.name}`}`;
  const source = plan.sources.find((each) => each.id === id);
  return source === undefined ? id : `rows of ${source.name}`;
}
