/**
 * Random pipelines on the embedded log, with real workers, tasks and kernels, while everything fails that can: what is committed is right at
 * every moment, and complete in the end. `SEED=n` repeats one run exactly.
 */
import { LONG, reportFigure } from '@rta/tools';
import { expect, it } from 'vitest';
import { simulate } from './simulate.js';

const SEEDS = LONG ? 10_000 : 300;
const SEED = process.env['SEED'] === undefined ? null : Number(process.env['SEED']);
const [FIRST, LAST] = SEED === null ? [1, SEEDS] : [SEED, SEED];

it(`seeds ${String(FIRST)} to ${String(LAST)}: nothing lost, nothing doubled, every update right`, { timeout: 4 * 3_600_000 }, async () => {
  const counts = new Map<string, number>();
  let updates = 0;
  let steps = 0;
  for (let seed = FIRST; seed <= LAST; seed++) {
    const outcome = await simulate(seed);
    updates += outcome.updates;
    steps += outcome.steps;
    for (const [what, count] of outcome.faults) counts.set(what, (counts.get(what) ?? 0) + count);
  }
  if (SEED !== null) return;
  const faults = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `${what} ${String(count)}`);
  expect(updates).toBeGreaterThan(SEEDS);
  reportFigure(
    'simulation',
    `${String(SEEDS)} seeds, ${String(steps)} steps, ${String(updates)} updates checked: 0 lost, 0 doubled, 0 wrong (${faults.join(', ')})`,
  );
});

it('a seed repeats a run exactly', { timeout: 300_000 }, async () => {
  for (let seed = 1; seed <= (LONG ? 100 : 10); seed++) expect(await simulate(seed)).toEqual(await simulate(seed));
});
