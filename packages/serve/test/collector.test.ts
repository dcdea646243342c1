/** The door for events, on an embedded log: what is written, and what is said where it cannot be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AvroSchema } from '@rta/dsl';
import { codecFor, unframe } from '@rta/registry';
import { openEmbeddedLog, partitionOf, records, type Log, type LogRecord } from '@rta/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Collector, type CollectSettings, type CollectTarget } from '../src/collect/collector.js';
import { RateLimit } from '../src/collect/rate-limit.js';

const SCHEMA: AvroSchema = {
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'user', type: ['null', 'string'], default: null },
    { name: 'tags', type: ['null', { type: 'map', values: 'long' }], default: null },
    { name: 'raw', type: 'bytes', default: '' },
  ],
};

const PARTITIONS = 3;
let directory: string;
let log: Log;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rta-collector-'));
  log = await openEmbeddedLog(directory);
  await log.ensureTopics([
    { name: 'events', partitions: PARTITIONS },
    { name: 'refused', partitions: 1 },
  ]);
});

afterEach(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

function collector({ rate = null, ...more }: Partial<CollectTarget & Pick<CollectSettings, 'rate'>> = {}): Collector {
  const source = { topic: 'events', schema: SCHEMA, key: ['user'] };
  const rejects = { topic: 'refused', partitions: 1 };
  const target = { source, schemaId: 7, partitions: PARTITIONS, rejects, ...more };
  return new Collector({ path: '/collect', target: () => target, origins: null, rate }, log);
}

const collect = (to: Collector, body: unknown) => to.collect(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), '::1');

async function read(topic: string): Promise<(LogRecord & { readonly partition?: number })[]> {
  const found: LogRecord[] = [];
  for (const { partition, low, stable } of await log.offsets(topic))
    for await (const batch of log.read(topic, partition, low, stable)) found.push(...records(batch, low));
  return found;
}

describe('the collector', () => {
  test('takes nothing before it is known where that goes, and goes by what is known then', async () => {
    let target: CollectTarget | null = null;
    const to = new Collector({ path: '/collect', target: () => target, origins: null, rate: null }, log);
    await expect(collect(to, { user: 'ann' })).rejects.toMatchObject({ statusCode: 503, code: 'not_ready', retryAfter: 1 });
    const fields = (...names: string[]): AvroSchema => ({
      type: 'record',
      name: 'E',
      fields: names.map((name) => ({ name, type: 'string' })),
    });
    const of = (schema: AvroSchema): CollectTarget => ({
      ...{ source: { topic: 'events', schema, key: null }, schemaId: null },
      ...{ partitions: PARTITIONS, rejects: null },
    });
    target = of(fields('user'));
    expect(await collect(to, { user: 'ann' })).toMatchObject({ accepted: 1, rejected: 0 });
    target = of(fields('user', 'page'));
    expect(await collect(to, { user: 'ann' })).toMatchObject({ accepted: 0, rejected: 1 });
    expect(to.counts).toEqual({ accepted: 1, rejected: { schema: 1 } });
  });

  test('writes framed Avro, keyed and placed as Kafka’s own clients would; maps and bytes as JSON has them', async () => {
    const users = ['ann', 'bob', 'cid', 'dan'];
    const answer = await collect(
      collector(),
      users.map((user, i) => ({ user, tags: { n: i }, raw: '\u00ff\u0001' })),
    );
    expect(answer).toEqual({ accepted: 4, rejected: 0, errors: [] });
    const written = await read('events');
    const values = written.map(({ key, value }) => {
      const { id, data } = unframe(value!)!;
      return [Buffer.from(key!).toString(), id, codecFor(SCHEMA).decode(data)];
    });
    expect(new Map(values.map(([key, ...rest]) => [key, rest]))).toEqual(
      new Map(users.map((user, i) => [user, [7, { user, tags: new Map([['n', i]]), raw: Uint8Array.of(255, 1) }]])),
    );
    for (const { partition, stable } of await log.offsets('events'))
      expect(stable).toBe(users.filter((user) => partitionOf(Buffer.from(user), 0, user.length, PARTITIONS) === partition).length);
  });

  test('refuses what has no key or is not of the schema, and keeps it with the reason', async () => {
    const answer = await collect(collector(), { batch: [{ user: null }, { user: 5 }, { user: 'ann', tags: { n: 1.5 } }] });
    expect(answer).toMatchObject({ accepted: 0, rejected: 3 });
    expect(answer.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('user'),
      expect.stringContaining('user'),
      expect.stringContaining('tags'),
    ]);
    const kept = await read('refused');
    expect(kept.map(({ value }) => JSON.parse(Buffer.from(value!).toString()) as unknown)).toEqual([
      { user: null },
      { user: 5 },
      { user: 'ann', tags: { n: 1.5 } },
    ]);
    expect(kept[0].headers.map(({ key, value }) => [key, Buffer.from(value!).toString()])).toContainEqual(['rta.reason', 'schema']);
  });

  test('says 503 where it is not certain that it was written', async () => {
    const to = collector();
    await log.close();
    await expect(collect(to, { user: 'ann' })).rejects.toMatchObject({ statusCode: 503, code: 'not_durable', retryAfter: 1 });
    expect(to.counts.accepted).toBe(0);
  });

  test('what waits for the log is bounded: more of it is 503', async () => {
    const to = collector({ rejects: null });
    const large = Array.from({ length: 700 }, (_, i) => ({ user: `u${i}`, raw: 'x'.repeat(60_000) }));
    const sent = await Promise.allSettled(large.map((event) => collect(to, event)));
    const refused = sent.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ statusCode: 503, code: 'overloaded' });
    expect(await read('events')).toHaveLength(large.length - refused.length);
    expect(to.pendingBytes).toBe(0);
  });
});

describe('the rate limit', () => {
  test('is by address, and fills up again with time', () => {
    const limit = new RateLimit(10);
    expect(limit.wait('a', 10, 0)).toBe(0);
    expect(limit.wait('a', 5, 0)).toBe(1);
    expect(limit.wait('b', 5, 0)).toBe(0);
    expect(limit.wait('a', 5, 500)).toBe(0);
    // A request with more than a second's worth passes once in a while, and counts in full.
    expect(limit.wait('c', 30, 0)).toBe(0);
    expect(limit.wait('c', 1, 1000)).toBeGreaterThan(0);
    expect(limit.wait('c', 1, 3000)).toBe(0);
  });
});
