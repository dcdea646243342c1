/** What happens to subjects of the schema registry. */
import { listing, type AvroSchema, type Plan } from '@rta/dsl';
import {
  gateRequestsOf,
  judge,
  schemaChanges,
  type GateDecision,
  type GateRequests,
  type SchemaChange,
  type SchemaRegistry,
} from '@rta/registry';
import { placesOf, topicOfSubject } from './desired.js';
import { itemOf, type DiffLine, type PlanItem } from './items.js';

export interface SubjectItem extends PlanItem {
  readonly kind: 'subject';
  /** The schema to be registered; null: nothing is. */
  readonly schema: AvroSchema | null;
}

/** Of all plans together: what one writes, another may read. */
function requestsOf(plans: readonly Plan[]): GateRequests {
  const all = plans.map((plan) => gateRequestsOf(plan));
  return { sinks: all.flatMap(({ sinks }) => sinks), sources: once(all.flatMap(({ sources }) => sources)) };
}

/** Asks the registry; changes nothing. Rejects with RegistryError. */
export async function subjectItems(registry: SchemaRegistry, plans: readonly Plan[]): Promise<SubjectItem[]> {
  const requests = requestsOf(plans);
  const { decisions } = await judge(registry, requests);
  const items: SubjectItem[] = [];
  for (const decision of decisions) {
    const { subject, role } = decision;
    const users = plans.filter((plan) => {
      const { sinks, sources } = gateRequestsOf(plan);
      return (role === 'sink' ? sinks : sources).some((each) => each.subject === subject);
    });
    const places = placesOf(users, topicOfSubject(subject));
    const wanted = requests.sinks.find((sink) => sink.subject === subject)?.schema ?? null;
    const brings = role === 'sink' && wanted !== null && decision.decision !== 'unchanged';
    const latest = brings && decision.decision !== 'create' ? await registry.latest(subject) : null;
    const level = brings ? await registry.compatibility(subject) : null;
    items.push({
      ...itemOf('subject', subject, role, users.map(({ pipeline }) => pipeline), { places }), // prettier-ignore
      kind: 'subject',
      schema: brings ? wanted : null,
      ...verdictOf(
        decision,
        level,
        latest?.version ?? null,
        latest === null || wanted === null ? [] : addedWithoutDefault(latest.schema, wanted),
      ),
      diff: brings && wanted !== null && latest !== null ? schemaChanges(latest.schema, wanted).map(lineOf) : [],
    });
  }
  return items;
}

/** Columns of a record that an earlier version did not have, and that have no default. */
function addedWithoutDefault(earlier: AvroSchema, next: AvroSchema): string[] {
  const before = new Set(fieldsOf(earlier).map(({ name }) => name));
  return fieldsOf(next).flatMap((field) => (before.has(field.name) || 'default' in field ? [] : [field.name]));
}

function fieldsOf(schema: AvroSchema): readonly { readonly name: string }[] {
  const { fields } = schema as { readonly fields?: readonly { readonly name: string }[] };
  return fields ?? [];
}

/** @param added columns without a default that are new */
function verdictOf(decision: GateDecision, level: string | null, version: number | null, added: readonly string[]): Partial<SubjectItem> {
  const { warnings, reasons, subject, role } = decision;
  switch (decision.decision) {
    case 'create':
      return { change: 'create', reasons: [`it gets its first version (${level})`], warnings };
    case 'update':
      return { change: 'update', reasons: [`version ${Number(version) + 1}, which is ${level} compatible`], warnings };
    case 'incompatible':
      return { change: 'breaking', reasons: [...reasons], warnings, advice: adviceOf(subject, role, level, added) };
    case 'unknown':
      return { reasons: ['nothing is registered yet: what comes there is not known'], warnings };
    default:
      return { warnings };
  }
}

function adviceOf(subject: string, role: GateDecision['role'], level: string | null, added: readonly string[]): string[] {
  const topic = topicOfSubject(subject);
  if (role === 'source')
    return [
      'make the schema file read what is registered: `rta schema diff` shows how they differ',
      'or let records that cannot be read go where `errors:` says: `onIncompatibleSchemaChange: errors` on the source',
    ];
  return [
    ...(added.length > 0 && level?.startsWith('FORWARD') !== true
      ? [
          `let ${listing(added, 'and')} be null where ${added.length === 1 ? 'it was' : 'they were'} not there yet, which gives the default null: \`nullable(…)\` around ${added.length === 1 ? 'its expression' : 'their expressions'}, in an aggregate \`max(nullable(score))\``,
        ]
      : [`make the change one that ${level} allows; a column that may be null has a default`]),
    ...(level?.startsWith('BACKWARD') === true
      ? [`or, if it only adds columns: \`rta schema compat ${subject} FORWARD\`, by which the writer goes first`]
      : []),
    `or write to a new topic (${topic}-v2): let its readers move over, then take ${topic} away`,
  ];
}

const SIGN = { added: '+', removed: '-', changed: '~' } as const;

function lineOf({ kind, path, what }: SchemaChange): DiffLine {
  return { sign: SIGN[kind], text: `${path === '' ? '(schema)' : path}  ${what}` };
}

function once<T extends { readonly subject: string }>(requests: readonly T[]): T[] {
  const seen = new Set<string>();
  return requests.filter((request) => {
    const key = JSON.stringify(request);
    return seen.has(key) ? false : seen.add(key);
  });
}
