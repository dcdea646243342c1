/** A state of many entries stays in its store when a task comes back: they are read when records need them, and none is forgotten. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '@rta/dsl';
import { openStateStores } from '@rta/state-rocks';
import { expect, it } from 'vitest';
import { unique } from '../log/outputs.js';
import { onEmbedded } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE } from './project.js';
import { drawScores, type Score } from './scores.js';

const backend = onEmbedded();
const PARTITIONS = 2;
const USERS = 40_000;

function totalsPlan(topic: string): Plan {
  return compiled(`pipeline: ${topic}
source: { topic: ${topic}, key: user_id, schema: user_score, time: event_time_millis }
steps:
  - groupBy: user_id
    aggregate: { total: sum(score) }
sink: { topic: ${topic}-totals }
`);
}

/** A score of each user. */
function ofAll(): Score[] {
  return drawScores(USERS, USERS, 1).map((score, i) => ({ ...score, user_id: `u${i}` }));
}

function totalsOf(scores: readonly Score[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { user_id, score } of scores) totals.set(user_id, (totals.get(user_id) ?? 0) + score);
  return totals;
}

async function totalsIn(topic: string): Promise<Map<string, number>> {
  const rows = await topicRows(backend.log, backend.registry, topic);
  return new Map(rows.map(({ value }) => [String(value!['user_id']), Number(value!['total'])]));
}

it('is there when records need it', { timeout: 60_000 }, async () => {
  const topic = unique('left');
  await backend.log.ensureTopics([{ name: topic, partitions: PARTITIONS }]);
  const schemaId = await backend.registry.register(`${topic}-value`, USER_SCORE);
  const plan = totalsPlan(topic);
  const scores: Score[] = [];
  const append = async (more: readonly Score[]): Promise<void> => {
    scores.push(...more);
    await backend.log.append(scoreBatches(topic, PARTITIONS, more, schemaId));
  };

  await append(ofAll());
  const filled = (await backend.runToEnd(plan)).snapshot();
  expect(filled.stateEntries).toBe(USERS);
  const behind = join(backend.directory, 'behind');
  cpSync(backend.stateDirectory, behind, { recursive: true });

  const idle = (await backend.runToEnd(plan)).snapshot();
  expect(idle).toMatchObject({ stateEntries: USERS, replayed: 0 });
  expect(idle.stateBytes).toBeLessThan(filled.stateBytes / 10);

  // Users that are in the store, users that are not there yet, and both of them once more.
  await append(drawScores(600, USERS, 2));
  await append(drawScores(600, 200, 3).map((score) => ({ ...score, user_id: `new-${score.user_id}` })));
  await append(drawScores(600, USERS, 2));
  const touched = (await backend.runToEnd(plan)).snapshot();
  expect(touched).toMatchObject({ stateEntries: totalsOf(scores).size, replayed: 0 });
  expect(touched.stateBytes).toBeLessThan(filled.stateBytes / 10);
  expect(await totalsIn(`${topic}-totals`)).toEqual(totalsOf(scores));

  // A store that is behind: what it lacks comes from the changelog, in place of what it has.
  const stores = openStateStores(behind);
  const caughtUp = (await backend.runToEnd(plan, { stores })).snapshot();
  expect(caughtUp.stateEntries).toBe(totalsOf(scores).size);
  expect(caughtUp.replayed).toBeGreaterThan(600);
  expect(caughtUp.stateBytes).toBeLessThan(filled.stateBytes / 10);
  await append(drawScores(600, USERS, 2));
  expect((await backend.runToEnd(plan, { stores })).snapshot().stateEntries).toBe(totalsOf(scores).size);
  expect(await totalsIn(`${topic}-totals`)).toEqual(totalsOf(scores));
});

it('is right where there is little memory as well', { timeout: 60_000 }, async () => {
  const topic = unique('left');
  await backend.log.ensureTopics([{ name: topic, partitions: 1 }]);
  const schemaId = await backend.registry.register(`${topic}-value`, USER_SCORE);
  const scores: Score[] = [];
  for (let round = 1; round <= 3; round++) {
    scores.push(...ofAll());
    await backend.log.append(scoreBatches(topic, 1, ofAll(), schemaId));
    const { stateEntries } = (await backend.runToEnd(totalsPlan(topic), { memoryLimit: 1 << 20 })).snapshot();
    expect(stateEntries).toBe(USERS);
  }
  expect(await totalsIn(`${topic}-totals`)).toEqual(totalsOf(scores));
});
