/** SEMANTICS rule 23, where the group's coordinator answers with older offsets than are committed, as Kafka's can after it lost a partition for a moment. */
import { describe, expect, it } from 'vitest';
import { LogError, type CommittedOffset, type Log, type Member } from '../../src/log/log.js';
import type { Clock } from '../../src/task/clock.js';
import { overlay } from '../overlay.js';
import { onEmbedded } from './backend.js';
import { scoresPipeline } from './scores-pipeline.js';
import { drawScores } from './scores.js';

const PARTITIONS = 2;

/** What a coordinator that has read its log only in part says instead of an offset. */
type Stale = (committed: CommittedOffset) => CommittedOffset;

/** The log; the second member of a group has its first `times` questions answered by `stale`, the first one loses its commit number `lost`. */
function forgetful(log: Log, stale: Stale, times: number, lost: number): Log {
  let members = 0;
  let left = times;
  let commits = 0;
  const forgetfulMember = (member: Member, number: number): Member =>
    number === 1
      ? overlay(member, {
          commit: async (request) => {
            if (++commits === lost) throw new LogError('aborted', 'the broker went away', true);
            return member.commit(request);
          },
        })
      : overlay(member, {
          committed: async (partitions) => {
            const committed = await member.committed(partitions);
            return left-- > 0 ? committed.map(stale) : committed;
          },
        });
  return overlay(log, { join: async (options) => forgetfulMember(await log.join(options), ++members) });
}

describe('a coordinator that has not read its log to the end', () => {
  const backend = onEmbedded();

  /** A pipeline without state, of which nothing but the group's offsets says how far it is. */
  async function setting() {
    const its = await scoresPipeline(backend, 'forgetful', PARTITIONS, '  - filter: score >= 0', { sink: ', key: user_id' });
    return { plan: its.plan, write: (count: number) => its.write(drawScores(count, 30, 1)), rows: async () => (await its.rows()).length };
  }

  it.each<[string, Stale]>([
    ['older offsets', (committed) => ({ ...committed, offset: Math.min(committed.offset ?? 0, 3) })],
    ['no offsets', (committed) => ({ ...committed, offset: null, metadata: '' })],
  ])('rule 23: %s are not believed: it is asked again, and nothing is doubled', async (_what, stale) => {
    const { plan, write, rows } = await setting();
    await write(200);
    const worker = await backend.worker(plan, { log: forgetful(backend.log, stale, 3, 3) });
    await worker.drain();
    await write(100);
    await worker.drain();
    await worker.finish();
    expect(await rows()).toBe(300);
    expect(backend.warnings.filter((warning) => warning.includes('has not read its log to the end'))).not.toEqual([]);
    backend.warnings.length = 0;
  });

  it('rule 23: ends with an error that names both offsets where it does not come back', async () => {
    const { plan, write, rows } = await setting();
    await write(200);
    const stale: Stale = (committed) => ({ ...committed, offset: 0 });
    // Its pauses between the tries take a fiftieth.
    const after: Clock['after'] = (ms, run) => {
      const timer = setTimeout(run, ms / 50);
      return () => clearTimeout(timer);
    };
    const worker = await backend.worker(plan, {
      log: forgetful(backend.log, stale, Infinity, 3),
      clock: { now: () => Date.now(), after },
    });
    await worker.drain();
    await write(100);
    await expect(worker.drain()).rejects.toMatchObject({
      code: 'log_failed',
      message: expect.stringMatching(/offset 0 of .*-in-\d, of which \d+ is committed/) as string,
    });
    expect(await rows()).toBe(200);
  });
});
