/** `standby: 1`: whoever takes a task over has its state already. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStateStores } from '@rta/state-rocks';
import { LONG } from '@rta/tools';
import { beforeAll, expect, it } from 'vitest';
import type { Plan } from '@rta/dsl';
import type { Worker } from '../../src/task/worker.js';
import { unique } from '../log/outputs.js';
import type { Backend } from './backend.js';
import { board, leaderboard, scoreBatches, USER_SCORE } from './project.js';
import { drawScores, playersOf } from './scores.js';

const PARTITIONS = 4;
/** Records of the long form: so many times those of the fast one. */
const TIMES = LONG ? 10 : 1;

export function standbyTests(backend: Backend, figure: (text: string) => void): void {
  let schemaId = 0;
  beforeAll(async () => {
    schemaId = await backend.registry.register('user-score-value', USER_SCORE);
  });

  it('replays at a takeover only what is newer than the copy', async () => {
    const source = unique('user-score');
    await backend.log.ensureTopics([{ name: source, partitions: PARTITIONS }]);
    const pipeline = unique('top-players');
    const players = leaderboard('top-players');
    const plan: Plan = {
      ...players,
      pipeline,
      sources: players.sources.map((each) => ({ ...each, topic: source })),
      sinks: players.sinks.map((each) => ({ ...each, topic: pipeline })),
      standby: 1,
    };
    const scores = drawScores(20_100 * TIMES, 4000 * TIMES, 7);
    const append = (from: number, to: number): Promise<unknown> =>
      backend.log.append(scoreBatches(source, PARTITIONS, scores.slice(from, to), schemaId));
    const start = async (name: string): Promise<{ worker: Worker; ended: Promise<unknown> }> => {
      const stores = openStateStores(join(backend.directory, unique(name)));
      const worker = await backend.worker(plan, { workerId: name, stores });
      return { worker, ended: worker.run().then(String, String) };
    };
    const result = (): Promise<unknown> => board(backend.log, backend.registry, pipeline);
    const sources = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: source, partition }));
    const committed = async (): Promise<boolean> => {
      const ends = new Map((await backend.log.offsets(source)).map(({ partition, high }) => [partition, high]));
      const offsets = await backend.log.groupOffsets(`rta.${pipeline}`, sources);
      return offsets.every(({ partition, offset }) => offset === ends.get(partition));
    };

    const owner = await start('owner');
    await append(0, 20_000 * TIMES);
    await until(committed);
    const heir = await start('heir');
    const warm = ({ standbys }: ReturnType<Worker['snapshot']>): boolean => standbys.length > 0 && standbys.every(({ lag }) => lag === 0);
    await until(() => warm(heir.worker.snapshot()) && heir.worker.snapshot().tasks > 0);
    const before = heir.worker.snapshot();
    expect(before.standbys.length).toBeGreaterThan(0);
    await append(20_000 * TIMES, 20_050 * TIMES);
    await until(committed);
    await owner.worker.abandon();
    await owner.ended;
    await append(20_050 * TIMES, 20_100 * TIMES);
    await until(committed);
    await until(() => heir.worker.snapshot().tasks > before.tasks);
    const after = heir.worker.snapshot();
    // All that it keeps copies of is its own now.
    expect(after.standbys).toEqual([]);
    heir.worker.stop();
    await heir.ended;
    const cold = await backend.runToEnd(plan, { workerId: 'cold', stores: openStateStores(join(backend.directory, unique('cold'))) });
    const taken = after.tasks - before.tasks;
    const replayed = after.replayed - before.replayed;
    const text = `${taken} of ${after.tasks} tasks taken over: ${replayed} changelog records replayed, ${cold.snapshot().replayed} without any store`;
    expect(taken).toBeGreaterThan(0);
    expect(cold.snapshot().replayed).toBeGreaterThan(4000 * TIMES);
    expect(replayed).toBeLessThan(cold.snapshot().replayed / 10);
    expect(await result()).toEqual(playersOf(scores));
    figure(text);
  }, 90_000);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 40_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within 40 s: ${holds.toString()}`);
    await delay(50);
  }
}
