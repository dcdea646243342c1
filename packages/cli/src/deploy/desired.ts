/** What the topics of a project are to be, from its compiled plans alone. */
import { place, type Plan, type TopicDeclaration } from '@rta/dsl';
import { internalTopics, outputTopics, sourceTopics, stagePartitions, topicSpec, type PhysicalPlan, type TopicSpec } from '@rta/runtime';

type TopicRole = 'source' | 'sink' | 'late' | 'errors' | 'repartition' | 'changelog';

export interface DesiredTopic {
  readonly role: TopicRole;
  readonly pipelines: readonly string[];
  /** Where sources and sinks name it. */
  readonly places: readonly string[];
  /** As it would be made. */
  readonly spec: TopicSpec;
  /** Null: nobody has declared it. */
  readonly declared: TopicDeclaration | null;
  /** Other pipelines declare it in another way: how they differ. */
  readonly conflict: string | null;
}

/** A pipeline with what it would run as. */
export interface StagedPlan {
  readonly plan: Plan;
  /** Its application id is that of the version that is to be deployed. */
  readonly physical: PhysicalPlan;
}

/** The topics that records come from and go to, by name: those that people know. @param partitions of what is not declared */
export function sharedTopics(plans: readonly StagedPlan[], partitions: number): Map<string, DesiredTopic> {
  const topics = new Map<string, DesiredTopic>();
  const all = plans.map(({ plan }) => plan);
  const add = (pipeline: string, role: TopicRole, spec: TopicSpec, declared: TopicDeclaration | null): void => {
    const known = topics.get(spec.name);
    if (known === undefined) {
      topics.set(spec.name, { role, pipelines: [pipeline], places: placesOf(all, spec.name), spec, declared, conflict: null });
      return;
    }
    const both = known.declared !== null && declared !== null && settingsOf(known.declared) !== settingsOf(declared);
    const conflict = both
      ? `${known.pipelines[0]} declares ${settingsOf(known.declared)}, ${pipeline} ${settingsOf(declared)}`
      : known.conflict;
    // Who writes a topic knows what is in it; who declares it, how it is to be kept.
    const mine = known.declared === null && (declared !== null || known.role === 'source');
    const pipelines = known.pipelines.includes(pipeline) ? known.pipelines : [...known.pipelines, pipeline];
    const writes = known.role === 'source' ? role : known.role;
    topics.set(spec.name, {
      ...known,
      role: writes,
      pipelines,
      spec: mine ? spec : known.spec,
      declared: known.declared ?? declared,
      conflict,
    });
  };
  for (const { plan, physical } of plans) {
    const declarationOf = (name: string): TopicDeclaration | undefined => plan.topics.find((topic) => topic.name === name);
    for (const spec of outputTopics(physical, { late: plan.late, errors: plan.errors }, plan.topics, partitions)) {
      const role = plan.sinks.some(({ topic }) => topic === spec.name) ? 'sink' : plan.errors.policy === 'topic' && plan.errors.topic === spec.name ? 'errors' : 'late'; // prettier-ignore
      add(plan.pipeline, role, spec, declarationOf(spec.name) ?? null);
    }
    for (const name of sourceTopics(physical)) {
      const declared = declarationOf(name);
      add(plan.pipeline, 'source', topicSpec(name, declared, { partitions, compacted: false }), declared ?? null);
    }
  }
  return topics;
}

/** The topics that a pipeline makes for itself. @param partitionsOf of its sources, as they are or will be */
export function ownTopics({ plan, physical }: StagedPlan, partitionsOf: (topic: string) => number): DesiredTopic[] {
  return internalTopics(physical, stagePartitions(physical, partitionsOf)).map((spec) => ({
    role: spec.name.endsWith('-changelog') ? 'changelog' : 'repartition',
    pipelines: [plan.pipeline],
    places: [],
    spec,
    declared: null,
    conflict: null,
  }));
}

/** The topic whose keys or values a subject types. */
export function topicOfSubject(subject: string): string {
  return subject.replace(/-(key|value)$/, '');
}

/** `file:line:column` of the sources and sinks whose topic it is. */
export function placesOf(plans: readonly Plan[], topic: string): string[] {
  return plans.flatMap(({ sources, sinks }) => [...sources, ...sinks].flatMap((node) => (node.topic === topic ? [place(node.span)] : [])));
}

function settingsOf({ name: _name, ...settings }: TopicDeclaration): string {
  const said = Object.entries(settings).flatMap(([key, value]) => (value === null ? [] : [`${key}: ${String(value)}`]));
  return said.length === 0 ? 'nothing' : said.join(', ');
}
