/** Commands about what runs, of a pipeline that was rebuilt: another id, and other columns, than its first version had. */
import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ndjson, rta } from '../support/cli.js';
import { Operated } from '../support/operated.js';

const BEST = `  - groupBy: user\n    aggregate: { total: sum(score), best: max(score) }\n`;
const rowsOf = (lines: readonly Record<string, unknown>[]): unknown[] => lines.flatMap(({ row }) => (row === undefined ? [] : [row]));

/** A worker in this process, while `work` is done. */
async function withWorker(on: Operated, work: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const worker = rta(['worker', '--json'], { cwd: on.project.directory, signal: stop.signal });
  try {
    await work();
  } finally {
    stop.abort();
    expect(await worker).toMatchObject({ code: 130, stderr: '' });
  }
}

async function runs(on: Operated, version: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    // Its owner may answer too late on a busy machine.
    const lines = await on.json('ps').catch(() => []);
    if (lines.length === 1 && lines[0]['version'] === version && lines[0]['lag'] === 0) return;
    await delay(200);
  }
  throw new Error(`version ${version} does not run`);
}

it('query, dlq and reset know what a rebuilt pipeline runs as', { timeout: 300_000 }, async () => {
  const on = new Operated({}, 'rebuilt');
  const { pipeline } = on;
  await on.send({ user: 'ann', score: 1, at: 10 }, { user: 'bob', score: 4, at: 20, partition: 1 }, { user: 'ann', score: 2, at: 30 });
  await on.sendBytes({ partition: 0, key: 'eve', value: Buffer.from('{"user": ') });
  expect(await on.rta('deploy')).toMatchObject({ code: 0, stderr: '' });
  await withWorker(on, async () => {
    await runs(on, 1);
    on.define(BEST);
    expect(await on.rta('deploy', '--allow-rebuild')).toMatchObject({ code: 0, stderr: '' });
    await runs(on, 2);
  });
  const table = { ann: { user: 'ann', total: 3, best: 2 }, bob: { user: 'bob', total: 4, best: 4 } };
  expect(await on.table()).toEqual(table);
  // The file goes on; what is looked at is what runs.
  on.define();
  expect(rowsOf(await on.json('query', pipeline, on.out))).toEqual([table.ann, table.bob]);
  const store = String((await on.json('state', pipeline))[0]['store']);
  expect(rowsOf(await on.json('query', pipeline, store, 'ann'))).toEqual([table.ann]);
  expect(await on.json('dlq', 'ls', pipeline)).toMatchObject([{ pipeline, count: 1 }]);
  expect(ndjson((await on.rta('dlq', 'replay', on.dead, '--dry-run', '--json')).stdout).at(-1)).toMatchObject({
    summary: { selected: 1, wouldSend: 1 },
  });
  expect(await on.rta('reset', pipeline, '--yes')).toMatchObject({ code: 0, stderr: '' });
  expect(await on.table()).toEqual({ ann: null, bob: null });
  expect((await on.json('lag', pipeline))[0]).toMatchObject({ group: `rta.${pipeline}.v2`, watermark: null });
  // What is deployed begins again, as it was deployed.
  await withWorker(on, () => runs(on, 2));
  expect(await on.table()).toEqual(table);
});
