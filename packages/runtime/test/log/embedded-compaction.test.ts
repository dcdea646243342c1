import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.js';
import { ownEmbeddedLog } from '../../src/log/embedded/open.js';
import { type Row, outputs } from './outputs.js';
import { type Seen, TestWorker, collect } from './test-worker.js';

const DAY = 24 * 60 * 60 * 1000;
const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

let clock = 1_800_000_000_000;

async function open(dir?: string): Promise<{ log: EmbeddedLog; dir: string }> {
  const at = dir ?? mkdtempSync(join(tmpdir(), 'rta-compact-'));
  if (dir === undefined) dirs.push(at);
  return { log: await ownEmbeddedLog(at, { now: () => clock, compactEveryMs: Infinity, checkEverything: true, sync: false }), dir: at };
}

const compact = { name: 'c', partitions: 1, config: { 'cleanup.policy': 'compact' } };

/** Latest value by key, tombstones included. */
function table(seen: readonly Pick<Seen, 'key' | 'value'>[]): Map<string | null, string | null> {
  return new Map(seen.map((record) => [record.key, record.value]));
}

describe('compaction', () => {
  it('leaves the last record of each key, at its offset, in fewer batches', async () => {
    const { log, dir } = await open();
    await log.ensureTopics([compact]);
    const all: Row[] = [];
    for (let i = 0; i < 200; i++) {
      const rows = Array.from({ length: 10 }, (_, n) => ({
        key: `k${(i * 7 + n * 3) % 50}`,
        value: `${i}.${n}`,
        timestamp: clock + i * 10 + n,
      }));
      all.push(...rows);
      await log.append(outputs('c', 0, rows));
    }
    const before = await collect(log, 'c', 0);
    await log.compact();
    const again = await open(await closed(log, dir));
    const after = await collect(again.log, 'c', 0);
    expect(after.length).toBe(50);
    expect(after).toEqual(before.filter((r) => before.findLast((other) => other.key === r.key) === r));
    let batches = 0;
    for await (const batch of again.log.read('c', 0, 0, Infinity)) batches += batch.recordCount > 0 ? 1 : 0;
    expect(batches).toBeLessThan(5);
    expect(await again.log.offsets('c')).toEqual([{ partition: 0, low: 0, stable: 2000, high: 2000 }]);
    // From any offset, also one that is no more.
    expect(await collect(again.log, 'c', 0, 1990)).toEqual(after.filter((r) => r.offset >= 1990));
    await again.log.close();
  });

  it('drops tombstones when they are old, and not before', async () => {
    const { log } = await open();
    await log.ensureTopics([{ ...compact, config: { 'cleanup.policy': 'compact', 'delete.retention.ms': `${7 * DAY}` } }]);
    await log.append(outputs('c', 0, [{ key: 'a', value: '1', timestamp: clock }, { key: 'b', value: '1', timestamp: clock }])); // prettier-ignore
    await log.append(outputs('c', 0, [{ key: 'a', value: null, timestamp: clock }]));
    await log.compact();
    expect((await collect(log, 'c', 0)).map((r) => [r.key, r.value])).toEqual([['b', '1'], ['a', null]]); // prettier-ignore
    clock += 8 * DAY;
    await log.append(outputs('c', 0, [{ key: 'x', value: 'y', timestamp: clock }]));
    await log.compact();
    expect((await collect(log, 'c', 0)).map((r) => [r.key, r.value])).toEqual([['b', '1'], ['x', 'y']]); // prettier-ignore
    await log.close();
  });

  it('leaves other topics alone', async () => {
    const { log } = await open();
    await log.ensureTopics([{ name: 'd', partitions: 1 }]);
    await log.append(outputs('d', 0, [{ key: 'a', value: '1' }, { key: 'a', value: '2' }])); // prettier-ignore
    await log.compact();
    expect((await collect(log, 'd', 0)).length).toBe(2);
    await log.close();
  });

  it('goes on beside appends, reads and deletions, and a member comes to the end of what is left', async () => {
    const { log, dir } = await open();
    await log.ensureTopics([compact]);
    const rows = (i: number): Row[] =>
      Array.from({ length: 20 }, (_, n) => ({ key: `k${(i + n) % 30}`, value: `${i}.${n}`.padEnd(500, '.') }));
    const expected = new Map<string | null, string | null>();
    const note = (list: readonly Row[]): void => list.forEach((row) => expected.set(row.key ?? null, row.value));
    for (let i = 0; i < 100; i++) {
      note(rows(i));
      await log.append(outputs('c', 0, rows(i)));
    }
    const reading = collect(log, 'c', 0);
    const compacting = log.compact();
    for (let i = 100; i < 150; i++) {
      note(rows(i));
      await log.append(outputs('c', 0, rows(i)));
    }
    await log.deleteRecords('c', 0, 40);
    await compacting;
    await reading.catch((error: unknown) => expect((error as { code: string }).code).toBe('offset_out_of_range'));
    await log.compact();
    const again = await open(await closed(log, dir));
    expect(table(await collect(again.log, 'c', 0, 40))).toEqual(expected);
    const worker = new TestWorker(again.log, await again.log.join({ group: 'g', topics: ['c'], transactionalId: 't' }), 5000);
    await worker.until(() => worker.isAtEnd('c', 0));
    expect(table(worker.all)).toEqual(expected);
    await again.log.close();
  });

  it('never changes what a table reads (random rows, compactions and restarts)', async () => {
    const row = fc.record({
      key: fc.option(fc.constantFrom('', 'a', 'b', 'cc', 'ddd')),
      value: fc.option(fc.string({ maxLength: 8 })),
      timestamp: fc.constant(clock),
    });
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.array(row, { minLength: 1, maxLength: 12 }) },
      { weight: 2, arbitrary: fc.constantFrom('compact', 'restart') },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        let { log, dir } = await open(); // eslint-disable-line prefer-const
        await log.ensureTopics([compact]);
        const written: Row[] = [];
        for (const what of steps) {
          if (what === 'compact') await log.compact();
          else if (what === 'restart') ({ log } = await open(await closed(log, dir)));
          else {
            await log.append(outputs('c', 0, what));
            written.push(...what);
          }
        }
        const seen = await collect(log, 'c', 0);
        const keyed = (list: readonly { key?: string | null; value: string | null }[]): Map<string | null, string | null> =>
          new Map(list.filter((r) => r.key !== null && r.key !== undefined).map((r) => [r.key!, r.value]));
        expect(keyed(seen)).toEqual(keyed(written));
        // Records without a key are nobody's to supersede.
        expect(seen.filter((r) => r.key === null).map((r) => r.value)).toEqual(written.filter((r) => r.key === null).map((r) => r.value));
        await log.close();
        rmSync(dir, { recursive: true, force: true });
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

async function closed(log: EmbeddedLog, dir: string): Promise<string> {
  await log.close();
  return dir;
}
