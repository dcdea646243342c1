import { changedBy, deployed, Deployments } from '@rta/runtime';
import { expect, it } from 'vitest';
import { Operated } from '../support/operated.js';

it('rta ps shows the others where one of those that are deployed does not compile', async () => {
  const on = new Operated({}, 'ps');
  expect(await on.rta('deploy')).toMatchObject({ code: 0, stderr: '' });
  const source = { path: 'p.yaml', files: { 'p.yaml': 'pipeline: newer\nsteps: [{ unheardOf: 1 }]\n' }, variables: {}, modules: {} };
  const draft = { pipeline: 'newer', source, layouts: {}, fingerprint: '', settings: {}, topics: [], summary: '', state: 'keep', manual: false } as const; // prettier-ignore
  await on.withLog(async (log) => {
    await new Deployments(log).change(() => deployed(null, draft, changedBy('bob', 0)));
  });
  expect(await on.json('ps')).toMatchObject([
    { pipeline: 'newer', version: 1, state: 'running', lag: null },
    { pipeline: on.pipeline, version: 1, state: 'running', lag: 0 },
  ]);
  expect((await on.rta('ps')).stdout).toMatch(/\nnewer +1 +running +0 +\? /);
});
