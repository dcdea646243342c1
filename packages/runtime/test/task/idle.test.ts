/** Rule 8 of SEMANTICS.md: idle counts only while a partition is read to its last stable offset. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { confluentRegistry } from '@rta/registry';
import { expect, it } from 'vitest';
import { unique } from '../log/outputs.js';
import { onEmbedded } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE } from './project.js';

const backend = onEmbedded();
const START = Date.UTC(2026, 0, 1);
/** Users whose records are in partition 0 and 1 of two. */
const USERS = ['ann', 'bob', 'cid', 'dan', 'eve'];
const [first, second] = [0, 1].map((p) => USERS.find((user) => scoreBatches('t', 2, [score(user, 0)], 1)[0].partition === p)!);

function score(user: string, time: number) {
  return { user_id: user, team_id: 't', team_name: 'T', score: 1, event_time_millis: START + time };
}

/** How many records each ten seconds had. */
function counts(topic: string, idle: string) {
  return compiled(`pipeline: ${topic}
source: { topic: ${topic}, schema: user_score, time: event_time_millis, idle: ${idle} }
late: { topic: ${topic}-late }
steps:
  - groupBy: team_id
    window: { tumbling: 10s }
    aggregate: { n: count() }
    emit: final
sink: { topic: ${topic}-out }
`);
}

async function countsIn(topic: string): Promise<number[]> {
  return (await topicRows(backend.log, backend.registry, `${topic}-out`)).map(({ value }) => Number(value?.['n']));
}

it('rule 8: a partition of which nothing has been heard yet, though it has records, is not idle; and idle sources come to an end', async () => {
  for (let run = 0; run < 5; run++) {
    const topic = unique('unheard');
    await backend.log.ensureTopics([{ name: topic, partitions: 2 }]);
    const id = await backend.registry.register(`${topic}-value`, USER_SCORE);
    await backend.log.append(scoreBatches(topic, 2, [...[0, 1, 12_000].map((time) => score(first, time)), score(second, 5)], id));
    await backend.runToEnd(counts(topic, '1ms'));
    expect((await countsIn(topic)).sort()).toEqual([1, 3]);
  }
}, 20_000);

it('rule 8: a partition with unread records is not idle, for as long as they cannot be read', async () => {
  const topic = unique('idle');
  await backend.log.ensureTopics([{ name: topic, partitions: 2 }]);
  const known = await backend.registry.register(`${topic}-value`, USER_SCORE);
  // Of a schema that the registry will not give for a while.
  const newer = await backend.registry.register(`${topic}-newer-value`, { ...(USER_SCORE as object), doc: topic });
  expect(newer).not.toBe(known);
  await backend.log.append(scoreBatches(topic, 2, [0, 1, 12_000].map((time) => score(first, time)), known)); // prettier-ignore
  await backend.log.append(scoreBatches(topic, 2, [score(second, 5)], newer));
  const plan = counts(topic, '500ms');
  const rows = (): Promise<number[]> => countsIn(topic);

  let open = false;
  const server = createServer((request, response) => {
    const id = Number(/^\/schemas\/ids\/(\d+)/.exec(request.url ?? '')?.[1]);
    if (id === newer && !open) {
      response.destroy();
      return;
    }
    void backend.registry.byId(id).then((found) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ schema: JSON.stringify(found?.schema) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const schemas = confluentRegistry({ url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, retries: 0 });
  let warnings = 0;
  const seen: Promise<number[]>[] = [];
  await backend.runToEnd(plan, {
    watermark: 'close',
    schemas,
    onWarning: () => {
      warnings++;
      if (warnings === 5)
        seen.push(
          rows().finally(() => {
            open = true;
          }),
        );
    },
  });
  server.close();
  expect(await Promise.all(seen)).toEqual([[]]);
  expect((await rows()).sort()).toEqual([1, 3]);
}, 20_000);
