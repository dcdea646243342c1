/** A worker that is to end when everything is read ends so whoever else has tasks of the pipeline: one that stands still, or was killed. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStateStores } from '@rta/state-rocks';
import { describe, expect, it } from 'vitest';
import type { Worker } from '../../src/task/worker.js';
import { unique } from '../log/outputs.js';
import { onEmbedded, onKafka, withoutCluster, type Backend } from './backend.js';
import { scoresPipeline } from './scores-pipeline.js';
import { drawScores } from './scores.js';

const PARTITIONS = 4;
const RECORDS = 400;
/** How long the other one is there and reads nothing, ms: longer than it takes to read all of it. */
const BESIDE_MS = 1500;

function untilEndTests(backend: Backend): void {
  it.each([
    ['each record', 'filter: score >= 0', RECORDS],
    ['totals', '{ groupBy: user_id, aggregate: { n: count() } }', null],
    ['closed windows', '{ groupBy: user_id, window: { tumbling: 10s }, aggregate: { n: count() }, emit: final }', null],
  ])('everything is read before it ends: %s', { timeout: 120_000 }, async (_what, step, count) => {
    const its = await scoresPipeline(backend, 'until-end', PARTITIONS, `  - ${step}`);
    const worker = (workerId: string, reads: boolean): Promise<Worker> =>
      backend.worker(its.plan, {
        workerId,
        stores: openStateStores(join(backend.directory, unique(workerId))),
        ...(reads ? {} : { limit: () => 0 }),
      });
    const other = await worker('other', false);
    const running = other.run();
    while (other.snapshot().inputs.length === 0) await delay(20);
    await its.write(drawScores(RECORDS, 30, 1));
    const one = await worker('one', true);
    let hasEnded = false;
    const drained = one.drain('close').then(() => (hasEnded = true));
    await delay(BESIDE_MS);
    expect(hasEnded).toBe(false);
    other.stop();
    await running;
    await drained;
    await one.finish();
    const rows = await its.rows();
    if (count !== null) expect(rows).toHaveLength(count);
    else {
      const last = new Map(rows.map(({ key, value }) => [JSON.stringify([key, value?.['window_start']]), Number(value?.['n'])]));
      expect([...last.values()].reduce((sum, n) => sum + n, 0)).toBe(RECORDS);
    }
  });
}

describe('on the embedded log', () => {
  untilEndTests(onEmbedded());
});

describe.skipIf(withoutCluster)('on Kafka', () => {
  untilEndTests(onKafka());
});
