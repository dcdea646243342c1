import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.js';
import { ownEmbeddedLog } from '../../src/log/embedded/open.js';
import { PartitionReader } from '../../src/log/embedded/partition-reader.js';
import { logContract } from './contract.js';
import { codeOf, outputs } from './outputs.js';
import { TestWorker, collect } from './test-worker.js';

logContract('embedded', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'rta-log-'));
  let log = await ownEmbeddedLog(dir);
  return {
    log,
    cleanup: async () => {
      await log.close();
      rmSync(dir, { recursive: true, force: true });
    },
    reopen: async () => {
      await log.close();
      log = await ownEmbeddedLog(dir, { checkEverything: true });
      return log;
    },
  };
});

describe('the embedded log', () => {
  const dirs: string[] = [];
  afterEach(() => {
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });

  async function open(options = {}): Promise<{ log: EmbeddedLog; dir: string }> {
    const dir = mkdtempSync(join(tmpdir(), 'rta-log-'));
    dirs.push(dir);
    return { log: await ownEmbeddedLog(dir, options), dir };
  }

  it('wakes a waiting member at once', async () => {
    const { log } = await open({ sync: false });
    await log.ensureTopics([{ name: 't', partitions: 1 }]);
    const member = await log.join({ group: 'g', topics: ['t'], transactionalId: 'x' });
    await member.next(1000);
    member.start('t', 0, 0);
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      const next = member.next(5000);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const appended = log.append(outputs('t', 0, [`${i}`])).then(() => performance.now());
      expect((await next)?.type).toBe('records');
      waits.push(performance.now() - (await appended));
    }
    waits.sort((a, b) => a - b);
    expect(waits[10]).toBeLessThan(20);
    await log.close();
  });

  it('waits for what is furthest behind while it comes from a slow disk, although the other topic is in memory', async () => {
    const { log } = await open({ sync: false, recentBytes: 400_000 });
    await log.ensureTopics(['behind', 'ahead'].map((name) => ({ name, partitions: 1 })));
    const rows = Array.from({ length: 30 }, (_, i) => `${i}`.padEnd(10_000, '.'));
    for (const topic of ['behind', 'ahead']) for (const row of rows) await log.append(outputs(topic, 0, [row]));
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the reader below
    const { load } = PartitionReader.prototype;
    const slow = vi.spyOn(PartitionReader.prototype, 'load').mockImplementation(async function (this: PartitionReader) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return load.call(this);
    });
    const seen: string[] = [];
    const timeReached = (topic: string): number => seen.filter((name) => name === topic).length * (topic === 'ahead' ? 1000 : 1);
    const member = await log.join({ group: 'g', topics: ['behind', 'ahead'], transactionalId: 'x', bufferBytes: 1, timeReached });
    await member.next(1000);
    for (const topic of ['behind', 'ahead']) member.start(topic, 0, 0);
    let before = -1;
    for (let i = 0; i < 200 && seen.length < 60; i++) {
      const event = await member.next(1000);
      if (event?.type !== 'records') continue;
      for (const batch of event.batches) seen.push(...Array.from({ length: batch.recordCount }, () => event.topic));
      if (before < 0 && seen.filter((name) => name === 'behind').length === 30) before = seen.length - 30;
    }
    slow.mockRestore();
    expect(seen).toHaveLength(60);
    // At chunks of seven rows: one to begin with, and every fourth.
    expect(before).toBeLessThan(20);
    await log.close();
  });

  it('says that what a member was to read next has been deleted, with other partitions beside it', async () => {
    const { log } = await open({ sync: false, recentBytes: 0 });
    await log.ensureTopics([{ name: 't', partitions: 3 }]);
    const member = await log.join({ group: 'g', topics: ['t'], transactionalId: 'x' });
    await member.next(1000);
    for (let p = 0; p < 3; p++) member.start('t', p, 0);
    expect(await member.next(50)).toBeNull();
    await log.append(outputs('t', 0, ['a', 'b']));
    await log.deleteRecords('t', 0, 2);
    expect(await member.next(1000)).toMatchObject({ type: 'failed', error: { code: 'offset_out_of_range' } });
    await log.close();
  });

  it('expels a member that is silent for its session timeout when another is there', async () => {
    const { log } = await open();
    await log.ensureTopics([{ name: 't', partitions: 2 }]);
    const member = async (id: string): Promise<TestWorker> =>
      new TestWorker(log, await log.join({ group: 'g', topics: ['t'], transactionalId: id, sessionTimeoutMs: 600 }), 10_000);
    const one = await member('one');
    await one.until(() => one.assigned.length === 2);
    const two = await member('two');
    await two.until(() => two.assigned.length === 2);
    const late = one.member.commit({ epoch: one.epoch, outputs: outputs('t', 0, ['zombie']), offsets: [] });
    expect(await codeOf(late)).toBe('fenced');
    const event = await one.member.next(100);
    expect(event?.type === 'failed' ? event.error.code : event).toBe('fenced');
    await log.close();
  });

  it('tells the offsets of commits that are under way, whatever is refused beside them', async () => {
    const { log } = await open();
    await log.ensureTopics([{ name: 't', partitions: 1 }]);
    const [one, other] = [
      await log.join({ group: 'g', topics: ['t'], transactionalId: 'one' }),
      await log.join({ group: 'h', topics: ['t'], transactionalId: 'other' }),
    ];
    const event = await one.next(1000);
    const epoch = event?.type === 'assigned' ? event.epoch : -1;
    await log.append(outputs('t', 0, ['read']));
    const under = one.commit({ epoch, outputs: [], offsets: [{ topic: 't', partition: 0, offset: 1, metadata: '' }] });
    const refused = codeOf(other.commit({ epoch: -2, outputs: [], offsets: [{ topic: 't', partition: 0, offset: 9, metadata: '' }] }));
    // As the next owner of the partition asks: what it starts from must not be read by the one before as well.
    expect((await one.committed([{ topic: 't', partition: 0 }]))[0].offset).toBe(1);
    await under;
    expect(await refused).toBe('fenced');
    await log.close();
  });

  it('reads nothing of what was started while it was being taken away', async () => {
    const { log } = await open();
    await log.ensureTopics([{ name: 't', partitions: 2 }]);
    for (const partition of [0, 1]) await log.append(outputs('t', partition, ['read']));
    const one = await log.join({ group: 'g', topics: ['t'], transactionalId: 'one' });
    expect(await one.next(1000)).toMatchObject({ type: 'assigned', partitions: [{ partition: 0 }, { partition: 1 }] });
    const two = await log.join({ group: 'g', topics: ['t'], transactionalId: 'two' });
    // It has not heard yet that it loses them.
    for (const partition of [0, 1]) one.start('t', partition, 0);
    expect(await one.next(1000)).toMatchObject({ type: 'revoked' });
    expect(await one.next(1000)).toMatchObject({ type: 'assigned', partitions: [{}] });
    expect(await one.next(200)).toBeNull();
    await Promise.all([one, two].map((member) => member.leave()));
    await log.close();
  });

  it('takes no writes after one has failed, and is whole when opened again', async () => {
    const { log, dir } = await open();
    await log.ensureTopics([{ name: 't', partitions: 1 }]);
    await log.append(outputs('t', 0, ['a']));
    // What a full disk does, at the same place: LevelDB refuses the write.
    await (log as unknown as { db: { close(): Promise<void> } }).db.close();
    const both = [log.append(outputs('t', 0, ['b'])), log.append(outputs('t', 0, ['c']))];
    expect(await Promise.all(both.map((append) => codeOf(append)))).toEqual(['unknown', 'unknown']);
    expect(await codeOf(log.append(outputs('t', 0, ['d'])))).toBe('aborted');
    await log.close();
    const again = await ownEmbeddedLog(dir);
    expect((await collect(again, 't', 0)).map((r) => r.value)).toEqual(['a']);
    await again.append(outputs('t', 0, ['e']));
    await again.close();
  });

  it('appends the same batch twice without harm to who reads the first', async () => {
    const { log } = await open();
    await log.ensureTopics([{ name: 't', partitions: 1 }]);
    const batch = outputs('t', 0, ['a', 'b']);
    await log.append(batch);
    await log.append(batch);
    expect((await collect(log, 't', 0)).map((r) => [r.offset, r.value])).toEqual([[0, 'a'], [1, 'b'], [2, 'a'], [3, 'b']]); // prettier-ignore
    await log.close();
  });

  it('refuses outputs that are not what they say', async () => {
    const { log } = await open();
    await log.ensureTopics([{ name: 't', partitions: 1 }]);
    const [good] = outputs('t', 0, ['a', 'b']);
    expect(await codeOf(log.append([{ ...good, recordCount: 3 }]))).toBe('corrupt');
    expect(await codeOf(log.append([{ ...good, batch: good.batch.subarray(0, 70) }]))).toBe('corrupt');
    expect(await codeOf(log.append([{ ...good, batch: new Uint8Array(0) }]))).toBe('corrupt');
    expect(await codeOf(log.append([{ ...good, partition: 1 }]))).toBe('unknown_topic');
    expect(await collect(log, 't', 0)).toEqual([]);
    await log.close();
  });

  it('ends its members when it is closed', async () => {
    const { log } = await open();
    await log.ensureTopics([{ name: 't', partitions: 1 }]);
    const member = await log.join({ group: 'g', topics: ['t'], transactionalId: 'x' });
    await member.next(1000);
    const next = member.next(10_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await log.close();
    const event = await next;
    expect(event?.type === 'failed' ? event.error.code : event).toBe('closed');
    expect(await codeOf(log.topics())).toBe('closed');
    expect(await codeOf(log.append(outputs('t', 0, ['a'])))).toBe('closed');
  });

  it('tells the members of a group when a topic of theirs goes', async () => {
    const { log } = await open();
    await log.ensureTopics([{ name: 't', partitions: 2 }, { name: 'u', partitions: 1 }]); // prettier-ignore
    const worker = new TestWorker(log, await log.join({ group: 'g', topics: ['t', 'u'], transactionalId: 'x' }), 5000);
    await worker.until(() => worker.assigned.length === 3);
    await log.append(outputs('t', 0, ['a']));
    await log.deleteTopics(['t']);
    await worker.until(() => worker.assigned.length === 1);
    await log.ensureTopics([{ name: 't', partitions: 1 }]);
    await worker.until(() => worker.assigned.length === 2);
    expect(await collect(log, 't', 0)).toEqual([]);
    await log.close();
  });
});
