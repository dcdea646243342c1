/** Members of one process that read the same topics: what one has fetched, others need not fetch. */
import { API, KafkaProxy } from '@rta/tools';
import { Kafka, logLevel } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import { records } from '../../src/log/batch/records.js';
import { answerMemory } from '../../src/log/kafka/answer-memory.js';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import type { Fetched } from '../../src/log/kafka/reader.js';
import { SharedReads } from '../../src/log/kafka/shared-reads.js';
import type { Log, Member } from '../../src/log/log.js';
import { randomOf } from '../simulation/scheduler.js';
import { uniqueName, useBroker, withoutKafka } from './kafka-broker.js';
import { batchesOf, nextOf, valuesOf } from './kafka-texts.js';

describe('SharedReads', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  const [a, b, c] = [{}, {}, {}];
  const place = { topic: 't', partition: 0 };
  /** One batch of `count` records from `from` on, in an answer of its own or in that given. */
  const fetched = (from: number, count: number, stable: number, answer?: ArrayBufferLike): Fetched => {
    const [output] = batchesOf('t', 0, Array<string>(count).fill('x'));
    const [batch] = parseBatches(output.batch, { verifyCrc: false });
    Object.assign(batch, { baseOffset: from, lastOffset: from + count - 1 });
    if (answer !== undefined) Object.assign(batch, { raw: new Uint8Array(answer) });
    return { batches: [batch], nextOffset: from + count, stable, bytes: 100 };
  };
  const both = (reads = new SharedReads()) => {
    reads.join(place, a);
    return { reads, shared: reads.join(place, b) };
  };

  test('gives what was fetched from there, or from before, to those behind', () => {
    const { shared } = both();
    const piece = fetched(10, 5, 100);
    shared.put(10, piece);
    expect(shared.find(10)).toEqual(piece);
    expect(shared.find(14)).toMatchObject({ batches: piece.batches, nextOffset: 15 });
    expect([shared.find(9), shared.find(15)]).toEqual([undefined, undefined]);
  });

  test('leaves out batches that end before the place', () => {
    const { shared } = both();
    const [first, second] = [fetched(0, 5, 100), fetched(5, 5, 100)];
    shared.put(0, { ...second, batches: [...first.batches, ...second.batches] });
    const { batches, bytes } = shared.find(7)!;
    expect(batches).toEqual(second.batches);
    expect(bytes).toBe(batches[0].end - batches[0].start);
  });

  test('names the newest end that is known', () => {
    const { shared } = both();
    shared.put(0, fetched(0, 5, 20));
    shared.put(20, fetched(20, 5, 30));
    expect(shared.find(0)!.stable).toBe(30);
  });

  test('keeps nothing where there is one reader, and drops all when the others leave', () => {
    const reads = new SharedReads();
    const shared = reads.join(place, a);
    shared.put(0, fetched(0, 5, 100));
    expect(shared.find(0)).toBeUndefined();
    expect(reads.join(place, b)).toBe(shared);
    shared.put(0, fetched(0, 5, 100));
    expect(shared.find(0)).toBeDefined();
    reads.leave(place, a);
    expect(shared.find(0)).toBeUndefined();
    reads.leave(place, b);
    expect(reads.join(place, c)).not.toBe(shared);
  });

  test('forgets what is old, and earlier what goes to the end', () => {
    const { shared } = both();
    shared.put(0, fetched(0, 5, 10));
    shared.put(5, fetched(5, 5, 10));
    vi.advanceTimersByTime(99);
    expect([shared.find(0), shared.find(5)]).not.toContain(undefined);
    vi.advanceTimersByTime(2);
    expect(shared.find(0)).toBeDefined();
    expect(shared.find(5)).toBeUndefined();
    vi.advanceTimersByTime(5000);
    expect(shared.find(0)).toBeUndefined();
  });

  const MIB = 1024 * 1024;

  test('keeps no more than it may, of all partitions together; the oldest goes first', () => {
    const { reads, shared } = both();
    const other = { topic: 't', partition: 1 };
    reads.join(other, a);
    const second = reads.join(other, b);
    const there = (): boolean[] => [shared.find(0), second.find(0), shared.find(5)].map((piece) => piece !== undefined);
    const answer = new ArrayBuffer(18 * MIB);
    shared.put(0, fetched(0, 5, 1000, answer));
    second.put(0, fetched(0, 5, 1000, answer));
    shared.put(5, fetched(5, 5, 1000, new ArrayBuffer(12 * MIB)));
    expect(there()).toEqual([true, true, true]);
    second.put(5, fetched(5, 5, 1000, new ArrayBuffer(MIB)));
    second.put(10, fetched(10, 5, 1000, new ArrayBuffer(2 * MIB)));
    expect(there()).toEqual([false, false, true]);
  });

  test('leaves alone what is more than it may keep, and its memory to who reads it', () => {
    const { shared } = both();
    const memory = answerMemory.take(MIB).buffer;
    const large = { ...fetched(5, 5, 1000, memory), bytes: 32 * MIB };
    Object.assign(large.batches[0], { attributes: 1 });
    shared.put(0, fetched(0, 5, 1000));
    shared.put(5, large);
    expect([shared.find(0), shared.find(5)].map((piece) => piece !== undefined)).toEqual([true, false]);
    const others = Array.from({ length: 3 }, () => answerMemory.take(MIB).buffer);
    expect(others).not.toContain(memory);
  });

  test('lets others wait for what is asked for, and tells them once it is there', () => {
    const { shared } = both();
    const told = vi.fn();
    const end = shared.ask(0, a);
    expect(shared.waitFor(0, a, told)).toBe(false);
    expect(shared.waitFor(1, b, told)).toBe(false);
    expect(shared.waitFor(0, b, told)).toBe(true);
    expect(told).not.toHaveBeenCalled();
    end();
    expect(told).toHaveBeenCalledOnce();
    expect(shared.waitFor(0, b, told)).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveBeenCalledOnce();
  });

  test('lets nobody wait long for an answer that does not come', () => {
    const { shared } = both();
    const told = vi.fn();
    shared.ask(0, a);
    for (const times of [1, 2]) {
      expect(shared.waitFor(0, b, told)).toBe(true);
      vi.advanceTimersByTime(1000);
      expect(told).toHaveBeenCalledTimes(times);
    }
  });
});

describe.skipIf(withoutKafka)('members of one process', { timeout: 60_000 }, () => {
  const broker = useBroker();
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const join = async (log: Log, topic: string): Promise<Member> => {
    const member = await log.join({ group: uniqueName('g'), topics: [topic], transactionalId: uniqueName('tx') });
    await nextOf(member, 'assigned');
    return member;
  };

  test('fetch a topic about once, however many they are', async () => {
    const proxy = await KafkaProxy.start(broker.brokers());
    closing.push(() => proxy.stop());
    const [plain, log] = [await broker.open(), await openKafkaLog({ brokers: [proxy.address] })];
    closing.push(() => log.close());
    const topic = uniqueName('t');
    await plain.ensureTopics([{ name: topic, partitions: 1 }]);
    const count = 32;
    for (let i = 0; i < count; i++) await plain.append(batchesOf(topic, 0, [`${i}`.padEnd(300 * 1024, '.')]));
    let fetches = 0;
    proxy.fate = (kind) => {
      if (kind === API.fetch) fetches++;
      return 'pass';
    };
    /** Reads to the end; gives the numbers of the records. */
    const read = async (member: Member): Promise<number[]> => {
      const seen: number[] = [];
      member.start(topic, 0, 0);
      while (seen.length < count) {
        const { batches } = await nextOf(member, 'records');
        for (const batch of batches) for (const { value } of records(batch)) seen.push(parseInt(Buffer.from(value!).toString(), 10));
      }
      return seen;
    };
    const expected = Array.from({ length: count }, (_, i) => i);
    const alone = await join(log, topic);
    expect(await read(alone)).toEqual(expected);
    await alone.leave();
    const once = fetches;
    expect(once).toBeGreaterThanOrEqual(16);
    const members = await Promise.all(Array.from({ length: 8 }, () => join(log, topic)));
    fetches = 0;
    for (const seen of await Promise.all(members.map(read))) expect(seen).toEqual(expected);
    // Each asks itself at its start, and at the end.
    expect(fetches).toBeLessThan(once + 4 * members.length);
  });

  test.each([1, 2, 3])(
    'see what a plain reader sees, wherever they start and stop, of what is committed meanwhile (seed %i)',
    async (seed) => {
      const random = randomOf(seed);
      const log = await broker.open();
      const [topic, partitions] = [uniqueName('t'), 2];
      await log.ensureTopics([{ name: topic, partitions }]);
      const producer = new Kafka({ brokers: [broker.brokers()], logLevel: logLevel.NOTHING }).producer({
        ...{ transactionalId: uniqueName('tx'), maxInFlightRequests: 1, idempotent: true, retry: { initialRetryTime: 5 } },
      });
      await producer.connect();
      closing.push(() => producer.disconnect());
      const members = await Promise.all(Array.from({ length: 5 }, () => join(log, topic)));

      let [writing, written] = [true, 0];
      const write = async (): Promise<void> => {
        for (let i = 0; i < 60; i++) {
          const partition = random(partitions);
          const texts = Array.from({ length: 1 + random(20) }, () => `${written++}`.padEnd(random(3) === 0 ? 20_000 : 10, '.'));
          if (random(2) === 0) await log.append(batchesOf(topic, partition, texts));
          else {
            const transaction = await producer.transaction();
            await transaction.send({ topic, messages: texts.map((value) => ({ partition, value })) });
            await (random(2) === 0 ? transaction.commit() : transaction.abort());
          }
        }
        writing = false;
      };

      /** What has been read of a partition without a jump. */
      interface Stretch {
        readonly partition: number;
        readonly from: number;
        next: number;
        readonly values: string[];
      }
      const read = async (member: Member): Promise<Stretch[]> => {
        const [current, all]: [Stretch[], Stretch[]] = [[], []];
        const start = (partition: number, from: number): void => {
          all.push((current[partition] = { partition, from, next: from, values: [] }));
          member.start(topic, partition, from);
        };
        for (let partition = 0; partition < partitions; partition++) start(partition, 0);
        const deadline = performance.now() + 40_000;
        for (;;) {
          if (performance.now() > deadline) throw new Error('not read to the end');
          const partition = random(partitions);
          if (writing && random(10) === 0) start(partition, random(current[partition].next + 1));
          if (random(5) === 0) member.pause([{ topic, partition }]);
          else member.resume([{ topic, partition }]);
          if (random(20) === 0) await sleep(random(200));
          const event = await member.next(20);
          if (event?.type === 'failed') throw event.error;
          if (event?.type === 'records') {
            const stretch = current[event.partition];
            for (const batch of event.batches)
              for (const { value } of records(batch, stretch.next)) stretch.values.push(Buffer.from(value!).toString());
            stretch.next = event.nextOffset;
          }
          if (writing || event !== null) continue;
          const ends = await log.offsets(topic);
          if (ends.every(({ stable, high }, i) => stable === high && current[i].next === high)) return all;
        }
      };
      const [, ...stretches] = await Promise.all([write(), ...members.map(read)]);
      for (const { partition, from, next, values } of stretches.flat())
        expect(values).toEqual(await valuesOf(log, topic, partition, from, next));
      expect(stretches.flat().length).toBeGreaterThan(members.length * partitions);
    },
  );
});
