/** The contract of a log: topics, appending and reading. */
import { describe, expect, it } from 'vitest';
import type { Fixture } from './contract.js';
import { type Row, codeOf, outputs, unique } from './outputs.js';
import { collect, values } from './test-worker.js';

const encoder = new TextEncoder();

export function topicTests(on: Fixture): void {
  describe('topics', () => {
    it('are made once, and stay as they are', async () => {
      const name = unique('t');
      await on.log.ensureTopics([{ name, partitions: 3, config: { 'cleanup.policy': 'compact' } }]);
      await on.log.append(outputs(name, 1, [{ key: 'k', value: 'a' }]));
      await on.log.ensureTopics([{ name, partitions: 3 }]);
      const described = (await on.log.topics()).find((t) => t.name === name);
      expect(described).toMatchObject({ name, partitions: 3 });
      expect(described?.config['cleanup.policy']).toBe('compact');
      expect(values(await collect(on.log, name, 1))).toEqual(['a']);
    });

    it('can be configured anew: what is named changes, null is the default, the rest stays', async () => {
      const name = unique('t');
      await on.log.ensureTopics([{ name, partitions: 2, config: { 'cleanup.policy': 'compact', 'retention.ms': '60000' } }]);
      await on.log.append(outputs(name, 1, [{ key: 'k', value: 'a' }]));
      await on.log.configureTopics([{ name, config: { 'retention.ms': '120000', 'compression.type': 'zstd' } }]);
      await on.log.configureTopics([{ name, config: { 'cleanup.policy': null } }]);
      const described = (await on.log.topics()).find((t) => t.name === name);
      expect(described).toMatchObject({ partitions: 2, config: { 'retention.ms': '120000', 'compression.type': 'zstd' } });
      expect(described?.config).not.toHaveProperty('cleanup.policy');
      expect(values(await collect(on.log, name, 1))).toEqual(['a']);
      expect(await codeOf(on.log.configureTopics([{ name: unique('none'), config: {} }]))).toBe('unknown_topic');
    });

    it('with another number of partitions are an error', async () => {
      const name = await on.topic(2);
      expect(await codeOf(on.log.ensureTopics([{ name, partitions: 3 }]))).toBe('partition_count');
    });

    it('that do not exist are an error', async () => {
      const name = unique('none');
      expect(await codeOf(on.log.offsets(name))).toBe('unknown_topic');
      expect(await codeOf(collect(on.log, name, 0))).toBe('unknown_topic');
      expect(await codeOf(on.log.append(outputs(name, 0, ['a'])))).toBe('unknown_topic');
      expect(await codeOf(on.log.join({ group: unique('g'), topics: [name], transactionalId: unique('tx') }))).toBe('unknown_topic');
    });

    it('can be deleted', async () => {
      const name = await on.topic();
      await on.log.append(outputs(name, 0, ['a']));
      await on.log.deleteTopics([name]);
      expect((await on.log.topics()).map((t) => t.name)).not.toContain(name);
    });

    it('without records can be read', async () => {
      const name = await on.topic(2);
      expect(await collect(on.log, name, 0)).toEqual([]);
      expect(await on.log.offsets(name)).toEqual([0, 1].map((partition) => ({ partition, low: 0, stable: 0, high: 0 })));
    });
  });

  describe('append and read', () => {
    it('give the records back: keys, values, tombstones, headers, timestamps', async () => {
      const name = await on.topic();
      const rows: Row[] = [
        { key: 'k', value: 'v', timestamp: 1_700_000_000_123 },
        { key: 'k', value: null },
        { key: null, value: 'no key' },
        { key: '', value: '' },
        { key: 'h', value: 'x', headers: [{ key: 'one', value: encoder.encode('1') }, { key: 'none', value: null }] }, // prettier-ignore
      ];
      await on.log.append(outputs(name, 0, rows));
      const seen = await collect(on.log, name, 0);
      expect(seen.map((r) => [r.key, r.value])).toEqual(rows.map((r) => [r.key ?? null, r.value]));
      expect(seen[0].timestamp).toBe(1_700_000_000_123);
      expect(seen[4].headers).toEqual({ one: '1', none: null });
      expect(seen[3].headers).toEqual({});
    });

    it('say at which offsets the records are', async () => {
      const name = await on.topic(3);
      const first = await on.log.append([...outputs(name, 0, ['a', 'b']), ...outputs(name, 2, ['c'])]);
      const second = await on.log.append([...outputs(name, 2, ['d', 'e']), ...outputs(name, 0, ['f'])]);
      const p0 = await collect(on.log, name, 0);
      const p2 = await collect(on.log, name, 2);
      expect([values(p0), values(await collect(on.log, name, 1)), values(p2)]).toEqual([['a', 'b', 'f'], [], ['c', 'd', 'e']]);
      expect(first.baseOffsets).toEqual([p0[0].offset, p2[0].offset]);
      expect(second.baseOffsets).toEqual([p2[1].offset, p0[2].offset]);
      const [o0, o1, o2] = await on.log.offsets(name);
      expect(o1).toEqual({ partition: 1, low: 0, stable: 0, high: 0 });
      expect(o0.stable).toBeGreaterThan(p0[2].offset);
      expect(o2.stable).toBeGreaterThan(p2[2].offset);
      expect(o0.high).toBeGreaterThanOrEqual(o0.stable);
    });

    it('read from an offset to another, and end there', async () => {
      const name = await on.topic();
      for (let i = 0; i < 5; i++) await on.log.append(outputs(name, 0, [`${i}a`, `${i}b`, `${i}c`]));
      const all = await collect(on.log, name, 0);
      expect(all.length).toBe(15);
      for (const [from, to] of [
        [0, 15],
        [4, 11],
        [7, 8],
        [14, 15],
        [6, 6],
      ]) {
        const until = to === 15 ? Infinity : all[to].offset;
        expect(values(await collect(on.log, name, 0, all[from].offset, until))).toEqual(values(all.slice(from, to)));
      }
      const end = (await on.log.offsets(name))[0].stable;
      expect(await collect(on.log, name, 0, end, Infinity)).toEqual([]);
    });

    it('take batches up to a megabyte, and many of them', async () => {
      const name = await on.topic();
      const rows = Array.from({ length: 60 }, (_, i) => ({ key: `k${i}`, value: `${i}:`.padEnd(50_000, 'x') }));
      const batches = outputs(name, 0, rows);
      expect(batches.length).toBeGreaterThan(2);
      for (const batch of batches) await on.log.append([batch]);
      const one = outputs(name, 0, [{ value: 'y'.repeat(1_000_000) }]);
      await on.log.append(one);
      const seen = await collect(on.log, name, 0);
      expect(seen.length).toBe(61);
      expect(values(seen.slice(0, 60))).toEqual(rows.map((r) => r.value));
      expect(seen[60].value?.length).toBe(1_000_000);
    });

    it('keep the order of a partition under many appends at once', async () => {
      const name = await on.topic(2);
      const appends = [];
      for (let i = 0; i < 40; i++) appends.push(on.log.append(outputs(name, i % 2, [`${i}`])));
      await Promise.all(appends);
      const all = [...(await collect(on.log, name, 0)), ...(await collect(on.log, name, 1))];
      expect(new Set(values(all)).size).toBe(40);
      for (const partition of [0, 1]) {
        const offsets = (await collect(on.log, name, partition)).map((r) => r.offset);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      }
    });

    it('refuse to read what has been deleted', async () => {
      const name = await on.topic();
      for (let i = 0; i < 4; i++) await on.log.append(outputs(name, 0, [`${i}`]));
      const all = await collect(on.log, name, 0);
      await on.log.deleteRecords(name, 0, all[2].offset);
      expect((await on.log.offsets(name))[0].low).toBe(all[2].offset);
      expect(values(await collect(on.log, name, 0, all[2].offset))).toEqual(['2', '3']);
      expect(await codeOf(collect(on.log, name, 0, 0))).toBe('offset_out_of_range');
      expect(await codeOf(collect(on.log, name, 0, all[3].offset + 1000))).toBe('offset_out_of_range');
    });
  });
}
