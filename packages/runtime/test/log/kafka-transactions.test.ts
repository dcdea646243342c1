/** Exactly once against a real broker: aborted data, zombies, pending offsets. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel, type Transaction } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import { Brokers } from '../../src/log/kafka/brokers.js';
import { withDefaults } from '../../src/log/kafka/options.js';
import {
  addOffsetsToTxn,
  endTxn,
  heartbeat,
  initProducerId,
  joinGroup,
  leaveGroup,
  syncGroup,
  txnOffsetCommit,
} from '../../src/log/kafka/requests.js';
import { TransactionalProducer } from '../../src/log/kafka/transaction.js';
import { uniqueName, useBroker, withoutKafka } from './kafka-broker.js';
import { batchesOf, nextOf, take, valuesOf } from './kafka-texts.js';

describe.skipIf(withoutKafka)('transactions on Kafka', () => {
  const broker = useBroker();
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  const connect = (): Brokers => {
    const brokers = new Brokers(withDefaults({ brokers: [broker.brokers()] }));
    closing.push(() => brokers.close());
    return brokers;
  };

  test('aborted data reaches nobody, from whatever offset one reads', { timeout: 60_000 }, async () => {
    const log = await broker.open();
    const topic = uniqueName('aborted');
    await log.ensureTopics([{ name: topic, partitions: 1 }]);
    const kafka = new Kafka({ brokers: [broker.brokers()], logLevel: logLevel.NOTHING });
    const producers = await Promise.all(
      [1, 2, 3].map(async () => {
        const producer = kafka.producer({
          transactionalId: uniqueName('tx'),
          maxInFlightRequests: 1,
          idempotent: true,
          retry: { initialRetryTime: 5 },
        });
        await producer.connect();
        closing.push(() => producer.disconnect());
        return producer;
      }),
    );
    const plain = kafka.producer();
    await plain.connect();
    closing.push(() => plain.disconnect());
    // Pseudo-random, the same each time: who writes, who ends, and how.
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 8) % below; // the low bits of such a generator alternate
    };
    const open = new Map<number, { transaction: Transaction; values: { value: string; offset: number }[] }>();
    let aborted = 0;
    const visible: { value: string; offset: number }[] = [];
    const send = async (to: Pick<Transaction, 'send'>, value: string): Promise<{ value: string; offset: number }> => {
      const [{ baseOffset }] = await to.send({ topic, messages: [{ partition: 0, key: random(3) === 0 ? Buffer.alloc(4) : 'k', value }] });
      return { value, offset: Number(baseOffset) };
    };
    const end = async (who: number, commit: boolean): Promise<void> => {
      const { transaction, values } = open.get(who)!;
      open.delete(who);
      if (commit) {
        await transaction.commit();
        visible.push(...values);
      } else {
        await transaction.abort();
        aborted++;
      }
    };
    for (let i = 0; i < 90; i++) {
      const who = random(producers.length);
      if (random(5) === 0) visible.push(await send(plain, `plain ${i}`));
      else if (open.has(who) && random(3) === 0) await end(who, random(2) === 0);
      else {
        if (!open.has(who)) open.set(who, { transaction: await producers[who].transaction(), values: [] });
        const running = open.get(who)!;
        running.values.push(await send(running.transaction, `${who} ${i}`));
      }
    }
    for (const who of [...open.keys()]) await end(who, who !== 1);
    expect(aborted).toBeGreaterThan(5);
    visible.sort((a, b) => a.offset - b.offset);
    // Markers are written a moment after the answer to EndTxn.
    await expect.poll(async () => (await log.offsets(topic)).map(({ stable, high }) => stable === high)).toEqual([true]);
    const [{ high }] = await log.offsets(topic);
    for (let from = 0; from < high; from += 3)
      expect(await valuesOf(log, topic, 0, from)).toEqual(visible.filter(({ offset }) => offset >= from).map(({ value }) => value));
    const member = await log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx') });
    await nextOf(member, 'assigned');
    member.start(topic, 0, 0);
    expect(await take(member, visible.length)).toEqual(visible.map(({ value }) => value));
    await member.leave();
  });

  test('a commit under an old generation, or of a stranger, is fenced: nothing is seen of it and the offset stays', async () => {
    const log = await broker.open();
    const [input, output, group] = [uniqueName('in'), uniqueName('out'), uniqueName('g')];
    await log.ensureTopics([
      { name: input, partitions: 1 },
      { name: output, partitions: 1 },
    ]);
    const brokers = connect();
    const coordinator = await brokers.retrying([], () => brokers.coordinator('group', group));
    // A member of our own making, so that its generation can be used after it is over.
    const join = async (memberId: string): Promise<{ generationId: number; memberId: string }> => {
      const joined = await brokers.send(
        coordinator,
        joinGroup({
          groupId: group,
          sessionTimeout: 10_000,
          rebalanceTimeout: 10_000,
          memberId,
          groupInstanceId: 'one',
          groupProtocols: [{ name: 'p', metadata: Buffer.alloc(10) }],
        }),
      );
      if (joined.errorCode === 79) return join(joined.memberId);
      const generation = { generationId: joined.generationId, memberId: joined.memberId };
      await brokers.send(
        coordinator,
        syncGroup({ groupId: group, ...generation, groupInstanceId: 'one', groupAssignment: [], requestTimeout: 10_000 }),
      );
      return generation;
    };
    const first = await join('');
    const second = await join(first.memberId);
    expect(second.generationId).toBe(first.generationId + 1);
    const commit = async (value: string, offset: number, generation: typeof first): Promise<unknown> => {
      const producer = new TransactionalProducer(brokers, {
        transactionalId: uniqueName('tx'),
        group,
        timeoutMs: 10_000,
        compression: 'none',
      });
      await producer.init(brokers.deadline());
      return producer.commit(batchesOf(output, 0, [value]), [{ topic: input, partition: 0, offset, metadata: value }], generation);
    };
    await commit('right', 10, second);
    await expect(commit('old', 5, first)).rejects.toMatchObject({ code: 'fenced', message: expect.stringContaining('ILLEGAL_GENERATION') });
    await expect(commit('stranger', 6, { ...second, memberId: 'nobody' })).rejects.toMatchObject({
      code: 'fenced',
      message: expect.stringContaining('UNKNOWN_MEMBER_ID'),
    });
    await brokers.send(coordinator, leaveGroup(group, second.memberId, 'one'));
    await expect(commit('gone', 7, second)).rejects.toMatchObject({ code: 'fenced' });
    expect(await log.groupOffsets(group, [{ topic: input, partition: 0 }])).toEqual([
      { topic: input, partition: 0, offset: 10, metadata: 'right' },
    ]);
    await expect.poll(async () => (await log.offsets(output)).map(({ stable, high }) => high - stable)).toEqual([0]);
    expect(await valuesOf(log, output, 0)).toEqual(['right']);
  });

  test('a newer member with the same transactional id fences the older one', async () => {
    const log = await broker.open();
    const [input, output, group, transactionalId] = [uniqueName('in'), uniqueName('out'), uniqueName('g'), uniqueName('tx')];
    await log.ensureTopics([
      { name: input, partitions: 1 },
      { name: output, partitions: 1 },
    ]);
    const options = { topics: [input], transactionalId };
    const older = await log.join({ ...options, group });
    const { epoch } = await nextOf(older, 'assigned');
    const newer = await log.join({ ...options, group: `${group}-2` });
    const commit = older.commit({ epoch, outputs: batchesOf(output, 0, ['zombie']), offsets: [] });
    await expect(commit).rejects.toMatchObject({ code: 'fenced' });
    await expect(older.commit({ epoch, outputs: [], offsets: [] })).rejects.toMatchObject({ code: 'fenced' });
    await Promise.all([older.leave(), newer.leave()]);
    expect(await valuesOf(log, output, 0)).toEqual([]);
  });

  test('committed() waits for a pending transaction (rule 22)', async () => {
    const log = await broker.open();
    const [input, group, transactionalId] = [uniqueName('in'), uniqueName('g'), uniqueName('tx')];
    await log.ensureTopics([{ name: input, partitions: 1 }]);
    const brokers = connect();
    const producer = await brokers.retrying([], async () => {
      const coordinator = await brokers.coordinator('transaction', transactionalId);
      const { errorCode, producerId, producerEpoch } = await brokers.send(coordinator, initProducerId(transactionalId, 20_000));
      expect(errorCode).toBe(0);
      return { transactionalId, producerId, producerEpoch };
    });
    const transactions = await brokers.coordinator('transaction', transactionalId);
    const offsets = await brokers.coordinator('group', group);
    expect(await brokers.send(transactions, addOffsetsToTxn(producer, group))).toMatchObject({ errorCode: 0 });
    const topics = [{ topic: input, partitions: [{ partition: 0, offset: 42, metadata: 'm' }] }];
    await brokers.send(offsets, txnOffsetCommit({ ...producer, groupId: group, topics }));
    let ended = false;
    const committed = log.groupOffsets(group, [{ topic: input, partition: 0 }]).then((answer) => ({ answer, ended }));
    await new Promise((resolve) => setTimeout(resolve, 700));
    ended = true;
    expect(await brokers.send(transactions, endTxn(producer, true))).toMatchObject({ errorCode: 0 });
    expect(await committed).toEqual({ answer: [{ topic: input, partition: 0, offset: 42, metadata: 'm' }], ended: true });
  });

  test(
    'a member that is stopped past its session, and goes on when another has taken over, has no effect',
    { timeout: 60_000 },
    async () => {
      const log = await broker.open();
      const [input, output, group] = [uniqueName('in'), uniqueName('out'), uniqueName('g')];
      await log.ensureTopics([
        { name: input, partitions: 2 },
        { name: output, partitions: 1 },
      ]);
      const script = fileURLToPath(new URL('kafka-zombie.ts', import.meta.url));
      const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', script, broker.brokers(), group, input, output], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      closing.push(async () => child.kill('SIGKILL'));
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('committed');
      child.kill('SIGSTOP');
      const heir = await log.join({ group, topics: [input], transactionalId: uniqueName('tx'), sessionTimeoutMs: 2_000 });
      const { epoch, partitions } = await nextOf(heir, 'assigned', 30_000);
      expect(partitions).toHaveLength(2);
      expect((await heir.committed([{ topic: input, partition: 0 }]))[0].offset).toBe(1);
      await heir.commit({
        epoch,
        outputs: batchesOf(output, 0, ['heir']),
        offsets: [{ topic: input, partition: 0, offset: 9, metadata: '' }],
      });
      child.kill('SIGCONT');
      expect((await lines.next()).value).toBe('fenced');
      expect((await lines.next()).value).toBe('[]');
      const [{ offset }] = await heir.committed([{ topic: input, partition: 0 }]);
      expect(offset).toBe(9);
      await heir.leave();
      expect(await valuesOf(log, output, 0)).toEqual(['before', 'heir']);
    },
  );

  test('the membership of a transaction without offsets is checked too', async () => {
    const log = await broker.open();
    const [input, output, group] = [uniqueName('in'), uniqueName('out'), uniqueName('g')];
    await log.ensureTopics([
      { name: input, partitions: 1 },
      { name: output, partitions: 1 },
    ]);
    const transactionalId = uniqueName('tx');
    const member = await log.join({ group, topics: [input], transactionalId });
    const { epoch } = await nextOf(member, 'assigned');
    await member.commit({ epoch, outputs: batchesOf(output, 0, ['timer']), offsets: [] });
    // Somebody removes the member behind its back (as `kafka-consumer-groups` can).
    const brokers = connect();
    const coordinator = await brokers.retrying([], () => brokers.coordinator('group', group));
    const { memberId, generationId } = (member as unknown as { generation: { memberId: string; generationId: number } }).generation;
    await brokers.send(coordinator, leaveGroup(group, memberId, transactionalId));
    const beat = { groupId: group, groupGenerationId: generationId, memberId, groupInstanceId: transactionalId };
    expect(await brokers.send(coordinator, heartbeat(beat))).toMatchObject({ errorCode: 25 });
    await expect(member.commit({ epoch, outputs: batchesOf(output, 0, ['zombie']), offsets: [] })).rejects.toMatchObject({
      code: 'fenced',
    });
    await member.leave();
    expect(await valuesOf(log, output, 0)).toEqual(['timer']);
  });
});
