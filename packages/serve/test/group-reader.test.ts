/** What is left when a run ends: read to the end by the whole group, within a limit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BatchBuilder, type Log, openEmbeddedLog } from '@rta/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GroupReader, type GroupReaderOptions } from '../src/group-reader.js';

const PARTITIONS = 4;
const RECORDS = 20;

const directory = mkdtempSync(join(tmpdir(), 'rta-group-reader-'));
let log: Log;
let topics = 0;

beforeAll(async () => {
  log = await openEmbeddedLog(join(directory, 'log'), { sync: false });
});

afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A topic with records in all partitions, and readers of a group of it that note what they take. */
async function newTopic(): Promise<{
  taken: string[];
  topic: string;
  reader: (more?: Partial<GroupReaderOptions<string>>) => GroupReader<string>;
}> {
  const topic = `t${String(topics++)}`;
  await log.ensureTopics([{ name: topic, partitions: PARTITIONS }]);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const builder = new BatchBuilder(topic, partition);
    for (let i = 0; i < RECORDS; i++) builder.append(0, null, 0, 0, Buffer.from(String(i)), 0, String(i).length, null);
    await log.append(builder.take());
  }
  const taken: string[] = [];
  const reader = (more: Partial<GroupReaderOptions<string>> = {}): GroupReader<string> =>
    new GroupReader({
      ...{ log, topic, group: topic, transactionalId: `${topic}.a`, mostRecords: 10, lingerMs: 0 },
      read: ({ offset }, partition) => Promise.resolve(`${String(partition)}@${String(offset)}`),
      take: ({ items }) => Promise.resolve(void taken.push(...items)),
      ...more,
    });
  return { topic, taken, reader };
}

it('waits for the partitions of a member that does nothing, and takes them when that is gone', async () => {
  const { topic, taken, reader } = await newTopic();
  const other = await log.join({ group: topic, topics: [topic], transactionalId: `${topic}.b` });
  const [first, started] = [reader(), Date.now()];
  const ended = first.run();
  // Until both have some.
  for (let event = await other.next(1000); event?.type !== 'assigned' || event.partitions.length === PARTITIONS;) {
    expect(Date.now() - started).toBeLessThan(20_000);
    event = await other.next(1000);
  }
  await first.drain({ ms: 20_000, whileItGoes: false });
  const early = await Promise.race([ended.then(() => 'ended'), delay(1500, 'waits')]);
  expect([early, first.drained, taken.length]).toEqual(['waits', false, (PARTITIONS / 2) * RECORDS]);
  await other.leave();
  await ended;
  expect([first.drained, new Set(taken).size, taken.length]).toEqual([true, PARTITIONS * RECORDS, PARTITIONS * RECORDS]);
});

it('does not wait for what another member has taken', async () => {
  const { taken, reader } = await newTopic();
  const both = [reader(), reader({ transactionalId: 'another' })];
  const ended = both.map((one) => one.run());
  for (const one of both) await one.drain({ ms: 20_000, whileItGoes: false });
  await Promise.all(ended);
  expect(both.map(({ drained }) => drained)).toEqual([true, true]);
  expect(taken.length).toBe(PARTITIONS * RECORDS);
});

it('has left what was taken in vain until the limit', async () => {
  const { taken, reader } = await newTopic();
  const slow = reader({
    mostRecords: PARTITIONS * RECORDS,
    take: (_batch, signal) => delay(60_000, undefined, { signal }),
  });
  await slow.drain({ ms: 300, whileItGoes: true });
  await slow.run();
  expect([slow.drained, taken.length]).toEqual([false, 0]);
});

it.each([
  ['goes on for as long as something is taken', true],
  ['ends after the limit', false],
])('%s', async (_what, whileItGoes) => {
  const { taken, reader } = await newTopic();
  const slow = reader({
    take: async ({ items }, signal) => {
      await delay(150, undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
      taken.push(...items);
    },
  });
  await slow.drain({ ms: 500, whileItGoes });
  await slow.run();
  expect(slow.drained).toBe(whileItGoes);
  if (whileItGoes) expect(taken.length).toBe(PARTITIONS * RECORDS);
  else expect(taken.length).toBeLessThan(PARTITIONS * RECORDS);
});
