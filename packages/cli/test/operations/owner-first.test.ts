/** Pipelines are run on an embedded log that another command has open. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openEmbeddedLog } from '@rta/runtime';
import { describe, expect, it } from 'vitest';
import { ndjson, rta } from '../support/cli.js';
import { Operated } from '../support/operated.js';

/** How many times a worker and a question of what runs begin at the same time. */
const STARTS = 5;

async function withEvents(name: string): Promise<Operated> {
  const on = new Operated({}, name);
  await on.send({ user: 'ann', score: 1, at: 10 }, { user: 'bob', score: 4, at: 20, partition: 1 }, { user: 'ann', score: 2, at: 30 });
  return on;
}

describe('an embedded log that another command has open', () => {
  it('is waited for', async () => {
    const on = await withEvents('waits');
    const owner = await openEmbeddedLog(join(on.project.directory, '.rta/log'));
    const draining = on.drain();
    await delay(1_500);
    await owner.close();
    await draining;
    expect(await on.table()).toEqual({ ann: { user: 'ann', total: 3, count: 2 }, bob: { user: 'bob', total: 4, count: 1 } });
  });

  it('is not waited for without end: the error names the command', async () => {
    const on = await withEvents('held');
    const owner = await openEmbeddedLog(join(on.project.directory, '.rta/log'));
    const { code, stderr } = await on.rta('run', '--until-end');
    await owner.close();
    expect(code).toBe(69);
    expect(stderr).toContain(`error in_use: the embedded log ${on.project.directory}/.rta/log is in use by process ${process.pid} on `);
    expect(stderr).toContain('help: end that process first');
  });

  it('is given up by a command that goes on, which shows what is written from then on', { timeout: 60_000 }, async () => {
    const on = await withEvents('tailed');
    await on.drain();
    const stop = new AbortController();
    const tailing = rta(['tail', on.out, '--follow', '--json'], { cwd: on.project.directory, signal: stop.signal });
    await delay(1_000);
    await on.send({ user: 'eve', score: 7, at: 40 });
    await on.drain();
    await delay(1_500);
    stop.abort();
    const { code, stdout, stderr } = await tailing;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(ndjson(stdout)).toContainEqual(
      expect.objectContaining({ value: { format: 'json', value: { user: 'eve', total: 7, count: 1 } } }),
    );
    // Whose it is again.
    expect(await on.table()).toMatchObject({ eve: { user: 'eve', total: 7, count: 1 } });
  });

  it('does not keep a worker from its work that begins at the same time', { timeout: 120_000 }, async () => {
    const on = await withEvents('same-time');
    expect(await on.rta('deploy')).toMatchObject({ code: 0, stderr: '' });
    for (let start = 0; start < STARTS; start++) {
      const stop = new AbortController();
      const first = on.rta('ps', '--json');
      const worker = rta(['worker', '--json'], { cwd: on.project.directory, signal: stop.signal });
      expect(await first).toMatchObject({ code: 0, stderr: '' });
      await expect.poll(() => on.json('ps').catch(() => []), { timeout: 20_000, interval: 100 }).toMatchObject([{ version: 1, lag: 0 }]);
      stop.abort();
      expect(await worker).toMatchObject({ code: 130, stderr: '' });
      expect(await on.rta('reset', on.pipeline, '--yes')).toMatchObject({ code: 0, stderr: '' });
    }
  });
});
