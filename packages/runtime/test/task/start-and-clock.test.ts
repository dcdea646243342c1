/** `start: latest` and `time: $now` of a source, by the real worker. */
import { describe, expect, it } from 'vitest';
import { unique } from '../log/outputs.js';
import { onEmbedded } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE } from './project.js';

const backend = onEmbedded();
const START = Date.UTC(2026, 0, 1);
const score = (points: number) => ({ user_id: 'ann', team_id: 't', team_name: 'T', score: points, event_time_millis: START });

async function prepare() {
  const topic = unique('source');
  await backend.log.ensureTopics([{ name: topic, partitions: 1 }]);
  const schemaId = await backend.registry.register(`${topic}-value`, USER_SCORE);
  const write = (...points: number[]) => backend.log.append(scoreBatches(topic, 1, points.map(score), schemaId));
  const rows = async () => (await topicRows(backend.log, backend.registry, `${topic}-out`)).map(({ value }) => value);
  return { topic, write, rows };
}

describe('start', () => {
  const pipeline = (topic: string, start: string) =>
    compiled(`pipeline: ${unique('start')}
source: { topic: ${topic}, schema: user_score, time: event_time_millis, start: ${start} }
steps:
  - groupBy: user_id
    aggregate: { total: sum(score) }
sink: { topic: ${topic}-out }
`);

  it('latest: reads what comes after the first start, and goes on from there after a restart', async () => {
    const { topic, write, rows } = await prepare();
    const plan = pipeline(topic, 'latest');
    await write(1, 2);
    await backend.runToEnd(plan);
    expect(await rows()).toEqual([]);
    // Between two runs: it is not the end that counts now, but where the first one stood.
    await write(10);
    await backend.runToEnd(plan);
    await write(20);
    await backend.runToEnd(plan);
    expect((await rows()).at(-1)).toMatchObject({ total: 30 });
  });

  it('earliest: reads everything', async () => {
    const { topic, write, rows } = await prepare();
    await write(1, 2);
    await backend.runToEnd(pipeline(topic, 'earliest'));
    expect((await rows()).at(-1)).toMatchObject({ total: 3 });
  });
});

it('time: $now is the time of reading', async () => {
  const { topic, write, rows } = await prepare();
  await write(1, 2);
  const before = Date.now();
  await backend.runToEnd(
    compiled(`pipeline: ${unique('clock')}
source: { topic: ${topic}, schema: user_score, time: $now }
steps:
  - derive: { at: $time }
  - select: [score, at]
sink: { topic: ${topic}-out }
`),
  );
  const read = await rows();
  expect(read.map((row) => Number(row?.['score']))).toEqual([1, 2]);
  for (const row of read) {
    const at = Number(row?.['at']);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
  }
});
