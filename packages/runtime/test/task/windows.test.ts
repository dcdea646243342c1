/** The engine with windows of each kind: what the sinks hold equals a plain recomputation, over restarts with state on the disk. */
import { join } from 'node:path';
import { openStateStores } from '@rta/state-rocks';
import { embeddedRegistry } from '@rta/registry';
import { afterAll, describe, expect, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { openEmbeddedLog } from '../../src/log/embedded/open.js';
import { openPipeline } from '../../src/pipeline.js';
import { compiled, scoreBatches, sinkIds, temporaryDirectory, topicRows, USER_SCORE } from './project.js';
import { drawScores, type Score } from './scores.js';

const directory = temporaryDirectory();
const log = await openEmbeddedLog(join(directory, 'log'));
const registry = embeddedRegistry(join(directory, 'registry'));
const stores = openStateStores(join(directory, 'state'));
afterAll(() => log.close());
const schemaId = await registry.register('user-score-value', USER_SCORE);

const GAP = 400;
const SLIDE = 300;
const plan = compiled(`
pipeline: windows
source: user_score
streams:
  sessions:
    steps:
      - groupBy: user_id
        window: { session: ${GAP}ms }
        aggregate: { n: count(), total: sum(score) }
  visits:
    steps:
      - groupBy: team_id
        window: { session: ${GAP / 10}ms }
        aggregate: { n: count(), total: sum(score) }
        emit: final
  recent:
    steps:
      - groupBy: team_id
        window: { sliding: ${SLIDE}ms }
        aggregate: { n: count(), total: sum(score) }
sinks:
  sessions: { from: sessions, topic: sessions }
  visits: { from: visits, topic: visits }
  recent: { from: recent, topic: recent }
`);

/** Rows as text; of a table, the last by key. */
async function rowsOf(topic: string, isTable: boolean): Promise<string[]> {
  const table = new Map<string, string>();
  for (const [i, { key, value }] of (await topicRows(log, registry, topic)).entries()) {
    const id = isTable ? Object.values(key).map(Number).join() + String(Object.values(key)[0]) : String(i);
    if (value === null) table.delete(id);
    else table.set(id, Object.values(value).map(String).join(' '));
  }
  return [...table.values()].sort();
}

const sum = (scores: readonly Score[]): number => scores.reduce((total, { score }) => total + score, 0);

function sessionsOf(scores: readonly Score[], by: 'user_id' | 'team_id', gap: number): string[] {
  const groups = new Map<string, Score[][]>();
  for (const score of scores) {
    const sessions = groups.get(score[by]) ?? [];
    groups.set(score[by], sessions);
    const last = sessions.at(-1);
    if (last && score.event_time_millis - last.at(-1)!.event_time_millis <= gap) last.push(score);
    else sessions.push([score]);
  }
  return [...groups]
    .flatMap(([group, sessions]) =>
      sessions.map((s) => `${group} ${s[0].event_time_millis} ${s.at(-1)!.event_time_millis + gap} ${s.length} ${sum(s)}`),
    )
    .sort();
}

function slides(scores: readonly Score[]): string[] {
  return scores
    .map(({ team_id, event_time_millis: t }) => {
      const inside = scores.filter((s) => s.team_id === team_id && s.event_time_millis <= t && s.event_time_millis >= t - SLIDE);
      return `${team_id} ${t - SLIDE} ${t} ${inside.length} ${sum(inside)}`;
    })
    .sort();
}

describe('windows on the embedded log', () => {
  it('equal a plain recomputation, started again in between', async () => {
    const scores = drawScores(3000, 200, 7);
    for (let round = 0; round < 3; round++) {
      const { worker } = await openPipeline({
        ...{ plan, log, stores, schemas: registry, sinkSchemaIds: await sinkIds(plan, registry) },
        compileStage,
        createSources: true,
      });
      await log.append(scoreBatches('user-score', 4, scores.slice(round * 1000, (round + 1) * 1000), schemaId));
      await worker.drain(round === 2 ? 'close' : undefined);
      await worker.finish();
    }
    expect(await rowsOf('sessions', true)).toEqual(sessionsOf(scores, 'user_id', GAP));
    expect(await rowsOf('visits', false)).toEqual(sessionsOf(scores, 'team_id', GAP / 10));
    expect(await rowsOf('recent', false)).toEqual(slides(scores));
  });
});
