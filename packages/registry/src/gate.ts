/**
 * The deploy gate's decisions on schemas: what a pipeline's sinks would register, and whether its sources can be read. `judge` asks and
 * decides and changes nothing; `apply` registers, and only when all of it may go.
 */
import type { AvroSchema, Plan } from '@rta/dsl';
import { canonical } from './avro/canonical.js';
import { parseSchema } from './avro/parse.js';
import { resolutionProblems, sentence } from './compatibility.js';
import { checkCompatibility } from './levels.js';
import { IncompatibleSchema, RegistryError, type SchemaRegistry, type SubjectVersion } from './registry.js';

/** A schema that a sink writes with, derived from the pipeline. */
export interface SinkRequest {
  readonly subject: string;
  readonly schema: AvroSchema;
}

/** The schema that a source is read with. */
export interface SourceRequest {
  readonly subject: string;
  readonly reader: AvroSchema;
  /** What it cannot read is put aside (`onIncompatibleSchemaChange: errors`): it stops nothing. */
  readonly putsAside?: boolean;
}

export interface GateRequests {
  readonly sinks: readonly SinkRequest[];
  readonly sources: readonly SourceRequest[];
}

/**
 * What happens to one subject.
 *
 * - sinks: `create` the subject; `unchanged`: registered already; `update`: a compatible new version; `incompatible`
 * - sources: `readable`: the latest version can be read, or what cannot be is put aside; `unknown`: nothing is registered yet, so nothing is known; `incompatible`
 */
export interface GateDecision {
  readonly role: 'sink' | 'source';
  readonly subject: string;
  readonly decision: 'create' | 'unchanged' | 'update' | 'readable' | 'unknown' | 'incompatible';
  /** Of the registered schema: the sink's own, or the latest of the source; null where there is none yet. */
  readonly id: number | null;
  /** What makes it incompatible, with what would fix it; one sentence each. */
  readonly reasons: readonly string[];
  /** What does not stop it: versions of a source that its reader cannot read. */
  readonly warnings: readonly string[];
}

export interface GateReport {
  readonly decisions: readonly GateDecision[];
  /** Nothing is incompatible. */
  readonly ok: boolean;
}

/** The schemas that a plan brings: `<topic>-key` and `<topic>-value` of Avro sinks, `<topic>-value` of Avro sources. */
export function gateRequestsOf(plan: Plan): GateRequests {
  const sinks = plan.sinks.flatMap(({ topic, keySchema, valueSchema }) => [
    ...(keySchema === null ? [] : [{ subject: `${topic}-key`, schema: keySchema }]),
    ...(valueSchema === null ? [] : [{ subject: `${topic}-value`, schema: valueSchema }]),
  ]);
  const sources = plan.sources
    .filter(({ format }) => format === 'avro')
    .map(({ topic, schema, onIncompatibleSchemaChange: change }) => ({
      subject: `${topic}-value`,
      reader: schema,
      ...(change === 'errors' ? { putsAside: true } : {}),
    }));
  return { sinks, sources };
}

/** Decides; changes nothing. Rejects with RegistryUnavailable where the registry cannot be asked: a deploy then fails closed. */
export async function judge(registry: SchemaRegistry, requests: GateRequests): Promise<GateReport> {
  const decisions: GateDecision[] = [];
  const bySubject = new Map<string, SinkRequest>();
  for (const sink of requests.sinks) {
    const other = bySubject.get(sink.subject);
    bySubject.set(sink.subject, sink);
    if (other === undefined) decisions.push(await judgeSink(registry, sink));
    else if (canonical(other.schema) !== canonical(sink.schema))
      decisions.push(
        decided('sink', sink.subject, 'incompatible', null, [
          'two sinks write to this topic with different schemas; give one of them another topic',
        ]),
      );
  }
  for (const source of requests.sources) decisions.push(await judgeSource(registry, source, bySubject.get(source.subject)));
  return { decisions, ok: decisions.every(({ decision }) => decision !== 'incompatible') };
}

/**
 * Registers the sinks' schemas; resolves to the id of each subject. Judges first, and rejects with IncompatibleSchema (of the first subject
 * that cannot go) before anything is registered. Registering is idempotent: after a failure between two subjects, call it again.
 */
export async function apply(registry: SchemaRegistry, requests: GateRequests): Promise<ReadonlyMap<string, number>> {
  const { decisions } = await judge(registry, requests);
  const refused = decisions.find(({ decision }) => decision === 'incompatible');
  if (refused !== undefined) throw new IncompatibleSchema(refused.subject, refused.reasons);
  const ids = new Map<string, number>();
  for (const { subject, schema } of requests.sinks) if (!ids.has(subject)) ids.set(subject, await registry.register(subject, schema));
  return ids;
}

async function judgeSink(registry: SchemaRegistry, { subject, schema }: SinkRequest): Promise<GateDecision> {
  parseSchema(schema);
  const id = await registry.lookup(subject, schema);
  if (id !== null) return decided('sink', subject, 'unchanged', id);
  const numbers = await registry.versions(subject);
  if (numbers.length === 0) return decided('sink', subject, 'create', null);
  const theirs = await registry.check(subject, schema);
  if (!theirs.compatible) return decided('sink', subject, 'incompatible', null, theirs.messages);
  // The registry's rules are Avro's; ours know decimals and logical types as well.
  const level = await registry.compatibility(subject);
  const earlier = await versionsOf(registry, subject, level.endsWith('_TRANSITIVE') ? numbers : numbers.slice(-1));
  const ours = checkCompatibility(schema, earlier, level);
  return decided('sink', subject, ours.compatible ? 'update' : 'incompatible', null, ours.messages);
}

async function judgeSource(
  registry: SchemaRegistry,
  { subject, reader, putsAside }: SourceRequest,
  sink: SinkRequest | undefined,
): Promise<GateDecision> {
  parseSchema(reader);
  // The pipeline may read what it writes itself, before that is registered.
  if (sink !== undefined) {
    const own = resolutionProblems(reader, sink.schema).map((problem) => `what this pipeline writes there: ${sentence(problem)}`);
    if (own.length > 0) return decided('source', subject, 'incompatible', null, own);
  }
  const versions = await versionsOf(registry, subject, await registry.versions(subject));
  const latest = versions.at(-1);
  if (latest === undefined) return decided('source', subject, sink === undefined ? 'unknown' : 'readable', null);
  const problems = (version: SubjectVersion): string[] =>
    resolutionProblems(reader, version.schema).map((problem) => `version ${version.version} (id ${version.id}): ${sentence(problem)}`);
  const reasons = putsAside === true ? [] : problems(latest);
  const warnings = (putsAside === true ? versions : versions.slice(0, -1)).flatMap(problems);
  return decided('source', subject, reasons.length > 0 ? 'incompatible' : 'readable', latest.id, reasons, warnings);
}

async function versionsOf(registry: SchemaRegistry, subject: string, numbers: readonly number[]): Promise<SubjectVersion[]> {
  const versions: SubjectVersion[] = [];
  for (const number of numbers) {
    const found = await registry.version(subject, number);
    if (found === null) throw new RegistryError('refused', `version ${number} of ${subject} was deleted while it was compared with`);
    versions.push(found);
  }
  return versions;
}

function decided(
  role: GateDecision['role'],
  subject: string,
  decision: GateDecision['decision'],
  id: number | null,
  reasons: readonly string[] = [],
  warnings: readonly string[] = [],
): GateDecision {
  return { role, subject, decision, id, reasons, warnings };
}
