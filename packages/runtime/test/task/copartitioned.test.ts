/** SEMANTICS rule 20: topics that lie alike are joined where they are, and each record's place is checked. */
import { describe, expect, it } from 'vitest';
import type { OutputBatch } from '../../src/log/log.js';
import { unique } from '../log/outputs.js';
import { type Backend, onEmbedded, onKafka, withoutCluster } from './backend.js';
import { compiled, scoreBatches, topicRows, USER_SCORE } from './project.js';
import { drawScores, type Score } from './scores.js';

const START = Date.UTC(2026, 0, 1);

function joined(names: readonly [string, string], more: { readonly copartitioned: boolean; readonly idle?: string }) {
  const [left, right] = names;
  const source = (topic: string): string =>
    `{ topic: ${topic}, key: user_id, schema: user_score, format: { key: string, value: avro }, time: event_time_millis, idle: ${more.idle ?? '1h'} }`;
  return compiled(`pipeline: ${unique('joined')}
sources:
  left: ${source(left)}
  right: ${source(right)}
errors: { topic: ${left}-errors }
streams:
  pairs:
    from: left
    steps:
      - join:
          with: right
          on: user_id
          type: left
          within: 10s
          take: [{ other_time: event_time_millis }]
          copartitioned: ${String(more.copartitioned)}
      - select: [user_id, event_time_millis, other_time]
sink: { topic: ${left}-${more.copartitioned ? 'in-place' : 'moved'} }
`);
}

function score(user: string, time: number): Score {
  return { user_id: user, team_id: 't', team_name: 'T', score: 1, event_time_millis: START + time };
}

function suite(backend: Backend): void {
  /** Two topics with these scores. */
  async function topics(partitions: readonly [number, number], scores: readonly [readonly Score[], readonly Score[]]) {
    const names = [unique('left'), unique('right')] as const;
    for (const i of [0, 1]) {
      await backend.log.ensureTopics([{ name: names[i], partitions: partitions[i] }]);
      const id = await backend.registry.register(`${names[i]}-value`, USER_SCORE);
      await backend.log.append(scoreBatches(names[i], partitions[i], scores[i], id));
    }
    return names;
  }

  const rowsOf = async (topic: string): Promise<string[]> =>
    (await topicRows(backend.log, backend.registry, topic))
      .map(({ value }) => `${String(value?.['user_id'])} ${String(value?.['event_time_millis'])} ${String(value?.['other_time'])}`)
      .sort();

  it('gives what a join gives that moves rows, over restarts, without topics in between', async () => {
    const all = drawScores(1200, 60, 5, START);
    const side = (i: number): Score[] => all.filter((_, n) => n % 2 === i);
    const names = await topics([3, 3], [side(0), side(1)]);
    await backend.runToEnd(joined(names, { copartitioned: false }), { watermark: 'close' });
    const plan = joined(names, { copartitioned: true });
    const worker = await backend.worker(plan);
    const stopped = worker.run();
    for (let i = 0; i < 200 && worker.snapshot().commits === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    await worker.abandon();
    await stopped.catch(() => undefined);
    await backend.runToEnd(plan);
    backend.loseState();
    await backend.runToEnd(plan, { watermark: 'close' });
    const inPlace = await rowsOf(`${names[0]}-in-place`);
    expect(inPlace.length).toBeGreaterThan(600);
    expect(inPlace).toEqual(await rowsOf(`${names[0]}-moved`));
    const made = (await backend.log.topics())
      .map(({ name }) => name)
      .filter((name) => name.startsWith(plan.applicationId ?? `rta.${plan.pipeline}`));
    expect(made).toEqual([`rta.${plan.pipeline}-0-changelog`]);
  }, 60_000);

  it('says before it starts that topics have different numbers of partitions', async () => {
    const names = await topics([2, 3], [[score('ann', 0)], [score('ann', 1)]]);
    await expect(backend.runToEnd(joined(names, { copartitioned: true }))).rejects.toMatchObject({
      code: 'partition_count',
      message: expect.stringContaining(`${names[0]} and ${names[1]} one by one, and they have 2 and 3`) as string,
    });
  });

  it('writes a record in another partition than that of its key to the dead letters', async () => {
    const names = await topics(
      [2, 2],
      [
        [score('ann', 0), score('bob', 0)],
        [score('ann', 1), score('bob', 1)],
      ],
    );
    const id = await backend.registry.register(`${names[0]}-value`, USER_SCORE);
    const [right] = scoreBatches(names[0], 2, [score('ann', 2)], id);
    const stray: OutputBatch = { ...right, partition: 1 - right.partition };
    await backend.log.append([stray]);
    await backend.runToEnd(joined(names, { copartitioned: true }), { watermark: 'close' });
    expect(await rowsOf(`${names[0]}-in-place`)).toEqual([`ann ${START} ${START + 1}`, `bob ${START} ${START + 1}`]);
    const letters = await backend.log.offsets(`${names[0]}-errors`);
    expect(letters.reduce((sum, { low, stable }) => sum + stable - low, 0)).toBeGreaterThan(0);
  });

  it('follows the topic that goes on while the other is idle', async () => {
    // Ann's left row has no match; that is known when time has come so far, which only the left topic tells.
    const names = await topics([1, 1], [[score('ann', 0)], [score('bob', 0)]]);
    const worker = await backend.worker(joined(names, { copartitioned: true, idle: '300ms' }));
    const running = worker.run();
    const id = await backend.registry.register(`${names[0]}-value`, USER_SCORE);
    let rows: string[] = [];
    for (let i = 0; i < 100 && !rows.some((row) => row.startsWith('ann')); i++) {
      await backend.log.append(scoreBatches(names[0], 1, [score('cid', 60_000 + i)], id));
      await new Promise((resolve) => setTimeout(resolve, 100));
      rows = await rowsOf(`${names[0]}-in-place`);
    }
    worker.stop();
    await running;
    expect(rows.filter((row) => row.startsWith('ann'))).toEqual([`ann ${START} null`]);
  }, 30_000);
}

describe('embedded', () => suite(onEmbedded()));
describe.skipIf(withoutCluster)('on a real broker and registry', () => suite(onKafka()));
