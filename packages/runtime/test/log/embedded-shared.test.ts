/** A log that commands share with each other, and with a process that runs pipelines. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ownEmbeddedLog, shareEmbeddedLog } from '../../src/log/embedded/open.js';
import type { Log } from '../../src/log/log.js';
import { codeOf, outputs } from './outputs.js';
import { temporary } from './temporary.js';
import { collect } from './test-worker.js';

const values = async (log: Log, topic: string): Promise<unknown[]> => (await collect(log, topic, 0)).map(({ value }) => value);

describe('a shared log', () => {
  it('goes on when the process that has it open ends', async () => {
    const dir = temporary();
    const first = await shareEmbeddedLog(dir);
    await first.ensureTopics([{ name: 't', partitions: 1 }]);
    const second = await shareEmbeddedLog(dir);
    const third = await shareEmbeddedLog(dir);
    await second.append(outputs('t', 0, ['a']));
    await first.close();
    // Both at once: one opens it, the other one comes to that.
    await Promise.all([second.offsets('t'), third.offsets('t')]);
    await Promise.all([second.append(outputs('t', 0, ['b'])), third.append(outputs('t', 0, ['c']))]);
    expect((await values(third, 't')).sort()).toEqual(['a', 'b', 'c']);
    await second.close();
    expect((await values(third, 't')).length).toBe(3);
    await third.close();
    expect(await codeOf(third.topics())).toBe('closed');
  });

  it('is given up to who runs pipelines, with all that was written, and is served by that one', async () => {
    const dir = temporary();
    const shared = await shareEmbeddedLog(dir);
    await shared.ensureTopics([{ name: 't', partitions: 1 }]);
    const written: string[] = [];
    let writing = true;
    const writes = (async () => {
      for (let i = 0; writing; i++) {
        written.push(`${i}`);
        await shared.append(outputs('t', 0, [`${i}`]));
        await delay(1);
      }
    })();
    await delay(50);
    const runs = await ownEmbeddedLog(dir, {}, 10_000);
    const before = written.length;
    const member = await runs.join({ group: 'g', topics: ['t'], transactionalId: 'x' });
    await expect.poll(() => written.length, { timeout: 10_000 }).toBeGreaterThan(before + 10);
    writing = false;
    await writes;
    expect(await values(runs, 't')).toEqual(written);
    await member.leave();
    await runs.close();
    // It is this one's again.
    expect(await values(shared, 't')).toEqual(written);
    await shared.close();
  });

  it('is read on where a reading was when it changed hands', async () => {
    const dir = temporary();
    const shared = await shareEmbeddedLog(dir);
    await shared.ensureTopics([{ name: 't', partitions: 1 }]);
    const expected = Array.from({ length: 200 }, (_, i) => `${i}`);
    for (const value of expected) await shared.append(outputs('t', 0, [value]));
    const offsets: number[] = [];
    let runs: Log | null = null;
    for await (const batch of shared.read('t', 0, 0, 200)) {
      offsets.push(batch.baseOffset);
      if (offsets.length === 70) runs = await ownEmbeddedLog(dir, {}, 10_000);
    }
    expect(offsets).toEqual(expected.map(Number));
    await runs?.close();
    await shared.close();
  });

  it('of which a group is joined is kept', async () => {
    const dir = temporary();
    const shared = await shareEmbeddedLog(dir);
    await shared.ensureTopics([{ name: 't', partitions: 1 }]);
    const member = await shared.join({ group: 'g', topics: ['t'], transactionalId: 'x' });
    expect(await codeOf(ownEmbeddedLog(dir, {}, 500))).toBe('in_use');
    await member.leave();
    await shared.close();
  });
});
