/** The engine on the leaderboards: what the sinks hold equals a plain recomputation, whatever happens in between. */
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import type { Plan } from '@rta/dsl';
import { unique } from '../log/outputs.js';
import type { Backend } from './backend.js';
import { board, leaderboard, scoreBatches, topicRows, USER_SCORE } from './project.js';
import { drawScores, mvpsOf, playersOf, teamsOf, type Score } from './scores.js';

/** The same pipeline under other names, so that tests do not meet. */
function renamed(plan: Plan, source: string): Plan {
  const pipeline = unique(plan.pipeline);
  return {
    ...plan,
    pipeline,
    sources: plan.sources.map((s) => ({ ...s, topic: source })),
    sinks: plan.sinks.map((s) => ({ ...s, topic: pipeline })),
  };
}

export function leaderboardTests(backend: Backend): void {
  let schemaId = 0;
  let source = '';
  let players: Plan;
  let teams: Plan;
  let mvps: Plan;
  const append = async (scores: readonly Score[]): Promise<void> => {
    await backend.log.append(scoreBatches(source, 4, scores, schemaId));
  };
  const fresh = async (): Promise<void> => {
    source = unique('user-score');
    await backend.log.ensureTopics([{ name: source, partitions: 4 }]);
    players = renamed(leaderboard('top-players'), source);
    teams = renamed(leaderboard('top-teams'), source);
    mvps = renamed(leaderboard('team-mvps'), source);
  };
  const boards = async (): Promise<unknown> => [
    await board(backend.log, backend.registry, players.pipeline),
    await board(backend.log, backend.registry, teams.pipeline),
    await board(backend.log, backend.registry, mvps.pipeline),
  ];
  beforeAll(async () => {
    schemaId = await backend.registry.register('user-score-value', USER_SCORE);
  });

  it('boards equal a plain recomputation, after each restart, with and without the state on disk', async () => {
    await fresh();
    const scores = drawScores(20_000, 300, 1);
    for (let round = 1; round <= 4; round++) {
      await append(scores.slice((round - 1) * 5000, round * 5000));
      if (round === 3) backend.loseState();
      await Promise.all([backend.runToEnd(players), backend.runToEnd(teams), backend.runToEnd(mvps)]);
      const read = scores.slice(0, round * 5000);
      expect(await boards()).toEqual([playersOf(read), teamsOf(read), mvpsOf(read)]);
    }
  });

  it('nothing is lost or doubled when workers are dropped in the middle, and every committed total is a prefix sum', async () => {
    await fresh();
    const scores = drawScores(60_000, 500, 2);
    const options = { commitIntervalMs: 10, bufferBytes: 200_000 };
    for (let crash = 0; crash < 4; crash++) {
      const workers = await Promise.all([players, teams, mvps].map((plan) => backend.worker(plan, options)));
      const running = Promise.allSettled(workers.map((worker) => worker.run()));
      for (let part = 0; part < 6; part++) {
        const start = (crash * 6 + part) * 2500;
        await append(scores.slice(start, start + 2500));
        await delay(20);
      }
      const deadline = Date.now() + 1000;
      while (workers.some((worker) => worker.snapshot().commits < 2 + crash) && Date.now() < deadline) await delay(1);
      await Promise.all(workers.map((worker) => worker.abandon()));
      await running;
    }
    await Promise.all([backend.runToEnd(players), backend.runToEnd(teams), backend.runToEnd(mvps)]);
    expect(await boards()).toEqual([playersOf(scores), teamsOf(scores), mvpsOf(scores)]);
    const sums = new Map<string, Set<number>>();
    const totals = new Map<string, number>();
    for (const { user_id, score } of scores) {
      const total = (totals.get(user_id) ?? 0) + score;
      totals.set(user_id, total);
      sums.set(user_id, (sums.get(user_id) ?? new Set()).add(total));
    }
    const rows = await topicRows(backend.log, backend.registry, players.pipeline);
    expect(rows.length).toBeGreaterThan(10);
    for (const { value } of rows)
      if (value !== null) expect(sums.get(value['user_id'] as string)?.has(Number(value['total_score']))).toBe(true);
  });
}
