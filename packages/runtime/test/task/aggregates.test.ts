/** The engine on aggregates of every kind, of a stream and of a table, across restarts: what the sink holds equals a plain recomputation. */
import { join } from 'node:path';
import type { Plan } from '@rta/dsl';
import { embeddedRegistry } from '@rta/registry';
import { openStateStores } from '@rta/state-rocks';
import { afterAll, expect, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { openEmbeddedLog } from '../../src/log/embedded/open.js';
import { openPipeline } from '../../src/pipeline.js';
import type { Worker } from '../../src/task/worker.js';
import { compiled, scoreBatches, sinkIds, temporaryDirectory, topicRows, USER_SCORE } from './project.js';
import { drawScores, type Score } from './scores.js';

const directory = temporaryDirectory();
const log = await openEmbeddedLog(join(directory, 'log'));
const registry = embeddedRegistry(join(directory, 'registry'));
const stores = openStateStores(join(directory, 'state'));
afterAll(() => log.close());
const schemaId = await registry.register('user-score-value', USER_SCORE);

const OF_STREAM = `
pipeline: team-games
source: user_score
steps:
  - groupBy: team_id
    aggregate:
      players: count(distinct user_id)
      about: approxDistinct(user_id)
      opened: first(user_id)
      closed: last(user_id)
      tops: topK(score, 3)
      path: collect(user_id, 2)
      variance: variance(score)
      middle: median(score)
      best: argMax(user_id, score)
      steps: funnel(score == 0, score == 10, score == 20)
sink: { topic: team-games }
`;

const OF_TABLE = `
pipeline: team-players
source: user_score
steps:
  - groupBy: [user_id, team_id]
    aggregate: { total: sum(score), games: count() }
  - filter: games < 20
  - groupBy: team_id
    aggregate:
      players: count()
      all: sum(total)
      least: min(total)
      best: argMax(user_id, total)
      totals: count(distinct total)
      three: topK(total, 3)
sink: { topic: team-players }
`;

async function open(plan: Plan): Promise<Worker> {
  const { worker } = await openPipeline({
    plan,
    log,
    stores,
    schemas: registry,
    sinkSchemaIds: await sinkIds(plan, registry),
    compileStage,
    createSources: true,
  });
  return worker;
}

/** By team: the last value of each key. */
async function rowsOf(topic: string): Promise<Record<string, unknown>> {
  const rows = new Map<string, unknown>();
  for (const { key, value } of await topicRows(log, registry, topic)) {
    if (value === null) rows.delete(JSON.stringify(key));
    else rows.set(JSON.stringify(key), value);
  }
  return Object.fromEntries([...rows.values()].map((row) => [(row as { team_id: string }).team_id, row]));
}

function byTeam(scores: readonly Score[]): Map<string, Score[]> {
  const teams = new Map<string, Score[]>();
  for (const score of scores) teams.set(score.team_id, [...(teams.get(score.team_id) ?? []), score]);
  return teams;
}

const descending = (values: readonly number[]): number[] => [...values].sort((a, b) => b - a);

/** Scores have event times of their own, in order. */
function gamesOf(scores: readonly Score[]): Record<string, unknown> {
  return Object.fromEntries(
    [...byTeam(scores)].map(([team_id, games]) => {
      const points = games.map(({ score }) => score);
      const mean = points.reduce((a, b) => a + b, 0) / points.length;
      const players = new Set(games.map(({ user_id }) => user_id)).size;
      let steps = 0;
      for (const point of points) if (point === [0, 10, 20][steps]) steps++;
      const row = {
        team_id,
        players,
        about: expect.toSatisfy((about: number) => Math.abs(about - players) <= 1) as unknown,
        opened: games[0].user_id,
        closed: games.at(-1)!.user_id,
        tops: descending(points).slice(0, 3),
        path: games.slice(0, 2).map(({ user_id }) => user_id),
        variance: expect.closeTo(points.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (points.length - 1), 9) as unknown,
        middle: expect.toSatisfy((middle: number) => {
          const exact = descending(points).reverse()[Math.floor((points.length - 1) / 2)];
          return Math.abs(middle - exact) <= exact * 0.0101;
        }) as unknown,
        best: games.find(({ score }) => score === Math.max(...points))!.user_id,
        steps,
      };
      return [team_id, row];
    }),
  );
}

function playersOf(scores: readonly Score[]): Record<string, unknown> {
  const teams = [...byTeam(scores)].map(([team_id, games]): [string, unknown] | null => {
    const players = new Map<string, { total: number; games: number; time: number }>();
    for (const { user_id, score, event_time_millis: time } of games) {
      const { total, games: n } = players.get(user_id) ?? { total: 0, games: 0 };
      players.set(user_id, { total: total + score, games: n + 1, time });
    }
    const few = [...players].filter(([, { games: n }]) => n < 20);
    if (few.length === 0) return null;
    const totals = few.map(([, { total }]) => total);
    const [best] = few.sort(([, a], [, b]) => b.total - a.total || a.time - b.time)[0];
    const row = {
      team_id,
      players: few.length,
      all: totals.reduce((a, b) => a + b, 0),
      least: Math.min(...totals),
      best,
      totals: new Set(totals).size,
      three: descending(totals).slice(0, 3),
    };
    return [team_id, row];
  });
  return Object.fromEntries(teams.filter((team) => team !== null));
}

it('of a stream and of a table, restarted twice', async () => {
  const scores = drawScores(9000, 400, 5);
  for (let round = 1; round <= 3; round++) {
    const workers = [await open(compiled(OF_STREAM)), await open(compiled(OF_TABLE))];
    await log.append(scoreBatches('user-score', 4, scores.slice((round - 1) * 3000, round * 3000), schemaId));
    await Promise.all(workers.map((worker) => worker.drain()));
    const part = scores.slice(0, round * 3000);
    expect(await rowsOf('team-games')).toEqual(gamesOf(part));
    expect(await rowsOf('team-players')).toEqual(playersOf(part));
    await Promise.all(workers.map((worker) => worker.finish()));
  }
}, 60_000);
