/** The contract of a log: members of one group. */
import { describe, expect, it } from 'vitest';
import type { Fixture } from './contract.js';
import { codeOf, outputs, unique } from './outputs.js';
import { TestWorker, collect, values } from './test-worker.js';

export function groupTests(on: Fixture): void {
  describe('a group', () => {
    it('shares the partitions, each with one owner, all topics alike', async () => {
      const [a, b] = [await on.topic(4), await on.topic(4)];
      const group = unique('g');
      const one = await on.join(group, [a, b]);
      await one.until(() => one.assigned.length === 8);
      const two = await on.join(group, [a, b]);
      await TestWorker.all([one, two], () => one.assigned.length === 4 && two.assigned.length === 4);
      const all = [...one.assigned, ...two.assigned].map((p) => `${p.topic}-${p.partition}`);
      expect(new Set(all).size).toBe(8);
      // A task reads the same partition of all its inputs.
      for (const worker of [one, two]) {
        const partitions = (t: string): number[] => worker.assigned.filter((p) => p.topic === t).map((p) => p.partition).sort(); // prettier-ignore
        expect(partitions(a)).toEqual(partitions(b));
      }
      const everything = [0, 1, 2, 3].flatMap((p) => outputs(a, p, [`${p}`]));
      await on.log.append(everything);
      await TestWorker.all([one, two], () => one.count + two.count >= 4);
      expect([...values(one.all), ...values(two.all)].sort()).toEqual(['0', '1', '2', '3']);
      await on.leave(one, two);
    });

    it('gives the partitions of a member that leaves to the others, with their offsets', async () => {
      const name = await on.topic(2);
      const group = unique('g');
      await on.log.append([...outputs(name, 0, ['a', 'b']), ...outputs(name, 1, ['c', 'd'])]);
      const one = await on.join(group, [name]);
      const two = await on.join(group, [name]);
      await TestWorker.all([one, two], () => one.assigned.length === 1 && two.assigned.length === 1 && one.count === 2 && two.count === 2);
      const mine = one.assigned[0];
      const next = one.of(name, mine.partition)[1].offset;
      await one.member.commit({ epoch: one.epoch, outputs: [], offsets: [{ ...mine, offset: next, metadata: 'one' }] });
      const before = values(one.of(name, mine.partition))[1];
      await on.leave(one);
      two.clear();
      await two.until(() => two.assigned.length === 2 && two.of(name, mine.partition).length === 1);
      expect(values(two.of(name, mine.partition))).toEqual([before]);
      expect(two.metadata.get(`${name}-${mine.partition}`)).toBe('one');
      await on.leave(two);
    });

    it('raises the epoch, and refuses a commit under an old one: nothing of it is done', async () => {
      const [name, to] = [await on.topic(2), await on.topic()];
      const group = unique('g');
      const one = await on.join(group, [name]);
      await one.until(() => one.assigned.length === 2);
      const old = one.epoch;
      const two = await on.join(group, [name]);
      // The first member sees the revocation only when it asks.
      await TestWorker.all([one, two], () => one.assigned.length === 1 && two.assigned.length === 1);
      expect(one.epoch).toBeGreaterThan(old);
      const lost = two.assigned[0];
      const late = one.member.commit({
        epoch: old,
        outputs: outputs(to, 0, ['zombie']),
        offsets: [{ ...lost, offset: 0, metadata: 'zombie' }],
      });
      expect(await codeOf(late)).toBe('fenced');
      await two.member.commit({
        epoch: two.epoch,
        outputs: outputs(to, 0, ['owner']),
        offsets: [{ ...lost, offset: 0, metadata: 'owner' }],
      });
      expect(values(await collect(on.log, to, 0))).toEqual(['owner']);
      expect(await two.member.committed([lost])).toEqual([{ ...lost, offset: 0, metadata: 'owner' }]);
      await on.leave(one, two);
    });

    it('does what was to be committed when the member heard that it loses its partitions', async () => {
      const [name, to] = [await on.topic(2), await on.topic()];
      const group = unique('g');
      for (const partition of [0, 1]) await on.log.append(outputs(name, partition, ['read']));
      const one = await on.join(group, [name]);
      await one.until(() => one.assigned.length === 2);
      const old = one.epoch;
      const two = await on.join(group, [name]);
      const mine = one.assigned[0];
      const under = one.member.commit({
        epoch: old,
        outputs: outputs(to, 0, ['last words']),
        offsets: [{ ...mine, offset: 1, metadata: '' }],
      });
      const [code] = await Promise.all([
        codeOf(under),
        TestWorker.all([one, two], () => one.assigned.length === 1 && two.assigned.length === 1),
      ]);
      expect(code).toBe('none');
      expect(values(await collect(on.log, to, 0))).toEqual(['last words']);
      const [owner] = [one, two].filter(({ assigned }) => assigned[0].partition === mine.partition);
      expect((await owner.member.committed([mine]))[0].offset).toBe(1);
      await on.leave(one, two);
    });

    it('does not wait for a member that stands still for ever, and fences it', async () => {
      const [name, to] = [await on.topic(2), await on.topic()];
      const group = unique('g');
      const one = await on.join(group, [name]);
      await one.until(() => one.assigned.length === 2);
      const two = await on.join(group, [name]);
      await two.until(() => two.assigned.length >= 1);
      const late = one.member.commit({ epoch: one.epoch, outputs: outputs(to, 0, ['zombie']), offsets: [] });
      expect(await codeOf(late)).toBe('fenced');
      expect(await collect(on.log, to, 0)).toEqual([]);
      await on.leave(one, two);
    });

    it('fences the one before when a transactional id comes again', async () => {
      const [name, to] = [await on.topic(), await on.topic()];
      const transactionalId = unique('tx');
      const one = await on.join(unique('g'), [name], { transactionalId });
      await one.until(() => one.assigned.length === 1);
      const two = await on.join(unique('g'), [name], { transactionalId });
      await two.until(() => two.assigned.length === 1);
      const late = one.member.commit({ epoch: one.epoch, outputs: outputs(to, 0, ['zombie']), offsets: [] });
      expect(await codeOf(late)).toBe('fenced');
      await two.member.commit({ epoch: two.epoch, outputs: outputs(to, 0, ['owner']), offsets: [] });
      expect(values(await collect(on.log, to, 0))).toEqual(['owner']);
      await on.leave(one, two);
    });

    it('copies exactly once while members come and go', async () => {
      const [from, to] = [await on.topic(4), await on.topic(4)];
      const group = unique('g');
      for (let p = 0; p < 4; p++)
        for (let i = 0; i < 5; i++)
          await on.log.append(
            outputs(
              from,
              p,
              [0, 1, 2, 3].map((n) => `${p}:${i * 4 + n}`),
            ),
          );
      let committed = 0;
      const copy = async (worker: TestWorker, rounds: number): Promise<void> => {
        for (let round = 0; round < rounds && committed < 80; round++) {
          await worker.step(200);
          const batch = worker.takeFirst();
          if (batch === null) continue;
          const request = {
            epoch: worker.epoch,
            outputs: outputs(to, batch.partition, values(batch.records).map((value) => ({ value }))), // prettier-ignore
            offsets: [{ topic: from, partition: batch.partition, offset: batch.nextOffset, metadata: '' }],
          };
          const code = await codeOf(worker.member.commit(request));
          if (code === 'none') committed += batch.records.length;
          else {
            expect(code).toBe('fenced');
            return;
          }
        }
      };
      for (let turn = 0; turn < 12 && committed < 80; turn++) {
        const one = await on.join(group, [from]);
        const two = await on.join(group, [from]);
        await Promise.all([copy(one, 4), copy(two, 6)]);
        await on.leave(one);
        await copy(two, turn < 2 ? 3 : 60);
        await on.leave(two);
      }
      for (let p = 0; p < 4; p++) expect(values(await collect(on.log, to, p))).toEqual(Array.from({ length: 20 }, (_, i) => `${p}:${i}`));
    });
  });
}
