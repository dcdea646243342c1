/** `/schemas/PIPELINE`: the subjects of a pipeline with their versions; `/schemas/PIPELINE/SUBJECT`: what differs between two of them. */
import { gateRequestsOf, judge, type CompatibilityLevel, type GateDecision, type SchemaRegistry, type SubjectVersion } from '@rta/registry';
import type { FastifyInstance } from 'fastify';
import type { AskedOfLog } from '../asked-of-log.js';
import { compareSchemas, levelVerdict } from '../lookups/compare-schemas.js';
import { optionOf, optionsOf, wholeOf } from '../options.js';
import { pipelineNamed } from '../query/routes.js';
import { Refused } from '../refused.js';

export function addSchemas(app: FastifyInstance, { pipelines, registry, guard }: AskedOfLog): void {
  app.get('/schemas/:pipeline', { preHandler: guard }, async (request) => {
    const { plan } = pipelineNamed(pipelines, optionOf(request.params, 'pipeline'));
    const asOf = new Date().toISOString();
    // What the pipeline, as its file is now, writes and reads; judged as a deploy would.
    const { decisions } = await judge(registry, gateRequestsOf(plan));
    const subjects: object[] = [];
    for (const decision of decisions) subjects.push(await describe(registry, decision));
    return { pipeline: plan.pipeline, asOf, registry: registry.location, subjects };
  });
  app.get('/schemas/:pipeline/:subject', { preHandler: guard }, async (request) => {
    const { plan } = pipelineNamed(pipelines, optionOf(request.params, 'pipeline'));
    const subject = optionOf(request.params, 'subject');
    const { sinks, sources } = gateRequestsOf(plan);
    if (![...sinks, ...sources].some((each) => each.subject === subject)) throw new Refused(404, 'unknown_subject', `${subject} is no subject of ${plan.pipeline}`);
    const { from, to } = optionsOf(request.query, ['from', 'to']);
    const numbers = await registry.versions(subject);
    const version = async (name: string, text: string | undefined, otherwise: number | undefined): Promise<SubjectVersion> => {
      const number = text === undefined ? otherwise : wholeOf(name, text, 1, 1_000_000_000);
      const found = number === undefined ? null : await registry.version(subject, number);
      if (found !== null) return found;
      throw new Refused(404, 'no_version', numbers.length === 0 ? `${subject} has no versions yet` : `${subject} has versions ${numbers.join(', ')}`);
    };
    const after = await version('to', to, numbers.at(-1));
    const before = await version('from', from, numbers.at(numbers.indexOf(after.version) - 1) ?? numbers[0]);
    const level = await registry.compatibility(subject);
    return {
      subject,
      asOf: new Date().toISOString(),
      level,
      from: { version: before.version, id: before.id, schema: before.schema },
      to: { version: after.version, id: after.id, schema: after.schema },
      ...compareSchemas(before.schema, after.schema),
      verdict: levelVerdict(before, after, level),
    };
  });
}

interface Described extends GateDecision {
  readonly level: CompatibilityLevel;
  readonly versions: readonly number[];
}

async function describe(registry: SchemaRegistry, decision: GateDecision): Promise<Described> {
  const { subject } = decision;
  return { ...decision, level: await registry.compatibility(subject), versions: await registry.versions(subject) };
}
