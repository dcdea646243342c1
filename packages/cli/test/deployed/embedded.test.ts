import { describe, expect, it } from 'vitest';
import { rta } from '../support/cli.js';
import { upgradeTests } from './upgrades.js';
import { Upgraded } from './upgraded.js';

describe('deployed pipelines on the embedded log', { timeout: 240_000 }, () => {
  upgradeTests(() => ({}), ['.rta']);

  it('are none where nothing was deployed', async () => {
    const up = new Upgraded({}, 'none');
    expect(await rta(['ps'], { cwd: up.on.project.directory })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no_log') as string,
    });
    await up.on.send({ user: 'ann', score: 1, at: 1 });
    expect(await up.on.rta('ps')).toEqual({ code: 0, stdout: 'nothing is deployed\n', stderr: '' });
    expect(await up.on.rta('pause', 'points')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('points is not deployed') as string,
    });
    expect(await up.on.rta('history', 'points')).toMatchObject({ code: 1 });
  });
});
