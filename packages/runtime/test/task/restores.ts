/** What a task goes on with when it comes to a worker: its store, as far as that goes, and the changelog from there. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStateStores } from '@rta/state-rocks';
import { LONG } from '@rta/tools';
import { beforeAll, expect, it } from 'vitest';
import type { Plan } from '@rta/dsl';
import type { Log } from '../../src/log/log.js';
import type { Worker } from '../../src/task/worker.js';
import { planStages } from '../../src/plan/plan-stages.js';
import type { StateStores } from '../../src/state/store.js';
import { storeFingerprint } from '../../src/task/store-fingerprint.js';
import { unique } from '../log/outputs.js';
import { overlay } from '../overlay.js';
import type { Backend } from './backend.js';
import { board, leaderboard, scoreBatches, USER_SCORE } from './project.js';
import { drawScores, playersOf, type Score } from './scores.js';

/** Records of the long form: so many times those of the fast one. */
const TIMES = LONG ? 10 : 1;

export function restoreTests(backend: Backend, figure: (row: 'restore' | 'rebalances' | 'changelog', text: string) => void): void {
  let schemaId = 0;
  let source = '';
  let plan: Plan;
  const append = (scores: readonly Score[]) => backend.log.append(scoreBatches(source, 4, scores, schemaId));
  const stores = (name: string): StateStores => openStateStores(join(backend.directory, name));
  const result = () => board(backend.log, backend.registry, plan.pipeline);
  const changelogs = (): string[] => planStages(plan).stages.flatMap(({ changelog }) => (changelog === null ? [] : [changelog]));
  const fresh = async (): Promise<void> => {
    source = unique('user-score');
    await backend.log.ensureTopics([{ name: source, partitions: 4 }]);
    const pipeline = unique('top-players');
    const players = leaderboard('top-players');
    plan = {
      ...players,
      pipeline,
      sources: players.sources.map((s) => ({ ...s, topic: source })),
      sinks: players.sinks.map((s) => ({ ...s, topic: pipeline })),
    };
  };
  beforeAll(async () => {
    schemaId = await backend.registry.register('user-score-value', USER_SCORE);
  });

  it('replays only what is newer than the store that a worker has kept', async () => {
    await fresh();
    const [first, newer] = [20_000 * TIMES, 50 * TIMES];
    const scores = drawScores(first + newer, 4000 * TIMES, 3);
    await append(scores.slice(0, first));
    const replayed = async (name: string): Promise<number> =>
      (await backend.runToEnd(plan, { workerId: name, stores: stores(unique(name)) })).snapshot().replayed;
    const kept = unique('kept');
    const again = async (): Promise<number> =>
      (await backend.runToEnd(plan, { workerId: 'kept', stores: stores(kept) })).snapshot().replayed;
    expect(await again()).toBe(0);
    expect(await again()).toBe(0);
    await append(scores.slice(first));
    const whole = await replayed('other');
    const since = await again();
    expect(whole).toBeGreaterThan(4000 * TIMES);
    expect(since).toBeLessThan(whole / 10);
    expect(await result()).toEqual(playersOf(scores));
    figure('restore', `${since} changelog records replayed after ${newer} new ones with the store that was kept, ${whole} without it`);
  }, 120_000);

  it('gives a worker that comes back the tasks of which it has the state', async () => {
    await fresh();
    const scores = drawScores(20_100, 4000, 8);
    const source = { topic: plan.sources[0].topic };
    const begin = async (name: string): Promise<{ worker: Worker; end: () => Promise<void>; reads: () => number[] }> => {
      const worker = await backend.worker(plan, { workerId: name, stores: stores(name) });
      const running = worker.run();
      const end = async (): Promise<void> => {
        worker.stop();
        await running;
      };
      const mine = () => worker.snapshot().inputs.filter(({ topic }) => topic === source.topic);
      return {
        worker,
        end,
        reads: () =>
          mine()
            .map(({ partition }) => partition)
            .toSorted((a, b) => a - b),
      };
    };
    const [first, second] = [unique('first'), unique('second')];
    const gone = await begin(first);
    await expect.poll(gone.reads, { timeout: 20_000 }).toHaveLength(4);
    const other = await begin(second);
    await expect.poll(() => gone.reads().length * other.reads().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    await append(scores.slice(0, 20_000));
    const had = gone.reads();
    const caughtUp = async (): Promise<boolean> => {
      const partitions = Array.from({ length: 4 }, (_, partition) => ({ ...source, partition }));
      const ends = new Map((await backend.log.offsets(source.topic)).map(({ partition, high }) => [partition, high]));
      const committed = await backend.log.groupOffsets(`rta.${plan.pipeline}`, partitions);
      return committed.every(({ partition, offset }) => offset === ends.get(partition));
    };
    await expect.poll(caughtUp, { timeout: 30_000 }).toBe(true);
    await gone.end();
    await expect.poll(other.reads, { timeout: 20_000 }).toHaveLength(4);
    await append(scores.slice(20_000));
    // A process of its own, as far as what it knows goes.
    const back = await begin(first);
    await expect.poll(() => back.reads().length * other.reads().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
    expect(had).toEqual(expect.arrayContaining(back.reads()));
    await expect.poll(caughtUp, { timeout: 30_000 }).toBe(true);
    expect(back.worker.snapshot().replayed).toBeLessThan(1000);
    await back.end();
    await other.end();
    expect(await result()).toEqual(playersOf(scores));
  }, 120_000);

  it('keeps what it has restored through twenty rebalances', async () => {
    await fresh();
    const scores = drawScores(60_000, 30_000, 4);
    for (let part = 0; part < 30; part++) {
      await append(scores.slice(part * 2000, (part + 1) * 2000));
      await backend.runToEnd(plan, { workerId: 'first', stores: stores('first') });
    }
    let whole = 0;
    for (const topic of changelogs())
      for (const { partition, low, high } of await backend.log.offsets(topic))
        for await (const batch of backend.log.read(topic, partition, low, high)) whole += batch.recordCount;
    const counted = new CountingLog(backend.log, new Set(changelogs()));
    const second = { log: counted.log, workerId: 'second', stores: stores(unique('second')) };
    const worker = await backend.worker(plan, second);
    const running = worker.run();
    for (let rebalance = 0; rebalance < 20; rebalance += 2) {
      // One comes and one goes.
      const guest = await backend.log.join({ group: `rta.${plan.pipeline}`, topics: [source], transactionalId: unique('guest') });
      const deadline = Date.now() + 20_000;
      for (let seen = false; !seen && Date.now() < deadline;) seen = (await guest.next(50))?.type === 'assigned';
      await guest.leave();
      await delay(20);
    }
    await append(scores.slice(0, 10));
    worker.stop();
    await running;
    const interrupted = counted.records;
    await backend.runToEnd(plan, second);
    expect(await result()).toEqual(playersOf([...scores, ...scores.slice(0, 10)]));
    expect(interrupted).toBeGreaterThan(0);
    // At most what was under way is read again, once for each rebalance and partition.
    expect(counted.records).toBeLessThan(2 * whole);
    figure(
      'rebalances',
      `${whole} changelog records of 30,000 keys: ${interrupted} read during 20 rebalances, ${counted.records} when all was restored; result right`,
    );
  });

  let rebuilt = 0;
  it('rebuilds a store that is ahead of its changelog', async () => {
    await fresh();
    const scores = drawScores(6000, 500, 5);
    await append(scores.slice(0, 5000));
    const name = unique('ahead');
    await backend.runToEnd(plan, { stores: stores(name) });
    const physical = planStages(plan);
    for (const stage of physical.stages.filter(({ changelog }) => changelog !== null))
      for (let partition = 0; partition < 4; partition++) {
        const id = `${physical.applicationId}/${stage.id}_${partition}`;
        const store = await stores(name).open(id, storeFingerprint(id, stage));
        if (store.position() !== null) {
          await store.write([[Uint8Array.of(1, 2, 3), Uint8Array.of(9)]], 1_000_000_000);
          rebuilt++;
        }
        await store.close();
      }
    await append(scores.slice(5000));
    await backend.runToEnd(plan, { stores: stores(name) });
    expect(rebuilt).toBeGreaterThan(0);
    expect(await result()).toEqual(playersOf(scores));
  });

  it('goes on with its store when the changelog before it is deleted, and stops where state is lost', async () => {
    await fresh();
    const scores = drawScores(6000, 500, 6);
    const name = unique('kept');
    for (let part = 0; part < 2; part++) {
      await append(scores.slice(part * 2000, (part + 1) * 2000));
      await backend.runToEnd(plan, { stores: stores(name) });
    }
    // Kafka deletes no records of a topic that is only compacted.
    if (backend.log.kind === 'embedded') {
      for (const topic of changelogs())
        for (const { partition, low, high } of await backend.log.offsets(topic))
          if (high > low + 2) await backend.log.deleteRecords(topic, partition, high - 2);
      await append(scores.slice(4000));
      await expect(backend.runToEnd(plan, { workerId: 'new', stores: stores(unique('none')) })).rejects.toMatchObject({
        code: 'state_lost',
      });
      await backend.runToEnd(plan, { stores: stores(name) });
      expect(await result()).toEqual(playersOf(scores));
    } else await append(scores.slice(4000));
    await backend.log.deleteTopics(changelogs());
    await expect(backend.runToEnd(plan, { workerId: 'new', stores: stores(unique('none')) })).rejects.toMatchObject({ code: 'state_lost' });
    figure(
      'changelog',
      `${rebuilt} stores ahead of their changelogs rebuilt; stores go on where it is cut before them; without one: state_lost`,
    );
  });
}

/** A log that counts the records which are read of some topics, a little slower than it could be. */
class CountingLog {
  records = 0;
  readonly log: Log;

  constructor(log: Log, topics: ReadonlySet<string>) {
    const read: Log['read'] = async function* (this: CountingLog, topic: string, partition: number, from: number, to: number) {
      for await (const batch of log.read(topic, partition, from, to)) {
        if (topics.has(topic)) {
          this.records += batch.recordCount;
          await delay(10);
        }
        yield batch;
      }
    }.bind(this);
    this.log = overlay(log, { read });
  }
}
