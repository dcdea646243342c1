/** Which rows the console calls final. */
import type { Plan } from '@rta/dsl';
import { expect, it } from 'vitest';
import { isFinal, SettledWatermarks } from '../../src/run/console/finality.js';
import { loadPipelines } from '../../src/project/load.js';
import { ROOT } from '../support/cli.js';

const planOf = async (path: string): Promise<Plan> => (await loadPipelines({ cwd: ROOT, env: {} }, [path])).pipelines[0].plan!;

it('calls rows of windows final when the watermark has passed their end and their grace', async () => {
  const plan = await planOf('pipelines/rides/city-metrics.yaml');
  const sink = plan.sinks.find(({ id }) => id === 'sink.metrics')!;
  expect(isFinal(plan, sink, { window_end: 60_000 }, 59_999)).toBe(false);
  expect(isFinal(plan, sink, { window_end: 60_000 }, 60_000)).toBe(true);
  expect(isFinal(plan, sink, { window_end: 60_000 }, null)).toBe(false);
});

it('calls rows of tables without windows never final, and those of streams always', async () => {
  const players = await planOf('pipelines/leaderboards/top-players.yaml');
  expect(isFinal(players, players.sinks[0], { total_score: 3n }, Infinity)).toBe(false);
  const stream = { ...players.sinks[0], compacted: false };
  expect(isFinal(players, stream, { total_score: 3n }, null)).toBe(true);
});

it('lets a watermark count when all that was due at it is committed', async () => {
  const plan = await planOf('pipelines/rides/city-metrics.yaml');
  const settled = new SettledWatermarks();
  const step = { id: 'sink.metrics', op: 'sink', in: 0, out: 0, late: 0, rejected: 0, stateEntries: 0, stateBytes: 0 };
  const note = (at: number, commits: number, watermark: number): void =>
    settled.note(plan, { at, commits, progress: [1], steps: [{ ...step, watermarkDelayMs: at - watermark }] });
  note(0, 10, -100);
  note(4_000, 20, 3_000);
  expect(settled.of(plan, 'sink.metrics')).toBe(null);
  note(5_000, 21, 4_000);
  expect(settled.of(plan, 'sink.metrics')).toBe(-100);
  // Nothing has been committed since: it waits longer.
  note(9_500, 21, 9_000);
  expect(settled.of(plan, 'sink.metrics')).toBe(-100);
  note(14_100, 21, 14_000);
  expect(settled.of(plan, 'sink.metrics')).toBe(3_000);
});
