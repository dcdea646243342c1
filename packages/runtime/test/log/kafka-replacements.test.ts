/** Each module of KafkaJS that is replaced, beside the stock one: they agree, or stock is wrong and the test says how. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { records } from '../../src/log/batch/records.js';
import { compressBatch, sealBatch } from '../../src/log/batch/seal.js';
import { kafkaJsFolder, loadKafkaJs, replacedModules } from '../../src/log/kafka/load-kafkajs.js';
import { decodeMessages } from '../../src/log/kafka/replace/decode-messages.js';
import { groupMessagesPerPartition } from '../../src/log/kafka/replace/group-messages-per-partition.js';
import { REPLACEMENTS } from '../../src/log/kafka/replace/index.js';
import { createRequest } from '../../src/log/kafka/replace/request.js';
import { quietRequestQueue } from '../../src/log/kafka/replace/request-queue.js';

/** The application's KafkaJS: stock, whatever ours has loaded. */
const stockRequire = createRequire(join(kafkaJsFolder(), 'package.json'));
const stock = (path: string): any => stockRequire(`./src/${path}`);
const Encoder = stock('protocol/encoder.js');
const Decoder = stock('protocol/decoder.js');

interface TestRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

function batchOf(list: readonly TestRecord[]): Uint8Array {
  const builder = new BatchBuilder('t', 0, 64 * 1024 * 1024);
  for (const { key, value, timestamp } of list) {
    const k = key === null ? null : Buffer.from(key);
    const v = value === null ? null : Buffer.from(value);
    builder.append(timestamp, k, 0, k?.length ?? 0, v, 0, v?.length ?? 0, null);
  }
  return builder.take()[0].batch;
}

function recordSet(...batches: Uint8Array[]): any {
  const bytes = Buffer.concat(batches);
  return new Decoder(new Encoder().writeInt32(bytes.length).writeBuffer(bytes).buffer);
}

const list = (count: number, from = 0): TestRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    key: i % 3 === 0 ? null : `k${from + i}`,
    value: i % 5 === 0 ? null : `value ${from + i} ä`,
    timestamp: 1_700_000_000_000 + ((i * 7919) % 1000),
  }));

describe('fetch/v4/decodeMessages', () => {
  const stockDecode = stock('protocol/requests/fetch/v4/decodeMessages.js') as (decoder: unknown) => Promise<any[]>;
  const flatten = async (decoder: unknown): Promise<unknown[]> =>
    (await decodeMessages(decoder as Parameters<typeof decodeMessages>[0])).flatMap(({ batch, batchContext, isControlRecord }) =>
      [...records(batch)].map((record) => ({
        offset: String(record.offset),
        timestamp: String(record.timestamp),
        key: record.key === null ? null : Buffer.from(record.key).toString(),
        value: record.value === null ? null : Buffer.from(record.value).toString(),
        producerId: batchContext.producerId,
        inTransaction: batchContext.inTransaction,
        isControlRecord,
      })),
    );
  const stockFlatten = async (decoder: unknown): Promise<unknown[]> =>
    (await stockDecode(decoder)).map((message) => ({
      offset: message.offset,
      timestamp: message.timestamp,
      key: message.key?.toString() ?? null,
      value: message.value?.toString() ?? null,
      producerId: message.batchContext.producerId,
      inTransaction: message.batchContext.inTransaction,
      isControlRecord: message.isControlRecord,
    }));

  test.each(['none', 'gzip'] as const)('the same records as stock (%s), a cut off batch at the end left out', async (compression) => {
    const first = sealBatch(await compressBatch(batchOf(list(100)), compression), { baseOffset: 5, producerId: 7n, transactional: true });
    const second = sealBatch(await compressBatch(batchOf(list(50, 100)), compression), { baseOffset: 200 });
    const cut = second.subarray(0, second.length - 3);
    expect(await flatten(recordSet(first, second))).toEqual(await stockFlatten(recordSet(first, second)));
    expect(await flatten(recordSet(first, cut))).toEqual(await stockFlatten(recordSet(first, cut)));
    expect(await flatten(recordSet())).toEqual(await stockFlatten(recordSet()));
  });

  test('stock overflows the stack at large batches; a view does not', async () => {
    const large = sealBatch(batchOf(list(200_000)), { baseOffset: 0 });
    await expect(stockDecode(recordSet(large))).rejects.toThrow(RangeError);
    const [message] = await decodeMessages(recordSet(large));
    expect([message.batch.recordCount, message.firstOffset, message.offset]).toEqual([200_000, '0', '199999']);
  });

  test('stock takes a flipped bit; here the CRC does not', async () => {
    const sealed = Uint8Array.from(sealBatch(batchOf(list(10)), { baseOffset: 0 }));
    sealed[sealed.length - 4] ^= 1;
    expect(await stockDecode(recordSet(sealed))).toHaveLength(10);
    await expect(decodeMessages(recordSet(sealed))).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('groupMessagesPerPartition', () => {
  const stockGroup = stock('producer/groupMessagesPerPartition.js') as typeof groupMessagesPerPartition;
  const input = (count: number): Parameters<typeof groupMessagesPerPartition<{ n: number }, number>>[0] => ({
    topic: 't',
    partitionMetadata: [0, 1, 2],
    messages: Array.from({ length: count }, (_, n) => ({ n })),
    partitioner: ({ message }) => (message.n * 7) % 3,
  });

  test('the same groups', () => {
    expect(groupMessagesPerPartition(input(100))).toEqual(stockGroup(input(100)));
    expect(groupMessagesPerPartition({ ...input(3), partitionMetadata: [] })).toEqual({});
  });

  test('linear: 300,000 messages at once', () => {
    expect(Object.values(groupMessagesPerPartition(input(300_000))).map((group) => group.length)).toEqual([100_000, 100_000, 100_000]);
  });
});

describe('produce/v3/request', () => {
  const parameters = {
    acks: -1,
    timeout: 30_000,
    transactionalId: 'tx',
    producerId: '4711',
    producerEpoch: 3,
    topicData: [
      { topic: 'a', partitions: [{ partition: 0, firstSequence: 5, messages: [{ key: 'k', value: 'v', timestamp: 1_700_000_000_000 }] }] },
      { topic: 'ü', partitions: [{ partition: 7, firstSequence: 0, messages: [{ key: null, value: 'w', timestamp: 1_700_000_000_001 }] }] },
    ],
  };
  const stockV7 = stock('protocol/requests/produce/v7/request.js') as (p: unknown) => any;
  const ours = (p: object): any => loadKafkaJs().requests['Produce'].protocol({ version: 7 })(p as Record<string, unknown>).request;

  test('messages are encoded by stock', async () => {
    expect((await ours(parameters).encode()).buffer).toEqual((await stockV7(parameters).encode()).buffer);
  });

  test('a sealed batch goes where stock writes its own', async () => {
    const encoded: Buffer = (await stockV7(parameters).encode()).buffer;
    // The batches are cut out of stock's bytes and sent again as they are.
    const reader = new Decoder(encoded);
    reader.readString();
    reader.readInt16();
    reader.readInt32();
    const topicData = reader.readArray((d: any) => ({
      topic: d.readString(),
      partitions: d.readArray((p: any) => ({ partition: p.readInt32(), batch: p.readBytes() as Buffer })),
    }));
    const request = ours({ ...parameters, topicData });
    expect([request.apiKey, request.apiVersion, request.apiName, request.expectResponse()]).toEqual([0, 7, 'Produce', true]);
    expect((await request.encode()).buffer).toEqual(encoded);
  });
});

describe('txnOffsetCommit', () => {
  const parameters = {
    transactionalId: 'tx',
    groupId: 'g',
    producerId: '9',
    producerEpoch: 2,
    generationId: 6,
    memberId: 'm',
    topics: [{ topic: 't', partitions: [{ partition: 1, offset: 300, metadata: 'w' }] }],
  };
  const ours = loadKafkaJs().requests['TxnOffsetCommit'];

  test('v1 is stock', async () => {
    const stockCall = stock('protocol/requests/txnOffsetCommit/index.js').protocol({ version: 1 })(parameters);
    const encoded = (await ours.protocol({ version: 1 })(parameters).request.encode()).buffer;
    expect(encoded).toEqual((await stockCall.request.encode()).buffer);
  });

  test('v3 carries generation and member, as the protocol says', async () => {
    const { request, response } = ours.protocol({ version: 3 })(parameters);
    expect(ours.versions).toEqual(['0', '1', '3']);
    expect((await request.encode()).buffer.toString('hex')).toBe(
      ['00', '037478', '0267', '0000000000000009', '0002', '00000006', '026d', '00'] // header tags … no group instance id
        .concat(['02', '0274', '02', '00000001', '000000000000012c', 'ffffffff', '0277', '00', '00', '00'])
        .join(''),
    );
    const bytes = Buffer.from('00' + '00000000' + '02' + '0274' + '02' + '00000001' + '0019' + '00' + '00' + '00', 'hex');
    const decoded = (await response.decode(bytes)) as any;
    expect(decoded.topics).toEqual([{ topic: 't', partitions: [{ partition: 1, errorCode: 25 }] }]);
    await expect(response.parse(decoded)).rejects.toMatchObject({ type: 'UNKNOWN_MEMBER_ID' });
  });
});

describe('offsetFetch', () => {
  const parameters = { groupId: 'g', topics: [{ topic: 't', partitions: [{ partition: 0 }, { partition: 2 }] }] };
  const ours = loadKafkaJs().requests['OffsetFetch'];

  test('v4 is stock', async () => {
    const stockCall = stock('protocol/requests/offsetFetch/index.js').protocol({ version: 4 })(parameters);
    const encoded = (await ours.protocol({ version: 4 })(parameters).request.encode()).buffer;
    expect(encoded).toEqual((await stockCall.request.encode()).buffer);
  });

  test('v7 requires stable offsets, as the protocol says', async () => {
    const { request, response } = ours.protocol({ version: 7 })(parameters);
    expect((await request.encode()).buffer.toString('hex')).toBe(
      '00' + '0267' + '02' + '0274' + '03' + '00000000' + '00000002' + '00' + '01' + '00',
    );
    const partition = '00000002' + '0000000000000007' + 'ffffffff' + '0277' + '0058' + '00';
    // A tagged field that we do not know is skipped.
    const decoded = (await response.decode(
      Buffer.from('00' + '00000000' + '02' + '0274' + '02' + partition + '00' + '0000' + '01' + '05' + '02' + 'abcd', 'hex'),
    )) as any;
    expect(decoded.responses).toEqual([{ topic: 't', partitions: [{ partition: 2, offset: '7', metadata: 'w', errorCode: 88 }] }]);
    await expect(response.parse(decoded)).rejects.toMatchObject({ type: 'UNSTABLE_OFFSET_COMMIT' });
  });
});

describe('protocol/request', () => {
  const stockRequest = stock('protocol/request.js') as typeof createRequest;

  test('the same bytes as stock', async () => {
    const { request } = stock('protocol/requests/joinGroup/index.js').protocol({ version: 5 })({
      groupId: 'g',
      sessionTimeout: 10_000,
      rebalanceTimeout: 30_000,
      memberId: 'm',
      protocolType: 'consumer',
      groupProtocols: [{ name: 'p', metadata: Buffer.alloc(2_000, 7) }],
    });
    for (const clientId of ['rta', 'größer'])
      expect((await createRequest({ correlationId: 77, clientId, request })).buffer).toEqual(
        (await stockRequest({ correlationId: 77, clientId, request })).buffer,
      );
  });
});

describe('network/requestQueue', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const timersAfterAnswer = (Queue: any): number => {
    vi.useFakeTimers();
    const logger = { debug: () => undefined, warn: () => undefined };
    const queue = new Queue({
      maxInFlightRequests: 1,
      requestTimeout: 1000,
      enforceRequestTimeout: false,
      clientId: 'c',
      broker: 'b',
      logger,
    });
    const sent: number[] = [];
    for (const correlationId of [1, 2])
      queue.push({
        entry: { correlationId, resolve: () => undefined, reject: () => undefined },
        expectResponse: true,
        sendRequest: () => sent.push(correlationId),
      });
    queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
    queue.fulfillRequest({ correlationId: 2, payload: null, size: 0 });
    expect(sent).toEqual([1, 2]);
    vi.advanceTimersByTime(1_000);
    return vi.getTimerCount();
  };

  test('stock keeps a timer for ever (#1751); ours does not', () => {
    const Stock = stock('network/requestQueue/index.js');
    expect(timersAfterAnswer(Stock)).toBe(1);
    expect(timersAfterAnswer(quietRequestQueue(Stock))).toBe(0);
  });
});

describe('loading', () => {
  const copies: string[] = [];
  afterEach(() => {
    for (const copy of copies.splice(0)) rmSync(copy, { recursive: true, force: true });
  });

  const copyOfKafkaJs = (): string => {
    const root = join(mkdtempSync(join(tmpdir(), 'rta-kafkajs-')), 'kafkajs');
    cpSync(kafkaJsFolder(), root, { recursive: true, dereference: true });
    copies.push(join(root, '..'));
    return root;
  };

  test('an application’s own KafkaJS stays stock', () => {
    loadKafkaJs();
    expect(stock('protocol/requests/fetch/v4/decodeMessages.js')).not.toBe(decodeMessages);
  });

  test('our KafkaJS has the replacements, wherever they are required', () => {
    const modules = replacedModules(kafkaJsFolder(), REPLACEMENTS);
    expect(modules.load('src/protocol/requests/fetch/v4/decodeMessages.js')).toBe(decodeMessages);
    expect(loadKafkaJs().requests['OffsetFetch'].versions).toContain('7');
  });

  test('another version is refused', () => {
    const root = copyOfKafkaJs();
    const manifest = join(root, 'package.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"version": "2.2.4"', '"version": "2.3.0"'));
    expect(() => replacedModules(root, REPLACEMENTS)).toThrow(/KafkaJS 2\.3\.0 is installed .* exactly 2\.2\.4/);
  });

  test.each(REPLACEMENTS.map(({ path }) => path))('a changed %s is refused', (path) => {
    const root = mkdtempSync(join(tmpdir(), 'rta-kafkajs-'));
    copies.push(root);
    cpSync(join(kafkaJsFolder(), 'src'), join(root, 'src'), { recursive: true, dereference: true });
    symlinkSync(join(kafkaJsFolder(), 'package.json'), join(root, 'package.json'));
    expect(() => replacedModules(root, REPLACEMENTS)).not.toThrow();
    writeFileSync(join(root, path), `${readFileSync(join(root, path), 'utf8')}\n// patched\n`);
    expect(() => replacedModules(root, REPLACEMENTS)).toThrow(/is not the file of KafkaJS 2\.2\.4 that rta replaces/);
  });
});
