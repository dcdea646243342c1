/** `maxDrift`: with random partitions, workers and restarts all is read, nobody gets too far ahead, and the results are the same. */
import { join } from 'node:path';
import { openStateStores } from '@rta/state-rocks';
import { describe, expect, it } from 'vitest';
import type { Worker } from '../../src/task/worker.js';
import { unique } from '../log/outputs.js';
import { onEmbedded, onKafka, withoutCluster, type Backend } from './backend.js';
import { drawing, DriftWatch, START, writeUneven, type UnevenPartition } from './drift.js';
import { compiled, topicRows, USER_SCORE } from './project.js';

const MINUTE = 60_000;
const RUNS = Number(process.env['LAW_RUNS'] ?? 6);

/** The first partitions differ in how far they reach, and in how many records they take for it; some are empty. */
function drawPartitions(draw: (n: number) => number, count: number): UnevenPartition[] {
  return Array.from({ length: count }, (_, p) => {
    if (p > 0 && draw(6) === 0) return { times: [] };
    const records = 20 + draw(400);
    const span = (1 + draw(60)) * MINUTE;
    const from = START + draw(3) * 5 * MINUTE;
    return { times: Array.from({ length: records }, (_unused, i) => from + Math.floor((i * span) / records) - draw(900)) };
  });
}

const plan = (pipeline: string, source: string, drift: string) =>
  compiled(`pipeline: ${pipeline}
source: { topic: ${source}, schema: user_score, time: event_time_millis, lateness: 1s${drift} }
steps:
  - groupBy: user_id
    window: { tumbling: 1m }
    aggregate: { n: count(), total: sum(score) }
    emit: final
sink: { topic: ${pipeline}-out }
`);

async function rowsOf(backend: Backend, topic: string): Promise<string[]> {
  const text = (value: unknown): string => JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));
  return (await topicRows(backend.log, backend.registry, topic)).map(text).sort();
}

async function written(backend: Backend, partitions: readonly UnevenPartition[]): Promise<string> {
  const source = unique('uneven');
  await backend.log.ensureTopics([{ name: source, partitions: partitions.length }]);
  await writeUneven(backend.log, source, partitions, await backend.registry.register(`${source}-value`, USER_SCORE));
  return source;
}

/** The rows without `maxDrift`, by one worker in one go. */
async function plainRows(backend: Backend, source: string): Promise<string[]> {
  const pipeline = unique('plain');
  await backend.runToEnd(plan(pipeline, source, ''), { watermark: 'close' });
  return rowsOf(backend, `${pipeline}-out`);
}

describe('maxDrift', () => {
  const backend = onEmbedded();

  it.each(Array.from({ length: RUNS }, (_, i) => i + 1))('all is read, in step, seed %i', { timeout: 60_000 }, async (seed) => {
    const draw = drawing(seed * 7919);
    const partitions = drawPartitions(draw, 2 + draw(4));
    const maxDriftMs = (1 + draw(5)) * MINUTE;
    const source = await written(backend, partitions);
    const watch = new DriftWatch(source, partitions);
    const log = watch.watch(backend.log);
    const pipeline = unique('drift');
    const drifting = plan(pipeline, source, `, maxDrift: ${String(maxDriftMs)}ms`);
    let made = 0;
    const another = (id: number): Promise<Worker> =>
      backend.worker(drifting, {
        log,
        workerId: String(id),
        stores: openStateStores(join(backend.directory, `state-${pipeline}-${String(id)}-${String(made++)}`)),
        bufferBytes: 256 * 1024,
        commitIntervalMs: 10 + draw(50),
      });
    for (let round = draw(3); round > 0; round--) {
      const workers = await Promise.all(Array.from({ length: 1 + draw(3) }, (_, id) => another(id)));
      const abandoned = workers.map(() => draw(2) === 0);
      // One that is abandoned in the middle of something may say so.
      const runs = workers.map((worker, i) =>
        worker.run().catch((error: unknown) => (abandoned[i] ? undefined : Promise.reject(error as Error))),
      );
      await new Promise((resolve) => setTimeout(resolve, 20 + draw(200)));
      for (const [i, worker] of workers.entries())
        if (abandoned[i]) await worker.abandon();
        else worker.stop();
      await Promise.all(runs);
    }
    const last = await Promise.all([another(0), another(1)]);
    await Promise.all(last.map((worker) => worker.drain().then(() => worker.finish())));
    const closing = await another(0);
    await closing.drain('close');
    await closing.finish();
    expect(watch.handedOut).toBeGreaterThanOrEqual(partitions.reduce((sum, { times }) => sum + times.length, 0));
    expect(watch.greatest).toBeLessThanOrEqual(maxDriftMs);
    expect(await rowsOf(backend, `${pipeline}-out`)).toEqual(await plainRows(backend, source));
  });

  it('without it, a partition gets as far ahead as there is to read', async () => {
    const partitions = [1, 80].map((span) => ({
      times: Array.from({ length: span === 1 ? 3000 : 400 }, (_, i) => START + i * span * 1000),
    }));
    const source = await written(backend, partitions);
    const watch = new DriftWatch(source, partitions);
    // Now and then the disk keeps one partition waiting until the other is read.
    for (let run = 0; run < 10 && !(watch.greatest > 30 * MINUTE); run++)
      await backend.runToEnd(plan(unique('free'), source, ''), { log: watch.watch(backend.log), bufferBytes: 256 * 1024 });
    expect(watch.greatest).toBeGreaterThan(30 * MINUTE);
  });
});

describe.skipIf(withoutCluster)('maxDrift on Kafka', () => {
  const backend = onKafka();

  it('two workers keep their partitions in step', { timeout: 120_000 }, async () => {
    const spans = [10, 40, 20, 60];
    const partitions = spans.map((span) => ({ times: Array.from({ length: 3000 }, (_, i) => START + i * span * 10) }));
    const source = await written(backend, partitions);
    const watch = new DriftWatch(source, partitions);
    const pipeline = unique('drift');
    const drifting = plan(pipeline, source, ', maxDrift: 2m');
    const workers = await Promise.all(
      [0, 1].map((id) =>
        backend.worker(drifting, {
          log: watch.watch(backend.log),
          workerId: String(id),
          stores: openStateStores(join(backend.directory, `drift-${String(id)}`)),
        }),
      ),
    );
    await Promise.all(workers.map((worker) => worker.drain().then(() => worker.finish())));
    expect(watch.greatest).toBeLessThanOrEqual(2 * MINUTE);
    await backend.runToEnd(drifting, { watermark: 'close' });
    expect(await rowsOf(backend, `${pipeline}-out`)).toEqual(await plainRows(backend, source));
  });
});
