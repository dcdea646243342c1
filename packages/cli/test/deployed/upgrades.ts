/** What workers do with what is deployed, on either log. */
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { timeOf, Upgraded, type Row, type Shape } from './upgraded.js';

/** @param dirs of as many workers */
export function upgradeTests(env: () => Readonly<Record<string, string>>, dirs: readonly string[]): void {
  it('five upgrades under load lose nothing, and double nothing', async () => {
    const up = new Upgraded(env(), 'five');
    const stop = new AbortController();
    const workers = await Promise.all(dirs.map((dir) => up.worker(dir)));
    let shape: Shape = {};
    await up.deploy(shape, 'keep');
    const load = up.load(stop.signal);
    await up.runs(1);
    await up.until(async () => (await up.rows('echo')).length > 0, 'the first version writes');
    const changes: readonly (readonly [Shape, 'keep' | 'rebuild'])[] = [
      [{ doubled: true }, 'keep'],
      [{ best: true }, 'rebuild'],
      [{ least: 10 }, 'rebuild'],
      [{ minutes: 5 }, 'rebuild'],
      [{ k: 5 }, 'rebuild'],
    ];
    for (const [i, [change, state]] of changes.entries()) {
      shape = { ...shape, ...change };
      await up.deploy(shape, state);
      await up.runs(i + 2);
    }
    stop.abort();
    await load;
    await expectRight(up, shape);
    const echo = await up.rows('echo');
    // Of the first version, and of those with the new field.
    expect(new Set(echo.map((row) => 'twice' in row))).toEqual(new Set([false, true]));
    for (const { child } of workers) child.kill('SIGTERM');
    const ends = await Promise.all(workers.map(({ ended }) => ended));
    expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ends.map(() => ({ code: 130, stderr: '' })));
  });

  it('pauses, goes on, waits for promote, and goes back', async () => {
    const up = new Upgraded(env(), 'ops');
    const { pipeline } = up.on;
    const stop = new AbortController();
    const worker = await up.worker(dirs[0]);
    await up.deploy({}, 'keep');
    const load = up.load(stop.signal);
    await up.runs(1);
    await up.until(async () => (await up.table('totals')).length > 0, 'rows are written');
    expect(await up.on.rta('pause', pipeline)).toEqual({ code: 0, stdout: `${pipeline}: version 1 paused\n`, stderr: '' });
    await up.until(async () => isDeepStrictEqual((await up.ps())[0]?.['workers'], []), 'it is paused');
    const [still, lag] = [(await up.rows('echo')).length, Number((await up.ps())[0]['lag'])];
    await delay(1000);
    expect((await up.rows('echo')).length).toBe(still);
    expect(Number((await up.ps())[0]['lag'])).toBeGreaterThan(lag);
    expect(await up.on.rta('pause', pipeline)).toMatchObject({ code: 1, stderr: expect.stringContaining('already_paused') as string });
    expect(await up.on.rta('promote', pipeline)).toMatchObject({ code: 1, stderr: expect.stringContaining('no_rebuild') as string });
    expect((await up.on.rta('resume', pipeline)).code).toBe(0);
    await up.until(async () => (await up.rows('echo')).length > still, 'it goes on');
    await up.deploy({ k: 5 }, 'rebuild', true);
    await up.until(
      async () => (await up.ps()).some(({ state, workers }) => state === 'rebuilding' && (workers as unknown[]).length > 0),
      'it is rebuilt',
    );
    await delay(4000);
    expect((await up.ps()).map(({ version, state }) => [version, state])).toEqual([[1, 'running'], [2, 'rebuilding']]); // prettier-ignore
    expect(Math.max(...(await up.rows('board')).map(({ place }) => Number(place)))).toBe(3);
    expect((await up.on.rta('promote', pipeline)).code).toBe(0);
    await up.runs(2);
    // Commands about what runs know what it runs as.
    expect((await up.on.json('lag', pipeline))[0]).toMatchObject({ group: `rta.${pipeline}.v2` });
    expect((await up.on.json('state', pipeline)).map(({ changelog }) => String(changelog).split('-').slice(0, -2).join('-'))).toContain(
      `rta.${pipeline}.v2`,
    );
    // One that is given up leaves nothing.
    await up.deploy({ k: 7 }, 'rebuild', true);
    const left = async (): Promise<number> =>
      (await up.on.withLog((log) => log.topics())).filter(({ name }) => name.startsWith(`rta.${pipeline}.v3-`)).length;
    await up.until(async () => (await left()) > 0, 'it is begun');
    expect((await up.on.rta('rollback', pipeline)).stdout).toBe(`${pipeline}: version 2 running\n`);
    await up.until(async () => (await left()) === 0, 'nothing is left of it');
    // Back to the first one: its state is another, so it is rebuilt as well.
    expect((await up.on.rta('rollback', pipeline)).stdout).toBe(`${pipeline}: version 2 running; version 4: rebuilding\n`);
    await up.runs(4);
    stop.abort();
    await load;
    await expectRight(up, {});
    expect(
      (await up.on.json('history', pipeline)).map(({ version, state, summary, rollbackTo }) => [version, state, summary, rollbackTo]),
    ).toEqual([
      [4, 'running', 'rollback to version 1', 1],
      [3, 'given up', '{"k":7}', null],
      [2, 'retired', '{"k":5}', null],
      [1, 'retired', '{}', null],
    ]);
    expect(await up.on.rta('rollback', pipeline, '--to', '9')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('unknown_version') as string,
    });
    worker.child.kill('SIGTERM');
    await worker.ended;
    // What is deployed is for workers.
    expect(await up.on.rta('run', '--until-end')).toMatchObject({ code: 1, stderr: expect.stringContaining('superseded') as string });
  });
}

/** All that was sent is in the tables, and written once to the stream; no table went back on the way. */
export async function expectRight(up: Upgraded, shape: Shape): Promise<void> {
  await up
    .until(async () => isDeepStrictEqual(await up.found(), up.expected(shape)), 'the tables are right', 120_000)
    .catch(async (error: unknown) => {
      expect(await up.found()).toEqual(up.expected(shape));
      throw error;
    });
  const echo = (await up.rows('echo')).map(({ at }) => timeOf(at)).sort((a, b) => a - b);
  expect(echo).toEqual(up.sent.map(({ at }) => at));
  expectNeverBack(await up.rows('totals'));
}

/** Counts of a user only ever grow. */
function expectNeverBack(rows: readonly Row[]): void {
  const counts = new Map<unknown, number>();
  for (const { user, count } of rows) {
    expect(Number(count)).toBeGreaterThanOrEqual(counts.get(user) ?? 0);
    counts.set(user, Number(count));
  }
}
