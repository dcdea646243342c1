/** SEMANTICS rule 23: where a task goes on from when the group's offsets are gone or wrong, and what must hold so that this can be known. */
import { kafkaTool } from '@rta/tools';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { records } from '../../src/log/batch/records.js';
import { decodePosition, isPositionKey } from '../../src/task/position.js';
import { nextOf } from '../log/kafka-texts.js';
import { onKafka, withoutCluster } from './backend.js';
import { compiled } from './project.js';
import { scoresPipeline } from './scores-pipeline.js';
import { drawScores, type Score } from './scores.js';

const PARTITIONS = 2;

describe.skipIf(withoutCluster)('rule 23', { timeout: 60_000 }, () => {
  const backend = onKafka();

  /** Totals by `column`, and what is written to their source. */
  async function setting(column: 'user_id' | 'team_id') {
    const steps = `  - groupBy: ${column}
    aggregate: { n: count(), total: sum(score) }`;
    const its = await scoresPipeline(backend, 'rule-23', PARTITIONS, steps, { source: ', lateness: 1h' });
    const { pipeline, source, plan, rows } = its;
    const written: Score[] = [];
    const write = async (count: number): Promise<void> => {
      const scores = drawScores(count, 30, written.length + 1);
      written.push(...scores);
      await its.write(scores);
    };
    const groups = (...args: string[]): Promise<string> =>
      kafkaTool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
        ...['--bootstrap-server', backend.brokers, '--group', `rta.${pipeline}`, ...args],
      ]);
    /** Each row one or more records on, and the last ones those of all records. */
    const expectRight = async (): Promise<void> => {
      const last = new Map<unknown, { n: number; total: number }>();
      for (const { value } of await rows()) {
        expect(Number(value!['n'])).toBeGreaterThan(last.get(value![column])?.n ?? 0);
        last.set(value![column], { n: Number(value!['n']), total: Number(value!['total']) });
      }
      const sums = new Map<unknown, { n: number; total: number }>();
      for (const score of written) {
        const sum = sums.get(score[column]) ?? { n: 0, total: 0 };
        sums.set(score[column], { n: sum.n + 1, total: sum.total + score.score });
      }
      expect(new Map([...last].sort())).toEqual(new Map([...sums].sort()));
    };
    const offsets = () =>
      backend.log.groupOffsets(
        `rta.${pipeline}`,
        [0, 1].map((partition) => ({ topic: source, partition })),
      );
    return { pipeline, source, plan, write, groups, rows, expectRight, offsets };
  }

  it('rule 23: a commit repeats the input offsets in the changelog', async () => {
    const { pipeline, source, plan, write, offsets } = await setting('user_id');
    await write(200);
    await backend.runToEnd(plan);
    const changelog = (await backend.log.topics()).find(({ name }) => name.startsWith(`rta.${pipeline}`))!.name;
    for (const { partition, high } of await backend.log.offsets(changelog)) {
      let last: string | null = null;
      for await (const batch of backend.log.read(changelog, partition, 0, high))
        for (const { key, value } of records(batch, 0)) if (key !== null && isPositionKey(key)) last = Buffer.from(value ?? []).toString();
      expect(decodePosition(last!)?.offsets[`${source}-${partition}`]).toBe((await offsets())[partition].offset);
    }
  });

  it('rule 23: without the group’s offsets, state beside its source goes on where its changelog says', async () => {
    const { plan, write, groups, expectRight, offsets } = await setting('user_id');
    await write(200);
    await backend.runToEnd(plan);
    await groups('--delete');
    expect((await offsets()).map(({ offset }) => offset)).toEqual([null, null]);
    backend.loseState();
    await write(100);
    await backend.runToEnd(plan);
    await expectRight();
  });

  it('rule 23: where the group was set back, the changelog wins', async () => {
    const { plan, write, groups, expectRight, source } = await setting('user_id');
    await write(200);
    await backend.runToEnd(plan);
    await groups('--reset-offsets', '--to-earliest', '--topic', source, '--execute');
    await write(100);
    await backend.runToEnd(plan);
    await expectRight();
  });

  it.each([
    ['the whole group', (): string[] => ['--delete']],
    ['the source alone', (source: string): string[] => ['--delete-offsets', '--topic', source]],
  ])('rule 23: state behind a repartition is kept, offsets are gone (%s): stops, and writes nothing', async (_what, args) => {
    const { plan, write, groups, rows, source } = await setting('team_id');
    await write(200);
    await backend.runToEnd(plan);
    const before = (await rows()).length;
    await groups(...args(source));
    await write(100);
    const worker = await backend.worker(plan);
    await expect(worker.drain()).rejects.toMatchObject({ code: 'position_mismatch', retriable: false });
    expect(await rows()).toHaveLength(before);
  });

  it('rule 23: nothing tells where a pipeline without state was once its offsets are gone: a loud warning, and only then', async () => {
    const { pipeline, source, write, groups, rows } = await setting('user_id');
    const stateless = compiled(`pipeline: ${pipeline}
source: { topic: ${source}, key: user_id, schema: user_score, time: event_time_millis }
steps:
  - filter: score >= 0
sink: { topic: ${pipeline}-out, key: user_id }
`);
    const warned = () => backend.warnings.filter((warning) => warning.includes(`rta.${pipeline} has no offset`));
    await write(200);
    await backend.runToEnd(stateless);
    const before = (await rows()).length;
    await backend.runToEnd(stateless);
    expect(await rows()).toHaveLength(before);
    expect(warned()).toEqual([]);
    await groups('--delete');
    await backend.runToEnd(stateless);
    expect(warned()).toEqual([expect.stringMatching(/-in-0 at 0, .*-in-1 at 0, so it begins there, but .*-out already has records/)]);
  });

  it('rule 23: no record is read before all partitions have their start offsets', async () => {
    const { pipeline, source, plan, write, rows, offsets } = await setting('user_id');
    await write(200);
    const other = await backend.log.join({
      group: `rta.${pipeline}`,
      topics: [source],
      transactionalId: `${pipeline}-other`,
      sessionTimeoutMs: 6_000,
    });
    await nextOf(other, 'assigned');
    const worker = await backend.worker(plan, { workerId: 'one' });
    const running = worker.run();
    await nextOf(other, 'revoked');
    const { epoch, partitions } = await nextOf(other, 'assigned');
    expect(partitions).toHaveLength(1);
    const [{ partition }] = partitions;
    await expect.poll(async () => (await offsets())[1 - partition].offset, { timeout: 20_000 }).toBe(0);
    await delay(1_000);
    expect(await rows()).toEqual([]);
    await other.commit({ epoch, outputs: [], offsets: [{ topic: source, partition, offset: 0, metadata: '' }] });
    await expect.poll(async () => (await offsets())[1 - partition].offset, { timeout: 20_000 }).toBeGreaterThan(0);
    worker.stop();
    await running;
    await other.leave();
  });
});
