/** A record with a clock that is a year ahead: with `maxAhead` it is set aside and changes nothing, without it what it makes late is counted. */
import { reportFigure } from '@rta/tools';
import { expect, it } from 'vitest';
import { records } from '../../src/log/batch/records.js';
import { unique } from '../log/outputs.js';
import { onEmbedded } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE } from './project.js';
import { drawScores, type Score } from './scores.js';

const backend = onEmbedded();
const YEAR_MS = 365 * 86_400_000;
const COUNT = 2000;

/** The closed windows of the scores, those that come late, and those that were refused. */
async function run(scores: readonly Score[], maxAhead: string) {
  const topic = unique('clocks');
  await backend.log.ensureTopics([{ name: topic, partitions: 1 }]);
  const schemaId = await backend.registry.register(`${topic}-value`, USER_SCORE);
  const plan = compiled(`pipeline: ${topic}
source: { topic: ${topic}, schema: user_score, time: event_time_millis${maxAhead} }
late: { topic: ${topic}-late }
errors: { topic: ${topic}-errors }
steps:
  - groupBy: team_id
    window: { tumbling: 100ms }
    aggregate: { n: count(), total: sum(score) }
    emit: final
sink: { topic: ${topic}-out }
`);
  for (let i = 0; i < scores.length; i += 500) await backend.log.append(scoreBatches(topic, 1, scores.slice(i, i + 500), schemaId));
  const worker = await backend.worker(plan);
  await worker.drain('close');
  const { rejectedBy, late } = worker.snapshot();
  await worker.finish();
  const count = async (name: string): Promise<number> => {
    let found = 0;
    for (const { partition, low, high } of await backend.log.offsets(name))
      for await (const batch of backend.log.read(name, partition, low, high)) found += [...records(batch, low)].length;
    return found;
  };
  const rows = (await topicRows(backend.log, backend.registry, `${topic}-out`)).map(({ value }) => value);
  return {
    rows: rows.map((row) => JSON.stringify(row, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v))).sort(),
    rejectedBy,
    late,
    lateLetters: await count(`${topic}-late`),
    errorLetters: await count(`${topic}-errors`),
  };
}

it('is refused and counted with maxAhead; every record that it makes late is counted without', async () => {
  const scores = drawScores(COUNT, 100, 5);
  const [before, after] = [scores.slice(0, COUNT / 2), scores.slice(COUNT / 2)];
  const ahead = { ...scores[0], event_time_millis: scores[0].event_time_millis + YEAR_MS };
  const right = await run(scores, '');
  const bounded = await run([...before, ahead, ...after], ', maxAhead: 1h');
  expect(bounded.rows).toEqual(right.rows);
  expect(bounded).toMatchObject({ rejectedBy: { too_far_ahead: 1 }, errorLetters: 1, late: 0, lateLetters: 0 });
  const unbounded = await run([...before, ahead, ...after], '');
  expect(unbounded).toMatchObject({ rejectedBy: {}, late: after.length, lateLetters: after.length });
  reportFigure(
    'clocks',
    `1 record of ${COUNT + 1} a year ahead: refused and counted, ${bounded.rows.length} windows right, 0 late; without maxAhead ${unbounded.late} late, all counted and written aside`,
  );
});
