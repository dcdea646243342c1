/** A worker that is asked to end before its tasks run: what holds it up then, an open transaction or a broker, does not hold up the end. */
import { API, KafkaProxy } from '@rta/tools';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import type { OutputBatch } from '../../src/log/log.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { outputs, unique } from '../log/outputs.js';
import { onKafka, withoutCluster } from './backend.js';
import { scoresPipeline } from './scores-pipeline.js';
import { drawScores } from './scores.js';

const TOTALS = '  - { groupBy: user_id, aggregate: { total: sum(score) } }';

/** Whether it ends within ten seconds: what holds these up would last for a minute. */
function endsSoon(running: Promise<void>): Promise<boolean> {
  return Promise.race([running.then(() => true), delay(10_000, false)]);
}

describe.skipIf(withoutCluster)('a worker that is asked to end before its tasks run', () => {
  const backend = onKafka();

  it('does not wait for a transaction that is open in the changelog that it restores from', { timeout: 60_000 }, async () => {
    const { plan, source, write, rows } = await scoresPipeline(backend, 'held-up', 1, TOTALS);
    const scores = drawScores(300, 20, 1);
    await write(scores);
    await backend.runToEnd(plan);
    backend.loseState();
    const changelog = planStages(plan).stages.flatMap((stage) => stage.changelog ?? [])[0];
    let opened = (): void => undefined;
    let release = (): void => undefined;
    const isOpen = new Promise<void>((resolve) => (opened = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    async function* held(): AsyncGenerator<OutputBatch[], void, undefined> {
      yield outputs(changelog, 0, [{ key: 'a', value: 'half of a commit' }]);
      opened();
      await released;
      throw new Error('its process was killed');
    }
    const nowhere = { topic: source, partition: 0, offset: null, metadata: '' };
    const idle = { group: unique('other'), transactionalId: unique('other'), expected: [nowhere], offsets: [{ ...nowhere, offset: 1 }] };
    const killed = expect(backend.log.commitIdle({ ...idle, outputs: held() })).rejects.toThrow('was killed');
    await isOpen;
    try {
      const worker = await backend.worker(plan);
      const running = worker.run();
      await expect.poll(() => worker.snapshot().status, { timeout: 20_000 }).toBe('restoring');
      await delay(1_000);
      expect(worker.snapshot().status).toBe('restoring');
      worker.stop();
      expect(await endsSoon(running)).toBe(true);
    } finally {
      release();
    }
    await killed;
    await backend.runToEnd(plan);
    const totals: Record<string, number> = {};
    for (const { user_id, score } of scores) totals[user_id] = (totals[user_id] ?? 0) + score;
    expect(Object.fromEntries((await rows()).map(({ value }) => [value!['user_id'], value!['total']]))).toEqual(totals);
  });

  it('does not wait for brokers that do not answer', { timeout: 60_000 }, async () => {
    const { plan } = await scoresPipeline(backend, 'no-answer', 1, TOTALS);
    const proxy = await KafkaProxy.start(backend.brokers);
    const log = await openKafkaLog({ brokers: [proxy.address] });
    try {
      const worker = await backend.worker(plan, { log });
      let asked = (): void => undefined;
      const joins = new Promise<void>((resolve) => (asked = resolve));
      proxy.fate = (apiKey) => {
        if (apiKey === API.initProducerId) asked();
        return apiKey === API.initProducerId ? 'swallowed' : 'pass';
      };
      const running = worker.run();
      await joins;
      worker.stop();
      expect(await endsSoon(running)).toBe(true);
    } finally {
      await log.close();
      await proxy.stop();
    }
  });
});
