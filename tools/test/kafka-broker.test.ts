import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { available, kafkaTool, startKafka } from '../src/index.js';
import { kafkaAnswers } from '../src/kafka-probe.js';

// A broker of its own: it is killed.
describe.skipIf(available().kafka.length > 0 || !process.env['KAFKA_BROKERS'])('a broker', () => {
  test('keeps its data over a crash and a restart, and with a controller apart leads its partitions again only when elected anew', async () => {
    const broker = await startKafka({ heap: '400m', properties: { 'num.partitions': 3 }, controller: true });
    try {
      const server = ['--bootstrap-server', broker.brokers];
      await kafkaTool('org.apache.kafka.tools.TopicCommand', [...server, '--create', '--topic', 'kept']);
      const pid = broker.pid;
      await broker.kill();
      expect(await kafkaAnswers(broker.port)).toBe(false);
      const log = () => readFileSync(join(broker.dir, 'broker.log'), 'utf8');
      const before = log().length;
      const epochs = (text: string) =>
        [...text.matchAll(/Scheduling loading of metadata from __consumer_offsets-\d with epoch (\d+)/g)].map(([, n]) => Number(n));
      const lastEpoch = Math.max(...epochs(log()));
      await broker.restart();
      // It names its coordinators a moment before it begins to load what they have.
      const since = () => epochs(log().slice(before));
      await expect.poll(() => since().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
      // With its old epoch it would lead as before the crash, until its former session runs out.
      expect(Math.min(...since())).toBeGreaterThan(lastEpoch);
      expect(broker.pid).not.toBe(pid);
      expect(await kafkaTool('org.apache.kafka.tools.TopicCommand', [...server, '--describe', '--topic', 'kept'])).toContain(
        'PartitionCount: 3',
      );
    } finally {
      await broker.stop();
    }
    expect(await kafkaAnswers(broker.port)).toBe(false);
    expect(existsSync(broker.dir)).toBe(false);
  }, 120_000);

  test('a folder of the caller’s own stays, and can be started from again', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rta-kafka-test-'));
    try {
      for (const command of [['--create', '--topic', 'kept'], ['--list']]) {
        const broker = await startKafka({ heap: '400m', dir });
        try {
          const said = await kafkaTool('org.apache.kafka.tools.TopicCommand', ['--bootstrap-server', broker.brokers, ...command]);
          expect(said).toContain('kept');
        } finally {
          await broker.stop();
        }
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }, 120_000);

  test('a setting that the broker refuses is reported with its log', async () => {
    await expect(startKafka({ heap: '400m', properties: { 'num.io.threads': 'many' } })).rejects.toThrow(/num\.io\.threads/);
  }, 60_000);
});
