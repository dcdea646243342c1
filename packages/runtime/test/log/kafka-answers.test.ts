/** How a connection puts answers together, and in what memory. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { records } from '../../src/log/batch/records.js';
import { AnswerMemory } from '../../src/log/kafka/answer-memory.js';
import { kafkaJsFolder } from '../../src/log/kafka/load-kafkajs.js';
import { AnswerReader, readingConnection } from '../../src/log/kafka/replace/connection.js';
import { fetch } from '../../src/log/kafka/requests.js';
import { quietSocket } from '../../src/log/kafka/socket.js';
import { uniqueName, useBroker, withoutKafka } from './kafka-broker.js';
import { nextOf } from './kafka-texts.js';
import { outputs } from './outputs.js';
import { randomOf } from '../simulation/scheduler.js';

const stock = createRequire(join(kafkaJsFolder(), 'package.json'));

const framed = (answer: Uint8Array): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(answer.length);
  return Buffer.concat([size, answer]);
};

describe('AnswerReader', () => {
  test('gives the answers, however they are cut, from memory that is used again for each piece', () => {
    const random = randomOf(5);
    const answers = [4, 5, 17, 4000, 70_000, 300_000, 4, 20 * 1024 * 1024, 9].map((size, i) => Buffer.alloc(size, i + 1));
    const bytes = Buffer.concat(answers.map(framed));
    for (const most of [1, 7, 65_536, bytes.length]) {
      const [seen, prefixes]: [Buffer[], number[]] = [[], []];
      const reader = new AnswerReader();
      const memory = Buffer.alloc(most);
      // Byte by byte only what is small.
      const end = most < 100 ? 5000 : bytes.length;
      for (let at = 0; at < end;) {
        const length = bytes.copy(memory, 0, at, Math.min(bytes.length, at + 1 + random(most)));
        reader.read(memory.subarray(0, length), (answer, prefix) => {
          seen.push(answer);
          prefixes.push(prefix.readInt32BE());
        });
        memory.fill(0xdb);
        at += length;
      }
      expect(seen.length).toBeGreaterThanOrEqual(4);
      for (const [i, answer] of seen.entries()) expect(answer.equals(answers[i]), `${i} by ${most}`).toBe(true);
      expect(prefixes).toEqual(seen.map((answer) => answer.length));
      if (end === bytes.length) expect(seen).toHaveLength(answers.length);
    }
  });

  test('does not take the memory that a size asks for before so much has come', () => {
    const reader = new AnswerReader();
    const before = process.memoryUsage().arrayBuffers;
    reader.read(Buffer.from('HTTP/1.1 400 Bad Request'), () => expect.unreachable());
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });

  test.each([-1, 0, 3])('refuses a size of %i', (size) => {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(size);
    expect(() => new AnswerReader().read(bytes, () => undefined)).toThrow('this is no Kafka broker');
  });
});

describe('a connection', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  const Stock = stock('./src/network/connection.js');
  const stockSocket = stock('./src/network/socketFactory.js')();

  /** Connected to a server; `fulfilled` is what its queue is told. */
  const connected = async (Connection: new (options: object) => any, serve: (socket: Socket, nth: number) => void) => {
    let connections = 0;
    const server = createServer((socket) => {
      serve(socket, connections++);
      ends.push(() => socket.destroy());
    }).listen(0, '127.0.0.1');
    ends.push(() => server.close());
    await once(server, 'listening');
    const { createLogger, LEVELS } = stock('./src/loggers/index.js');
    const connection = new Connection({
      ...{ host: '127.0.0.1', port: (server.address() as AddressInfo).port, clientId: 'c', connectionTimeout: 1000, requestTimeout: 1000 },
      logger: createLogger({ level: LEVELS.NOTHING, logCreator: () => () => undefined }),
      // Stock keeps the pieces that it is given.
      socketFactory: Connection === Stock ? stockSocket : quietSocket(stockSocket),
    });
    ends.push(() => connection.socket?.destroy());
    const fulfilled: { correlationId: number; text: string }[] = [];
    connection.requestQueue.fulfillRequest = ({ correlationId, payload }: { correlationId: number; payload: Buffer }) =>
      fulfilled.push({ correlationId, text: payload.toString() });
    await connection.connect();
    return { connection, fulfilled };
  };
  const answerOf = (id: number, text: string): Buffer => {
    const bytes = Buffer.alloc(4 + text.length);
    bytes.writeInt32BE(id);
    bytes.write(text, 4);
    return framed(bytes);
  };

  test.each([
    [
      'stock mixes what was left of the connection before into the next one’s answers',
      Stock,
      [{ correlationId: 6, text: expect.stringMatching(/^this.*who$/s) }],
    ],
    ['ours begins anew', readingConnection(Stock), [{ correlationId: 7, text: 'whole' }]],
  ])('%s', async (_what, Connection, expected) => {
    const { connection, fulfilled } = await connected(Connection, (socket, nth) => {
      if (nth === 0) socket.end(answerOf(6, 'this is cut off').subarray(0, 12));
      else socket.write(answerOf(7, 'whole'));
    });
    await once(connection.socket, 'close');
    await connection.connect();
    await once(connection.socket, 'data');
    expect(fulfilled).toEqual(expected);
  });

  test('of answers in large and small pieces', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(i * i * 997));
    const { fulfilled } = await connected(readingConnection(Stock), (socket) => {
      for (const [i, text] of texts.entries()) socket.write(answerOf(i, text));
    });
    await expect.poll(() => fulfilled.length).toBe(texts.length);
    expect(fulfilled).toEqual(texts.map((text, correlationId) => ({ correlationId, text })));
  });

  test('that gets an answer of no size ends', async () => {
    const { connection, fulfilled } = await connected(readingConnection(Stock), (socket) => socket.write(Buffer.alloc(100)));
    await expect.poll(() => connection.isConnected()).toBe(false);
    expect(fulfilled).toEqual([]);
  });
});

test('a fetch is asked for as stock asks', async () => {
  const topics = ['t', 'größer'].map((topic, i) => ({
    topic,
    partitions: Array.from({ length: 1 + 20 * i }, (_, n) => ({ partition: n, fetchOffset: n * 2 ** 40, maxBytes: 1 << n })),
  }));
  const parameters = { maxWaitTime: 100, minBytes: 1, maxBytes: 2 ** 21, topics };
  const encoder = await stock('./src/protocol/requests/fetch/v11/request.js')({ replicaId: -1, ...parameters }).encode();
  expect((await fetch(parameters).request.encode()).buffer).toEqual(encoder.buffer);
});

describe('AnswerMemory', () => {
  const MIB = 1024 * 1024;

  test('is used again when the last who reads it has said so, once', () => {
    const memory = new AnswerMemory();
    const first = memory.take(MIB).buffer;
    const releases = [memory.hold(first), memory.hold(first)];
    releases[0]();
    releases[0]();
    expect(memory.take(MIB).buffer).not.toBe(first);
    releases[1]();
    releases[1]();
    expect(memory.take(MIB - 1).buffer).toBe(first);
    expect(memory.take(MIB).buffer).not.toBe(first);
  });

  test('is not given for much less, nor kept without end', () => {
    const memory = new AnswerMemory();
    const large = memory.take(2 * MIB).buffer;
    memory.hold(large)();
    expect(memory.take(MIB / 8).buffer).not.toBe(large);
    const many = Array.from({ length: 100 }, () => memory.take(2 * MIB).buffer);
    for (const each of many) memory.hold(each)();
    const again = Array.from({ length: 100 }, () => memory.take(2 * MIB).buffer);
    expect(again.filter((each) => many.includes(each) || each === large)).toHaveLength(16);
  });

  test('of small answers is left to the collector', () => {
    const memory = new AnswerMemory();
    const small = memory.take(1000);
    memory.hold(small.buffer)();
    expect(memory.take(1000).byteOffset === small.byteOffset && memory.take(1000).buffer === small.buffer).toBe(false);
  });
});

describe.skipIf(withoutKafka)('on Kafka', { timeout: 60_000 }, () => {
  const broker = useBroker();

  test('what is not released stays as it was, while the memory of what is released is used again', async () => {
    const log = await broker.open();
    const topic = uniqueName('answers');
    await log.ensureTopics([{ name: topic, partitions: 3 }]);
    const [count, text] = [60_000, (partition: number, n: number) => `${partition}/${n}/${'x'.repeat(100)}`];
    for (let partition = 0; partition < 3; partition++)
      await log.append(
        outputs(
          topic,
          partition,
          Array.from({ length: count }, (_, n) => text(partition, n)),
          256 * 1024,
        ),
      );
    const [group, transactionalId] = [uniqueName('g'), uniqueName('tx')];
    const member = await log.join({ group, topics: [topic], transactionalId, bufferBytes: 1024 * 1024 });
    await nextOf(member, 'assigned');
    for (let partition = 0; partition < 3; partition++) member.start(topic, partition, 0);
    const next = [0, 0, 0];
    const memories = new Set<ArrayBufferLike>();
    const [kept, events]: [(() => void)[], number] = [[], 400];
    for (let i = 0; i < events && next.some((n) => n < count); i++) {
      const { partition, batches, release } = await nextOf(member, 'records');
      const from = next[partition];
      const look = (): void => {
        let n = from;
        for (const batch of batches)
          for (const { value } of records(batch)) if (Buffer.from(value!).toString() !== text(partition, n++)) expect.unreachable();
        next[partition] = Math.max(next[partition], n);
      };
      look();
      for (const { bytes } of batches) memories.add(bytes.buffer);
      // One in four stays.
      if (i % 4 === 0) kept.push(look);
      else {
        release?.();
        release?.();
      }
    }
    expect(next).toEqual([count, count, count]);
    for (const look of kept) look();
    expect(kept.length).toBeGreaterThan(3);
    // All that was read would not fit into what it was read into.
    const memoryBytes = [...memories].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(memoryBytes).toBeLessThan(3 * count * text(0, 0).length);
    await member.leave();
  });
});
