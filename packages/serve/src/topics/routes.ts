/** `/topics/PIPELINE`: what a pipeline reads, writes and keeps; `/topics/PIPELINE/TOPIC`: records of one of these, decoded. */
import { didYouMean, listing, type Plan } from '@rta/dsl';
import { deadLetterTopics, planStages, type Log } from '@rta/runtime';
import type { FastifyInstance } from 'fastify';
import type { AskedOfLog } from '../asked-of-log.js';
import { optionOf, optionsOf, timeOf, wholeOf } from '../options.js';
import { pipelineNamed } from '../query/routes.js';
import { Refused } from '../refused.js';
import { topicRecords } from './topic-records.js';

/** What a topic is to a pipeline. */
type Role = 'source' | 'sink' | 'late and refused' | 'repartition' | 'changelog';

const RECORDS = { most: 500, usual: 50 };

export function addTopics(app: FastifyInstance, asked: AskedOfLog): void {
  const { pipelines, log, guard } = asked;
  app.get('/topics/:pipeline', { preHandler: guard }, async (request) => {
    const { plan } = pipelineNamed(pipelines, optionOf(request.params, 'pipeline'));
    const time = Date.now();
    return { pipeline: plan.pipeline, asOf: new Date(time).toISOString(), topics: await described(log, rolesOf(plan)) };
  });
  app.get('/topics/:pipeline/:topic', { preHandler: guard }, async (request) => {
    const { plan } = pipelineNamed(pipelines, optionOf(request.params, 'pipeline'));
    const topic = optionOf(request.params, 'topic');
    const roles = rolesOf(plan);
    const own = roles.get(topic);
    if (own === undefined)
      throw new Refused(404, 'unknown_topic', `${topic} is no topic of ${plan.pipeline}; ${didYouMean(topic, [...roles.keys()]) ?? `there is ${listing([...roles.keys()], 'and')}`}`); // prettier-ignore
    const { partition, offset, since, limit } = optionsOf(request.query, ['partition', 'offset', 'since', 'limit']);
    if (offset !== undefined && since !== undefined) throw new Refused(400, 'both', 'records are read from an offset or from a time');
    return topicRecords(asked, {
      topic,
      isFramed: !own.includes('repartition') && !own.includes('changelog'),
      partition: partition === undefined ? null : wholeOf('partition', partition, 0, 1_000_000),
      offset: offset === undefined ? null : wholeOf('offset', offset, 0, Number.MAX_SAFE_INTEGER),
      since: since === undefined ? null : timeOf('since', since),
      limit: limit === undefined ? RECORDS.usual : wholeOf('limit', limit, 1, RECORDS.most),
    });
  });
}

/** By topic, in the order in which records go through them. */
function rolesOf(plan: Plan): ReadonlyMap<string, readonly Role[]> {
  const roles = new Map<string, readonly Role[]>();
  const add = (topic: string, role: Role): void => {
    const known = roles.get(topic) ?? [];
    if (!known.includes(role)) roles.set(topic, [...known, role]);
  };
  for (const { topic } of plan.sources) add(topic, 'source');
  for (const { inputs, changelog } of planStages(plan).stages) {
    for (const input of inputs) if (input.kind === 'repartition') add(input.topic, 'repartition');
    if (changelog !== null) add(changelog, 'changelog');
  }
  for (const { topic } of plan.sinks) add(topic, 'sink');
  for (const topic of deadLetterTopics(plan)) add(topic, 'late and refused');
  return roles;
}

/** What is not there yet has no partitions. Rejects with LogError. */
async function described(log: Log, roles: ReadonlyMap<string, readonly Role[]>): Promise<readonly object[]> {
  const known = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  return Promise.all(
    [...roles].map(async ([topic, own]) => {
      const found = known.get(topic);
      const partitions = found === undefined ? [] : await log.offsets(topic);
      return {
        topic,
        roles: own,
        exists: found !== undefined,
        config: found?.config ?? {},
        // Offsets that are kept: after compaction, and with markers of transactions, there are fewer records.
        offsets: partitions.reduce((sum, { low, stable }) => sum + stable - low, 0),
        partitions,
      };
    }),
  );
}
