/** The end-to-end latency that a worker says: how old the newest of what it gave a sink is, not how old rows are that it moved along. */
import { expect, it } from 'vitest';
import { DURATION_BOUNDS } from '../../src/task/histogram.js';
import { onEmbedded } from './backend.js';
import { scoresPipeline } from './scores-pipeline.js';
import type { Score } from './scores.js';

const HOUR_MS = 3_600_000;
/** So many that the ranks are in several of them. */
const SINK_PARTITIONS = 12;
const backend = onEmbedded();

it('is that of the event which moved a board, though rows of it had none for an hour', async () => {
  const now = Date.now();
  const steps = `  - { groupBy: user_id, aggregate: { total: sum(score) } }
  - topK: { k: 3, by: total desc, rank: rnk }`;
  const { pipeline, plan, write, rows } = await scoresPipeline(backend, 'latency', 1, steps, { source: ', lateness: 2h' });
  await backend.log.ensureTopics([{ name: `${pipeline}-out`, partitions: SINK_PARTITIONS }]);
  const score = (user: string, points: number, at: number): Score => ({
    ...{ user_id: user, team_id: 't', team_name: 'T', score: points, event_time_millis: at },
  });
  await write([score('ann', 10, now - HOUR_MS), score('bob', 5, now - HOUR_MS), score('cid', 3, now - HOUR_MS)]);
  await backend.runToEnd(plan);
  const before = (await rows()).length;
  await write([score('cid', 20, now)]);
  const { counts } = (await backend.runToEnd(plan)).snapshot().endToEnd;
  expect((await rows()).length - before).toBe(3);
  const used = (await backend.log.offsets(`${pipeline}-out`)).filter(({ high, low }) => high > low);
  expect(used.length).toBeGreaterThan(1);
  expect(counts.reduce((sum, n) => sum + n, 0)).toBe(1);
  expect(DURATION_BOUNDS[counts.indexOf(1)]).toBeLessThanOrEqual(60);
});
