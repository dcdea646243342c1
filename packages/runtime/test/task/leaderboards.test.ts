/** The engine on the leaderboards: what the sinks hold equals a plain recomputation, whatever happens in between. */
import { join } from 'node:path';
import { openStateStores } from '@rta/state-rocks';
import { embeddedRegistry } from '@rta/registry';
import { afterAll, describe, expect, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { openEmbeddedLog } from '../../src/log/embedded/open.js';
import { openPipeline } from '../../src/pipeline.js';
import type { Worker } from '../../src/task/worker.js';
import { board, drawScores, leaderboard, playersOf, scoreBatches, sinkIds, teamsOf, temporaryDirectory, USER_SCORE } from './project.js';

const directory = temporaryDirectory();
const log = await openEmbeddedLog(join(directory, 'log'));
const registry = embeddedRegistry(join(directory, 'registry'));
const stores = openStateStores(join(directory, 'state'));
afterAll(() => log.close());
const schemaId = await registry.register('user-score-value', USER_SCORE);

async function open(name: 'top-teams' | 'top-players'): Promise<Worker> {
  const plan = leaderboard(name);
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

describe('the leaderboards on the embedded log', () => {
  it('equal a plain recomputation, again and again', async () => {
    const scores = drawScores(20_000, 300, 1);
    for (let round = 1; round <= 3; round++) {
      const workers = [await open('top-players'), await open('top-teams')];
      const part = scores.slice(0, round * 6000);
      await log.append(scoreBatches('user-score', 4, scores.slice((round - 1) * 6000, round * 6000), schemaId));
      await Promise.all(workers.map((worker) => worker.drain()));
      const players = await board(log, registry, 'top-players');
      expect(players).toEqual(playersOf(part));
      expect(await board(log, registry, 'top-teams')).toEqual(teamsOf(part));
      await Promise.all(workers.map((worker) => worker.finish()));
    }
  });
});
