/** Answers to fetches that never come, while all else goes on and nothing fails: what a consumer that has fallen silent looks like. */
import { setTimeout as delay } from 'node:timers/promises';
import { API, KafkaProxy, reportFigure } from '@rta/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import type { Log } from '../../src/log/log.js';
import { unique } from '../log/outputs.js';
import { onKafka, withoutCluster } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE } from './project.js';
import { drawScores } from './scores.js';

const PARTITIONS = 2;
const PATIENCE_MS = 1_000;

describe.skipIf(withoutCluster)('a consumer that falls silent', { timeout: 180_000 }, () => {
  const backend = onKafka();
  let proxy: KafkaProxy;
  let quiet: Log;
  let schemaId: number;
  let replacedMs = 0;
  beforeAll(async () => {
    proxy = await KafkaProxy.start(backend.brokers);
    // The client would wait for an answer for longer than the test takes.
    quiet = await openKafkaLog({ brokers: [proxy.address], requestTimeoutMs: 120_000 });
    schemaId = await backend.registry.register('user-score-value', USER_SCORE);
  });
  afterAll(async () => {
    await quiet?.close();
    await proxy?.stop();
  });

  const begin = async () => {
    proxy.fate = () => 'pass';
    const pipeline = unique('silent');
    await backend.log.ensureTopics([{ name: `${pipeline}-in`, partitions: PARTITIONS }]);
    const plan = compiled(`pipeline: ${pipeline}
source: { topic: ${pipeline}-in, schema: user_score, time: event_time_millis }
steps:
  - select: [user_id, { at: event_time_millis }]
sink: { topic: ${pipeline}-out }
`);
    const scores = drawScores(200, 20, 1);
    const append = (from: number, to: number): Promise<unknown> =>
      backend.log.append(scoreBatches(`${pipeline}-in`, PARTITIONS, scores.slice(from, to), schemaId));
    const written = async (): Promise<number[]> => {
      const rows = await topicRows(backend.log, backend.registry, `${pipeline}-out`);
      return rows.map(({ value }) => Number(value!['at'])).sort((a, b) => a - b);
    };
    const warnings: string[] = [];
    const worker = await backend.worker(plan, { log: quiet, patienceMs: PATIENCE_MS, onWarning: (message) => warnings.push(message) });
    await append(0, 100);
    const ended = worker.run().then(
      () => null,
      (error: unknown) => error,
    );
    await expect.poll(written, { timeout: 20_000 }).toHaveLength(100);
    proxy.fate = (apiKey) => (apiKey === API.fetch ? 'mute' : 'pass');
    await append(100, 200);
    return { worker, ended, written, warnings, expected: scores.map(({ event_time_millis }) => event_time_millis) };
  };

  it('is replaced, and everything is read once', async () => {
    const { worker, ended, written, warnings, expected } = await begin();
    const began = performance.now();
    await expect.poll(() => warnings.join('\n'), { timeout: 20_000 }).toMatch(/without an error; joining again/);
    replacedMs = Math.round(performance.now() - began);
    proxy.fate = () => 'pass';
    await expect.poll(written, { timeout: 30_000 }).toEqual(expected);
    // Nor is one silent that has nothing to deliver.
    warnings.length = 0;
    await delay(3 * PATIENCE_MS);
    expect(warnings).toEqual([]);
    worker.stop();
    expect(await ended).toBeNull();
    expect(await written()).toEqual(expected);
  });

  it('ends the worker where the next ones are as silent', async () => {
    const { worker, ended } = await begin();
    const began = performance.now();
    expect(await ended).toMatchObject({
      code: 'log_failed',
      retriable: true,
      message: expect.stringMatching(/-in-[01] has records/) as string,
    });
    const endedMs = Math.round(performance.now() - began);
    // Two consumers took the place of the first.
    expect(worker.snapshot().rejoins).toBe(2);
    reportFigure(
      'silence',
      `with a patience of ${PATIENCE_MS} ms (30,000 unless tested): replaced after ${replacedMs} ms, all read once; three in a row end the worker after ${endedMs} ms`,
    );
  });
});
