/** What only Kafka has: other clients, codecs, groups over sessions, brokers that go away. */
import { kafkaTool, startKafka } from '@rta/tools';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import { records } from '../../src/log/batch/records.js';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import { loadKafkaJs } from '../../src/log/kafka/load-kafkajs.js';
import type { BatchMessage } from '../../src/log/kafka/replace/decode-messages.js';
import type { Log, LogError, Member } from '../../src/log/log.js';
import { uniqueName, useBroker, withoutKafka } from './kafka-broker.js';
import { batchesOf, nextOf, take, valuesOf } from './kafka-texts.js';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const some = (count: number, what = 'value'): string[] => Array.from({ length: count }, (_, i) => `${what} ${i}`);

describe.skipIf(withoutKafka)('Kafka', { timeout: 60_000 }, () => {
  const broker = useBroker();
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const topicOf = async (log: Log, partitions = 1): Promise<string> => {
    const name = uniqueName('t');
    await log.ensureTopics([{ name, partitions }]);
    return name;
  };

  test('Kafka’s console consumer reads what was appended and committed, by each codec', async () => {
    const values: string[] = [];
    const plain = await broker.open();
    const topic = await topicOf(plain);
    for (const compression of CODECS) {
      const log = await broker.open({ compression });
      await log.append(batchesOf(topic, 0, some(50, `append ${compression}`)));
      const member = await log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx') });
      const { epoch } = await nextOf(member, 'assigned');
      await member.commit({ epoch, outputs: batchesOf(topic, 0, some(50, `commit ${compression}`)), offsets: [] });
      await member.leave();
      values.push(...some(50, `append ${compression}`), ...some(50, `commit ${compression}`));
    }
    const printed = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
      ...['--bootstrap-server', broker.brokers(), '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'],
      ...['--max-messages', String(values.length), '--timeout-ms', '20000'],
    ]);
    expect(printed.trim().split('\n')).toEqual(values);
    expect(await valuesOf(plain, topic, 0)).toEqual(values);
  });

  test('what Kafka’s console producer writes by each codec is read', async () => {
    const log = await broker.open();
    for (const codec of CODECS.slice(1)) {
      const topic = await topicOf(log);
      await kafkaTool(
        'org.apache.kafka.tools.ConsoleProducer',
        ['--bootstrap-server', broker.brokers(), '--topic', topic, '--compression-codec', codec],
        { input: some(2_000, codec).join('\n') },
      );
      expect(await valuesOf(log, topic, 0)).toEqual(some(2_000, codec));
      const member = await log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx') });
      await nextOf(member, 'assigned');
      member.start(topic, 0, 0);
      expect(await take(member, 2_000)).toEqual(some(2_000, codec));
      await member.leave();
    }
  });

  test('an application’s KafkaJS reads what was written, in the same process', async () => {
    const log = await broker.open({ compression: 'gzip' });
    const topic = await topicOf(log);
    await log.append(batchesOf(topic, 0, some(500)));
    const consumer = new Kafka({ brokers: [broker.brokers()], logLevel: logLevel.NOTHING }).consumer({ groupId: uniqueName('g') });
    closing.push(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const seen: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(message.value!.toString()) });
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(500);
    expect(seen).toEqual(some(500));
  });

  test('KafkaJS itself works over the replaced modules: its consumer gets record batches', async () => {
    const log = await broker.open();
    const topic = await topicOf(log);
    const kafka = new (loadKafkaJs().Kafka)({ brokers: [broker.brokers()], logLevel: logLevel.NOTHING });
    const [producer, consumer] = [kafka.producer(), kafka.consumer({ groupId: uniqueName('g') })];
    closing.push(() => Promise.all([producer.disconnect(), consumer.disconnect()]));
    await producer.connect();
    await producer.send({ topic, messages: some(1_000).map((value) => ({ value })) });
    const member = await log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx') });
    const { epoch } = await nextOf(member, 'assigned');
    await member.commit({ epoch, outputs: batchesOf(topic, 0, some(10, 'committed')), offsets: [] });
    await member.leave();
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const seen: string[] = [];
    await consumer.run({
      eachBatchAutoResolve: true,
      eachBatch: async ({ batch }) => {
        for (const { batch: view } of batch.messages as unknown as BatchMessage[])
          for (const record of records(view)) seen.push(Buffer.from(record.value!).toString());
      },
    });
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(1_010);
    expect(seen).toEqual([...some(1_000), ...some(10, 'committed')]);
  });

  test('the group is seen by Kafka’s own tools', async () => {
    const log = await broker.open();
    const [topic, group] = [await topicOf(log, 2), uniqueName('g')];
    const transactionalId = uniqueName('tx');
    const member = await log.join({ group, topics: [topic], transactionalId });
    const { epoch } = await nextOf(member, 'assigned');
    await member.commit({ epoch, outputs: [], offsets: [{ topic, partition: 1, offset: 0, metadata: 'w' }] });
    const printed = await kafkaTool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
      ...['--bootstrap-server', broker.brokers(), '--describe', '--group', group],
    ]);
    expect(printed).toMatch(new RegExp(`${group}\\s+${topic}\\s+1\\s+0\\s+0\\s+0\\s+${transactionalId}`));
    await member.leave();
  });

  test('members keep what they have when another comes or goes, and nobody waits for one that left', async () => {
    const log = await broker.open();
    const [topic, group] = [await topicOf(log, 8), uniqueName('g')];
    const join = () => log.join({ group, topics: [topic], transactionalId: uniqueName('tx') });
    const numbers = (partitions: readonly { partition: number }[]): number[] => partitions.map(({ partition }) => partition);
    const one = await join();
    expect(numbers((await nextOf(one, 'assigned')).partitions)).toHaveLength(8);
    const two = await join();
    const [first, second] = await Promise.all([nextOf(one, 'assigned'), nextOf(two, 'assigned')]);
    expect([numbers(first.partitions).length, numbers(second.partitions).length]).toEqual([4, 4]);
    const third = join();
    const three = await third;
    const [a, b, c] = await Promise.all([nextOf(one, 'assigned'), nextOf(two, 'assigned'), nextOf(three, 'assigned')]);
    expect(numbers(first.partitions)).toEqual(expect.arrayContaining(numbers(a.partitions)));
    expect(numbers(second.partitions)).toEqual(expect.arrayContaining(numbers(b.partitions)));
    expect([...numbers(a.partitions), ...numbers(b.partitions), ...numbers(c.partitions)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const begun = performance.now();
    await three.leave();
    const [d] = await Promise.all([nextOf(one, 'assigned'), nextOf(two, 'assigned')]);
    expect(numbers(d.partitions)).toEqual(expect.arrayContaining(numbers(a.partitions)));
    expect(performance.now() - begun).toBeLessThan(3_000); // far below the session's ten seconds
    await Promise.all([one.leave(), two.leave()]);
  });

  test('membership outlives a worker that is busy for longer than the session', async () => {
    const log = await broker.open();
    const [topic, group] = [await topicOf(log), uniqueName('g')];
    const member = await log.join({ group, topics: [topic], transactionalId: uniqueName('tx'), sessionTimeoutMs: 1_500 });
    const { epoch } = await nextOf(member, 'assigned');
    // As in a restore: awaits, but asks for no events.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await member.commit({ epoch, outputs: [], offsets: [{ topic, partition: 0, offset: 0, metadata: '' }] });
    expect(await member.next(100)).toBeNull();
    await member.leave();
  });

  test('an offset that is gone is an error, and nothing is skipped', async () => {
    const log = await broker.open();
    const topic = await topicOf(log);
    await log.append(batchesOf(topic, 0, some(10)));
    await log.deleteRecords(topic, 0, 5);
    const member = await log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx') });
    await nextOf(member, 'assigned');
    member.start(topic, 0, 3);
    await expect(nextOf(member, 'records')).rejects.toMatchObject({
      code: 'offset_out_of_range',
      message: expect.stringContaining(`${topic}-0 at offset 3`),
    });
    await member.leave();
  });

  test('paused partitions may fill their share of the buffer; the others go on', async () => {
    const log = await broker.open();
    const topic = await topicOf(log, 6);
    const long = 'x'.repeat(20_000);
    for (let p = 0; p < 6; p++) await log.append(batchesOf(topic, p, some(200, long), 500_000));
    const member = await log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx'), bufferBytes: 1_000_000 });
    const { partitions } = await nextOf(member, 'assigned');
    for (const { partition } of partitions) member.start(topic, partition, 0);
    await nextOf(member, 'records');
    const others = partitions.filter(({ partition }) => partition !== 5);
    member.pause(others);
    member.start(topic, 5, 0);
    expect(await take(member, 200)).toEqual(some(200, long));
    for (const { partition } of others) member.start(topic, partition, 0);
    member.resume(others);
    expect(await take(member, 1_000)).toHaveLength(1_000);
    await member.leave();
  });

  test('refuses what cannot work, with the reason', async () => {
    const log = await broker.open();
    const topic = await topicOf(log);
    const join = (more: object): Promise<Member> =>
      log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx'), ...more });
    await expect(join({ transactionTimeoutMs: 86_400_000 })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/timeout of 86400000 ms is above the brokers' transaction\.max\.timeout\.ms \(\d+ ms\)/u),
    });
    await expect(log.ensureTopics([{ name: uniqueName('t'), partitions: 1, replication: 9 }])).rejects.toMatchObject({
      code: 'configuration',
    });
    await expect(log.ensureTopics([{ name: uniqueName('t'), partitions: 1, config: { 'no.such': 'x' } }])).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('no.such'),
    });
    await expect(log.append(batchesOf(topic, 0, ['x'.repeat(3_000_000)]))).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('MESSAGE_TOO_LARGE'),
    });
    // A failure costs the producer its sequence; the next append begins anew.
    await log.append(batchesOf(topic, 0, ['y']));
    expect(await valuesOf(log, topic, 0)).toEqual(['y']);
    const member = await join({ sessionTimeoutMs: 1 });
    await expect(nextOf(member, 'assigned')).rejects.toMatchObject({ code: 'configuration' });
    await member.leave();
    await expect(openKafkaLog({ brokers: ['127.0.0.1:1'], retryMs: 300 })).rejects.toMatchObject({ code: 'unreachable' });
    await expect(openKafkaLog({ brokers: ['localhost'] })).rejects.toMatchObject({ code: 'configuration' });
    await log.close();
    await expect(log.topics()).rejects.toMatchObject({ code: 'closed' });
  });
});

describe.skipIf(withoutKafka)('a broker that is killed and comes back', { timeout: 120_000 }, () => {
  test('a copy goes on by itself, exactly once', async () => {
    const broker = await startKafka({ heap: '512m', controller: true });
    const log = await openKafkaLog({ brokers: [broker.brokers], requestTimeoutMs: 3_000 });
    try {
      const [input, output, group] = ['input', 'output', 'copy'];
      const total = 3_000;
      await log.ensureTopics([
        { name: input, partitions: 2 },
        { name: output, partitions: 2 },
      ]);
      for (let p = 0; p < 2; p++) await log.append(batchesOf(input, p, some(total, `${p}`)));
      const failures: string[] = [];
      let done = 0;
      let stop = false;
      const copy = async (): Promise<void> => {
        const member = await log.join({ group, topics: [input], transactionalId: 'copier', sessionTimeoutMs: 6_000 });
        try {
          const next = new Map<number, number>();
          const assigned = await nextOf(member, 'assigned', 60_000);
          for (const { partition, offset } of await member.committed(assigned.partitions)) next.set(partition, offset ?? 0);
          done = [...next.values()].reduce((a, b) => a + b, 0);
          while (done < 2 * total && !stop) {
            // Ten records of each partition in a transaction; the input has no gaps, so offset n is its value n.
            const outputs = [...next].flatMap(([p, from]) => batchesOf(output, p, some(total, `${p}`).slice(from, from + 10)));
            const offsets = [...next].map(([partition, from]) => ({
              topic: input,
              partition,
              offset: Math.min(total, from + 10),
              metadata: '',
            }));
            await member.commit({ epoch: assigned.epoch, outputs, offsets });
            for (const { partition, offset } of offsets) next.set(partition, offset);
            done = offsets.reduce((a, b) => a + b.offset, 0);
            const event = await member.next(0);
            if (event?.type === 'failed') throw event.error;
            if (event?.type === 'revoked') return;
          }
        } finally {
          await member.leave();
        }
      };
      const running = (async () => {
        while (done < 2 * total && !stop)
          await copy().catch((error: unknown) => {
            failures.push((error as LogError).code);
          });
      })();
      for (let kill = 0; kill < 2; kill++) {
        const before = done;
        await expect.poll(() => done, { timeout: 60_000 }).toBeGreaterThan(before + 100);
        await broker.kill('SIGKILL');
        await broker.restart();
      }
      await expect.poll(() => done, { timeout: 60_000 }).toBe(2 * total);
      stop = true;
      await running;
      for (const code of failures) expect(['aborted', 'unknown', 'fenced', 'unreachable']).toContain(code);
      await expect.poll(async () => (await log.offsets(output)).map(({ stable, high }) => high - stable)).toEqual([0, 0]);
      for (let p = 0; p < 2; p++) expect(await valuesOf(log, output, p)).toEqual(some(total, `${p}`));
    } finally {
      await log.close();
      await broker.stop();
    }
  });
});
