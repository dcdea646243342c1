/** A deploy on an embedded log that another process has open, which ends in the middle of it. */
import { join } from 'node:path';
import { serveRegistry } from '@rta/registry';
import { openEmbeddedLog } from '@rta/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import type { RtaResult } from '../support/cli.js';
import { DeployedProject } from './project.js';
import { registers, registryBetween } from './registry-between.js';

/** Deploys. When only the record is left to be written, whose log it is does `before`, and ends. */
async function deployBeside(project: DeployedProject, before: () => Promise<unknown>): Promise<RtaResult> {
  const { directory } = project.project;
  const served = await serveRegistry({ directory: join(directory, '.rta/registry'), port: 0 });
  afterAll(() => served.close());
  const between = await registryBetween(served.url);
  const owner = await openEmbeddedLog(join(directory, '.rta/log'));
  between.after = async (method, path) => {
    if (!registers(method, path) || !path.includes('-value/')) return;
    await before();
    await owner.close();
  };
  return project.rta('deploy', '--by', 'bob', '--registry', between.url);
}

describe('a deploy over the log of a process that ends', () => {
  it('goes on', async () => {
    const project = new DeployedProject();
    expect(await deployBeside(project, () => Promise.resolve())).toMatchObject({ code: 0, stderr: '' });
    expect(await project.deployed()).toMatchObject({ current: 1, versions: [{ version: 1, deployedBy: 'bob' }] });
  });

  it('is told where another one was quicker', async () => {
    const project = new DeployedProject();
    const { code, stderr } = await deployBeside(project, () => project.rta('deploy', '--by', 'ada'));
    expect(code).toBe(1);
    expect(project.short(stderr)).toMatch(
      /^error conflict: totals was changed meanwhile by ada at .*: it is at version 1 now; nothing of yours/,
    );
    expect(await project.deployed()).toMatchObject({ current: 1, versions: [{ version: 1, deployedBy: 'ada' }] });
  });
});
