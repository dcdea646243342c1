/** What becomes of a pipeline at work when the schema of a source changes under it. */
import type { AvroSchema, CompileResult, Plan } from '@rta/dsl';
import {
  apply,
  canonical,
  gateRequestsOf,
  judge,
  resolutionProblems,
  schemaChanges,
  type CompatibilityProblem,
  type SchemaRegistry,
  type SubjectVersion,
} from '@rta/registry';
import { planLayout, planStages, type RunnablePlan, type SchemaChange, type SourceInput } from '@rta/runtime';
import type { LoadedProject } from '../project/load.js';
import { sinkSchemaIdsOf } from './sink-schema-ids.js';

/** The reader schemas of sources by topic. */
export type Readers = ReadonlyMap<string, AvroSchema>;

/** A pipeline by name, with these readers in place of those that its text says. */
export type Recompile = (pipeline: string, readers: Readers) => CompileResult;

export function recompiler({ pipelines }: LoadedProject): Recompile {
  return (name, readers) => {
    const pipeline = pipelines.find(({ plan }) => plan?.pipeline === name);
    return pipeline?.recompile(readers) ?? { plan: null, diagnostics: [] };
  };
}

function readersOf({ sources }: Plan): Readers {
  return new Map(sources.flatMap(({ format, topic, schema }) => (format === 'avro' ? [[topic, schema] as const] : [])));
}

/**
 * Lets the pipeline be rebuilt beside the one that runs, with a newer schema of one source. Resolves to what comes of that, a clause for people.
 */
export type RebuildWith = (next: Plan, source: { readonly topic: string; readonly version: SubjectVersion }) => Promise<string>;

/** Why a pipeline does not go on with the newest schema of a source. */
interface Obstacle {
  /** '': there is nothing to be said of it. */
  readonly why: string;
  /** It is rebuilt, and nobody has to do anything. */
  readonly rebuilds?: boolean;
}

/** A source's records come with this schema. */
export interface WriterSchema {
  readonly source: Pick<SourceInput, 'topic' | 'readerSchema' | 'onIncompatibleSchemaChange'>;
  readonly schemaId: number;
  readonly schema: AvroSchema;
}

/** Decides for one pipeline, whoever runs it: each asks with the plan that it has now. */
export class SourceChanges {
  private readonly warned = new Set<string>();

  constructor(
    private readonly registry: SchemaRegistry,
    private readonly recompile: (readers: Readers) => CompileResult,
    /** Told of fields that the sinks could carry, and do not. */
    private readonly onWarning: (message: string) => void,
    /** Null: state is never rebuilt here. */
    private readonly rebuildWith: RebuildWith | null = null,
  ) {}

  /**
   * Null: go on. Where the reader does not resolve the schema, what `onIncompatibleSchemaChange` says; where it does, and the newest version of the
   * subject has fields that the pipeline would carry to its sinks, the same pipeline with that as its reader, unless its state or the registry
   * stands against it.
   *
   * Rejects with RegistryUnavailable.
   */
  async judge(plan: Plan, { source, schemaId, schema }: WriterSchema): Promise<SchemaChange | null> {
    const { topic, readerSchema, onIncompatibleSchemaChange: policy } = source;
    const problems = resolutionProblems(readerSchema, schema);
    const what = `the schema with id ${schemaId}`;
    if (problems.length === 0) {
      if (!schemaChanges(readerSchema, schema).some(({ kind }) => kind === 'added')) return null;
      const next = await this.withNewest(plan, topic, true);
      if (!('why' in next)) return { reason: `${what} has more fields`, next: await this.runnable(next) };
      if (next.why !== '') this.warn(`${topic}: ${what} has fields that are not carried on: ${next.why}`);
      return null;
    }
    if (policy === 'errors') return null;
    const reason = `${what} does not resolve to that of the source\n  ${problems.map(sentenceOf).join('\n  ')}`;
    if (policy === 'stop') return { reason: `${reason}\n${STOPPED}`, next: null };
    const next = await this.withNewest(plan, topic, false);
    if (!('why' in next)) return { reason, next: await this.runnable(next) };
    return { reason: `${reason}\n${next.why}${next.rebuilds === true ? '' : `\n${STOPPED}`}`, next: null };
  }

  /**
   * The plan as it can be run although its `rebuild` sources have newer schemas than it reads; else why not. Registers nothing.
   *
   * Rejects with RegistryUnavailable.
   */
  async current(plan: Plan): Promise<Plan | string> {
    let current = plan;
    for (const { format, topic, schema, onIncompatibleSchemaChange: policy } of plan.sources) {
      if (format !== 'avro' || policy !== 'rebuild') continue;
      const newest = await this.registry.latest(`${topic}-value`);
      if (newest === null || resolutionProblems(schema, newest.schema).length === 0) continue;
      const next = await this.withNewest(current, topic, false);
      if ('why' in next) return next.why;
      this.warn(`${topic}: it is read with version ${newest.version} of ${topic}-value, which the schema of the source does not read`);
      current = next;
    }
    return current;
  }

  /**
   * The plan with the newest version of a topic's schema as its reader, if its state has the same layout and the registry lets it go; else why
   * not.
   *
   * @param onlyMore only where the sinks get more by it
   */
  private async withNewest(plan: Plan, topic: string, onlyMore: boolean): Promise<Plan | Obstacle> {
    const subject = `${topic}-value`;
    const newest = await this.registry.latest(subject);
    const readers = readersOf(plan);
    if (newest === null || canonical(newest.schema) === canonical(readers.get(topic)!))
      return { why: onlyMore ? '' : `the source is read with the newest version of ${subject} already` };
    const version = `version ${newest.version} of ${subject}`;
    const { plan: next, diagnostics } = this.recompile(new Map([...readers, [topic, newest.schema]]));
    if (next === null)
      return {
        why: `the pipeline does not fit ${version}: ${diagnostics.find(({ severity }) => severity === 'error')?.message ?? 'its text is gone'}`,
      };
    if (onlyMore && sinksOf(next) === sinksOf(plan)) return { why: '' };
    const otherLayout = planLayout(planStages(next)) !== planLayout(planStages(plan));
    if (otherLayout && (onlyMore || this.rebuildWith === null))
      return { why: `with ${version} its state has another layout, so it has to be rebuilt: ${REBUILD}` };
    const { decisions } = await judge(this.registry, gateRequestsOf(next));
    const refused = decisions.find(({ decision }) => decision === 'incompatible');
    if (refused !== undefined) return { why: `with ${version} the registry refuses ${refused.subject}: ${refused.reasons.join('; ')}` };
    if (!otherLayout || this.rebuildWith === null) return next;
    const unread = resolutionProblems(newest.schema, readers.get(topic)!);
    if (unread.length > 0)
      return { why: `with ${version} its state has another layout, and that version does not read the records before:\n  ${unread.map(sentenceOf).join('\n  ')}` }; // prettier-ignore
    return {
      why: `with ${version} its state has another layout: ${await this.rebuildWith(next, { topic, version: newest })}`,
      rebuilds: true,
    };
  }

  private async runnable(plan: Plan): Promise<RunnablePlan> {
    return { plan, sinkSchemaIds: sinkSchemaIdsOf(plan, await apply(this.registry, gateRequestsOf(plan))) };
  }

  /** Each once: every task asks. */
  private warn(message: string): void {
    if (this.warned.has(message)) return;
    this.warned.add(message);
    this.onWarning(message);
  }
}

const REBUILD =
  'put that version into its schema file (`rta schema pull`), and reset the pipeline (`rta reset`) or deploy it (`rta deploy --allow-rebuild`); ' +
  '`rta worker` rebuilds by itself what is deployed'; // prettier-ignore
const STOPPED =
  'What came before is committed, and nothing after it is read. Give the source a schema that reads both (`schemas/`), have a version registered ' +
  'that this one can read, or say `onIncompatibleSchemaChange: errors` to put such records aside; then start it again';

function sentenceOf({ message, rule, fix }: CompatibilityProblem): string {
  return `${rule}: ${message}; ${fix}`;
}

/** What the sinks of a plan write. */
function sinksOf({ sinks }: Plan): string {
  return JSON.stringify(
    sinks.map(({ topic, keySchema, valueSchema, columns }) => [topic, keySchema, valueSchema, columns.map(({ name }) => name)]),
  );
}
