/** The contract of a log: one member of a group. */
import { describe, expect, it } from 'vitest';
import type { Fixture } from './contract.js';
import { codeOf, outputs, unique } from './outputs.js';
import { collect, values } from './test-worker.js';

export function memberTests(on: Fixture): void {
  describe('a member', () => {
    it('is assigned all partitions, has no offsets, and gets the records from where it starts', async () => {
      const name = await on.topic(2);
      await on.log.append([...outputs(name, 0, ['a', 'b']), ...outputs(name, 1, ['c'])]);
      const worker = await on.join(unique('g'), [name]);
      await worker.until(() => worker.assigned.length === 2);
      expect(await worker.member.committed(worker.assigned)).toEqual(
        worker.assigned.map(({ topic: t, partition }) => ({ topic: t, partition, offset: null, metadata: '' })),
      );
      await worker.until(() => worker.count === 3);
      expect(values(worker.of(name, 0))).toEqual(['a', 'b']);
      expect(values(worker.of(name, 1))).toEqual(['c']);
      await on.log.append(outputs(name, 1, ['d']));
      await worker.until(() => worker.count === 4);
      // Read to the end is seen as such.
      await worker.until(() => worker.isAtEnd(name, 0) && worker.isAtEnd(name, 1));
      await on.leave(worker);
    });

    it('commits outputs and offsets together, with metadata', async () => {
      const [from, to] = [await on.topic(), await on.topic(2)];
      const group = unique('g');
      await on.log.append(outputs(from, 0, ['a', 'b', 'c']));
      const worker = await on.join(group, [from]);
      await worker.until(() => worker.count === 3);
      const next = worker.of(from, 0)[1].offset + 1;
      const result = await worker.member.commit({
        epoch: worker.epoch,
        outputs: [...outputs(to, 0, ['x']), ...outputs(to, 1, ['y', 'z'])],
        offsets: [{ topic: from, partition: 0, offset: next, metadata: '{"w":12.5}' }],
      });
      expect(values(await collect(on.log, to, 0))).toEqual(['x']);
      const second = await collect(on.log, to, 1);
      expect(values(second)).toEqual(['y', 'z']);
      expect(result.baseOffsets[1]).toBe(second[0].offset);
      const expected = [{ topic: from, partition: 0, offset: next, metadata: '{"w":12.5}' }];
      expect(await worker.member.committed([{ topic: from, partition: 0 }])).toEqual(expected);
      await worker.member.commit({ epoch: worker.epoch, outputs: [], offsets: [{ ...expected[0], offset: next + 1, metadata: '' }] });
      await worker.member.commit({ epoch: worker.epoch, outputs: outputs(to, 0, ['only outputs']), offsets: [] });
      await on.leave(worker);
      expect(await on.log.groupOffsets(group, [{ topic: from, partition: 0 }])).toEqual([
        { ...expected[0], offset: next + 1, metadata: '' },
      ]);
      expect(values(await collect(on.log, to, 0))).toEqual(['x', 'only outputs']);
    });

    it('does all of a commit or nothing', async () => {
      const [from, to] = [await on.topic(), await on.topic()];
      const group = unique('g');
      const worker = await on.join(group, [from]);
      await worker.until(() => worker.assigned.length === 1);
      const commit = worker.member.commit({
        epoch: worker.epoch,
        outputs: [...outputs(to, 0, ['x']), ...outputs(unique('none'), 0, ['y'])],
        offsets: [{ topic: from, partition: 0, offset: 0, metadata: 'm' }],
      });
      expect(await codeOf(commit)).not.toBe('none');
      await on.leave(worker);
      expect(await collect(on.log, to, 0)).toEqual([]);
      expect(await on.log.groupOffsets(group, [{ topic: from, partition: 0 }])).toEqual([
        { topic: from, partition: 0, offset: null, metadata: '' },
      ]);
    });

    it('goes on where its group stopped', async () => {
      const name = await on.topic();
      const group = unique('g');
      await on.log.append(outputs(name, 0, ['a', 'b', 'c', 'd']));
      const first = await on.join(group, [name]);
      await first.until(() => first.count === 4);
      const next = first.of(name, 0)[2].offset;
      await first.member.commit({
        epoch: first.epoch,
        outputs: [],
        offsets: [{ topic: name, partition: 0, offset: next, metadata: 'here' }],
      });
      await on.leave(first);
      const second = await on.join(group, [name]);
      await second.until(() => second.count === 2);
      expect(values(second.of(name, 0))).toEqual(['c', 'd']);
      expect(second.metadata.get(`${name}-0`)).toBe('here');
      await on.leave(second);
    });

    it('can move to another offset', async () => {
      const name = await on.topic();
      for (const value of ['a', 'b', 'c']) await on.log.append(outputs(name, 0, [value]));
      const worker = await on.join(unique('g'), [name]);
      await worker.until(() => worker.count === 3);
      const { offset } = worker.of(name, 0)[1];
      worker.clear();
      worker.start(name, 0, offset);
      await worker.until(() => worker.count === 2);
      expect(values(worker.of(name, 0))).toEqual(['b', 'c']);
      await on.leave(worker);
    });

    it('gets nothing of a partition while it is paused, and everything afterwards', async () => {
      const name = await on.topic(2);
      const worker = await on.join(unique('g'), [name]);
      await worker.until(() => worker.assigned.length === 2);
      worker.member.pause([{ topic: name, partition: 0 }]);
      await on.log.append([...outputs(name, 0, ['a', 'b']), ...outputs(name, 1, ['c'])]);
      await worker.until(() => worker.count === 1);
      await worker.idle(500);
      expect(values(worker.of(name, 0))).toEqual([]);
      worker.member.resume([{ topic: name, partition: 0 }]);
      await worker.until(() => worker.count === 3);
      expect(values(worker.of(name, 0))).toEqual(['a', 'b']);
      await on.leave(worker);
    });

    it('gets each record once and in order, in spite of a small buffer', async () => {
      const name = await on.topic(3);
      const rows = Array.from({ length: 300 }, (_, i) => `${i}`.padEnd(3000, '.'));
      for (let p = 0; p < 3; p++) for (let i = 0; i < 300; i += 50) await on.log.append(outputs(name, p, rows.slice(i, i + 50), 20_000));
      const worker = await on.join(unique('g'), [name], { bufferBytes: 100_000 });
      await worker.until(() => worker.count >= 900);
      for (let p = 0; p < 3; p++) expect(values(worker.of(name, p))).toEqual(rows);
      await on.leave(worker);
    });

    it('reads first what is furthest behind in time, and all of it in the end', async () => {
      // A record of the sparse topic goes on ten times as far, as where one side of a join has more records than the other.
      const [dense, sparse] = [await on.topic(3), await on.topic(3)];
      const rows = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(40_000, '.'));
      for (const name of [dense, sparse])
        for (let p = 0; p < 3; p++) for (let i = 0; i < 200; i += 20) await on.log.append(outputs(name, p, rows.slice(i, i + 20), 80_000));
      const seen = new Map<string, number>();
      const timeReached = (topic: string, partition: number): number =>
        (seen.get(`${topic} ${partition}`) ?? 0) * (topic === sparse ? 10 : 1);
      const read = (topic: string): number => [0, 1, 2].reduce((sum, p) => sum + (seen.get(`${topic} ${p}`) ?? 0), 0);
      const worker = await on.join(unique('g'), [dense, sparse], { bufferBytes: 1 << 20, timeReached });
      await worker.until(() => {
        seen.clear();
        for (const topic of [dense, sparse]) for (let p = 0; p < 3; p++) seen.set(`${topic} ${p}`, worker.of(topic, p).length);
        return read(dense) >= 450;
      });
      // In turns, as much would be read of the other.
      expect(read(sparse)).toBeGreaterThan(0);
      expect(read(sparse)).toBeLessThan(300);
      await worker.until(() => worker.count >= 1200);
      for (const topic of [dense, sparse]) for (let p = 0; p < 3; p++) expect(values(worker.of(topic, p))).toEqual(rows);
      await on.leave(worker);
    });

    it('says that nothing came', async () => {
      const name = await on.topic();
      const worker = await on.join(unique('g'), [name]);
      await worker.until(() => worker.assigned.length === 1);
      await worker.idle(300);
      const before = Date.now();
      expect(await worker.member.next(200)).toBeNull();
      expect(Date.now() - before).toBeGreaterThanOrEqual(150);
      await on.leave(worker);
    });
  });
}
