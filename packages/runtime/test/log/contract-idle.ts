/** The contract of a log: commits for a group in which nobody runs. */
import { describe, expect, it } from 'vitest';
import { LogError, type CommittedOffset, type IdleCommit, type OutputBatch } from '../../src/log/log.js';
import type { Fixture } from './contract.js';
import { codeOf, outputs, unique } from './outputs.js';
import { collect, values } from './test-worker.js';

export function idleTests(on: Fixture): void {
  const nothing = (topic: string): CommittedOffset => ({ topic, partition: 0, offset: null, metadata: '' });
  const at = (topic: string, offset: number, metadata = ''): IdleCommit['offsets'][number] => ({ topic, partition: 0, offset, metadata });

  describe('a group without members', () => {
    it('gets outputs and offsets at once, and those who join find them', async () => {
      const [name, to] = [await on.topic(), await on.topic()];
      const [group, transactionalId] = [unique('g'), unique('tx')];
      await on.log.append(outputs(name, 0, ['a', 'b']));
      const request = { group, transactionalId, outputs: outputs(to, 0, ['x']) };
      await on.log.commitIdle({ ...request, expected: [nothing(name)], offsets: [at(name, 1, 'm')] });
      expect(values(await collect(on.log, to, 0))).toEqual(['x']);
      expect(await on.log.groupOffsets(group, [{ topic: name, partition: 0 }])).toEqual([at(name, 1, 'm')]);
      const worker = await on.join(group, [name]);
      await worker.until(() => worker.count === 1);
      expect(values(worker.all)).toEqual(['b']);
      expect(worker.metadata.get(`${name}-0`)).toBe('m');
    });

    it('gets outputs in parts, all of them or none', async () => {
      const [name, to] = [await on.topic(), await on.topic(2)];
      const [group, transactionalId] = [unique('g'), unique('tx')];
      await on.log.append(outputs(name, 0, ['a', 'b']));
      const request = { group, transactionalId, expected: [nothing(name)], offsets: [at(name, 1)] };
      async function* parts(fails: boolean): AsyncGenerator<OutputBatch[], void, undefined> {
        yield outputs(to, 0, ['x1', 'x2']);
        yield [];
        // What is there can be read meanwhile, as far as it was there before.
        expect(values(await collect(on.log, name, 0))).toEqual(['a', 'b']);
        yield [...outputs(to, 1, ['y1']), ...outputs(to, 0, ['x3'])];
        if (fails) throw new LogError('corrupt', 'no more can be read', false);
      }
      expect(await codeOf(on.log.commitIdle({ ...request, outputs: parts(true) }))).not.toBe('none');
      expect(await on.log.groupOffsets(group, [{ topic: name, partition: 0 }])).toEqual([nothing(name)]);
      await on.log.commitIdle({ ...request, outputs: parts(false) });
      expect(values(await collect(on.log, to, 0))).toEqual(['x1', 'x2', 'x3']);
      expect(values(await collect(on.log, to, 1))).toEqual(['y1']);
      expect((await on.log.groupOffsets(group, [{ topic: name, partition: 0 }]))[0].offset).toBe(1);
    });

    it('is left as it is where its offsets are not those expected', async () => {
      const [name, to] = [await on.topic(), await on.topic()];
      const [group, transactionalId] = [unique('g'), unique('tx')];
      await on.log.append(outputs(name, 0, ['a', 'b']));
      const request = { group, transactionalId, outputs: outputs(to, 0, ['x']), expected: [nothing(name)] };
      const attempt = () => codeOf(on.log.commitIdle({ ...request, outputs: outputs(to, 0, ['x']), offsets: [at(name, 1)] }));
      const codes = await Promise.all([attempt(), attempt()]);
      // Each of two may have met the other: as a member, or as the owner of its transactional id. Then nothing is done, and the next one gets through.
      if (!codes.includes('none')) {
        expect(['in_use', 'fenced', 'aborted']).toEqual(expect.arrayContaining(codes));
        expect(await on.log.groupOffsets(group, [{ topic: name, partition: 0 }])).toEqual([nothing(name)]);
        codes.push(await attempt());
      }
      expect(codes.filter((code) => code === 'none')).toHaveLength(1);
      expect(await codeOf(on.log.commitIdle({ ...request, offsets: [at(name, 2)] }))).toBe('fenced');
      expect(await codeOf(on.log.commitIdle({ ...request, expected: [at(name, 1, 'other')], offsets: [at(name, 2)] }))).toBe('fenced');
      expect(values(await collect(on.log, to, 0))).toEqual(['x']);
      expect((await on.log.groupOffsets(group, [{ topic: name, partition: 0 }]))[0].offset).toBe(1);
    });
  });

  describe('a group with members', () => {
    it('says who they are, and nobody else commits for it', async () => {
      const [name, to] = [await on.topic(), await on.topic()];
      const group = unique('g');
      expect(await on.log.groupMembers(group)).toEqual([]);
      const worker = await on.join(group, [name]);
      await worker.until(() => worker.assigned.length === 1);
      expect(await on.log.groupMembers(group)).toHaveLength(1);
      const request = { group, transactionalId: unique('tx'), outputs: outputs(to, 0, ['x']), expected: [nothing(name)] };
      expect(await codeOf(on.log.commitIdle({ ...request, offsets: [at(name, 1)] }))).toBe('in_use');
      expect(values(await collect(on.log, to, 0))).toEqual([]);
      await on.leave(worker);
      expect(await on.log.groupMembers(group)).toEqual([]);
      await on.log.commitIdle({ ...request, offsets: [at(name, 1)] });
      expect(values(await collect(on.log, to, 0))).toEqual(['x']);
    });

    it('cannot commit any more what it did before', async () => {
      const [name, to] = [await on.topic(), await on.topic()];
      const group = unique('g');
      await on.log.append(outputs(name, 0, ['a', 'b']));
      const worker = await on.join(group, [name]);
      await worker.until(() => worker.assigned.length === 1);
      const { epoch } = worker;
      await on.leave(worker);
      const request = { group, transactionalId: unique('tx'), outputs: [], expected: [nothing(name)] };
      await on.log.commitIdle({ ...request, offsets: [at(name, 1)] });
      expect(await codeOf(worker.member.commit({ epoch, outputs: outputs(to, 0, ['x']), offsets: [at(name, 2)] }))).not.toBe('none');
      expect(values(await collect(on.log, to, 0))).toEqual([]);
    });
  });
}
