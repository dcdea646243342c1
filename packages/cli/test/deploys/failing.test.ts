/** A registry that is down, slow or rejects, at each step of a deploy: all is as it was, and the message says so. */
import { join } from 'node:path';
import { serveRegistry } from '@rta/registry';
import { afterAll, describe, expect, it } from 'vitest';
import { DeployedProject } from './project.js';
import { registers, registryBetween, type Between } from './registry-between.js';

const DOWN = { status: 503, error_code: 50_003, message: 'no leader' };

async function deployed(): Promise<{
  project: DeployedProject;
  between: Between;
  deploy: (...args: string[]) => ReturnType<DeployedProject['rta']>;
}> {
  const project = new DeployedProject();
  const served = await serveRegistry({ directory: join(project.project.directory, '.rta/registry'), port: 0 });
  afterAll(() => served.close());
  const between = await registryBetween(served.url);
  return { project, between, deploy: (...args) => project.rta('deploy', '--registry', between.url, ...args) };
}

describe('a deploy', () => {
  it('whose registry is down asks nothing else, and changes nothing', async () => {
    const { project, between, deploy } = await deployed();
    between.before = () => DOWN;
    const { code, stderr } = await deploy();
    expect(code).toBe(69);
    expect(stderr).toContain('error unavailable');
    expect(await project.topics()).toEqual({});
  });

  it('whose registry refuses the second schema takes back the first, and the topics', async () => {
    const { project, between, deploy } = await deployed();
    between.before = (method, path) =>
      registers(method, path) && path.includes('-value/') ? { status: 422, error_code: 42_201, message: 'not on a Friday' } : 'pass';
    const { code, stdout, stderr } = await deploy();
    expect(code).toBe(1);
    expect(stderr).toMatch(/not on a Friday; nothing was deployed, all is as it was before\nhelp: /);
    expect(stdout).toContain('↩');
    expect(await project.topics()).toEqual({});
    expect(await project.subjects()).toEqual({});
    expect(await project.deployed()).toBeUndefined();
    between.before = () => 'pass';
    expect(await deploy()).toMatchObject({ code: 0, stderr: '' });
    expect(Object.keys(await project.subjects())).toEqual(['out-key', 'out-value']);
  });

  it('whose registry goes away takes back the topics, and names what is left', async () => {
    const { project, between, deploy } = await deployed();
    let registered = 0;
    between.before = (method, path) => (registered >= 2 || (registers(method, path) && ++registered === 2) ? DOWN : 'pass');
    const { code, stderr } = await deploy();
    expect(code).toBe(69);
    expect(project.short(stderr)).toMatch(/nothing was deployed, what could not be taken back, and is in nobody's way: .*out-key/);
    expect(await project.topics()).toEqual({});
    expect(await project.deployed()).toBeUndefined();
    between.before = () => 'pass';
    expect(await deploy()).toMatchObject({ code: 0, stderr: '' });
    expect(await project.subjects()).toEqual({ 'out-key': [1], 'out-value': [1] });
  });

  it('whose registry does not answer any more takes back what it has made', { timeout: 400_000 }, async () => {
    const { project, between, deploy } = await deployed();
    between.before = (method, path) => (registers(method, path) && path.includes('-value/') ? 'silence' : 'pass');
    const { code, stderr } = await deploy();
    expect(code).toBe(69);
    expect(stderr).toMatch(/was not reached \(no answer within 10000 ms\); nothing was deployed, all is as it was before/);
    expect([await project.topics(), await project.subjects(), await project.deployed()]).toEqual([{}, {}, undefined]);
  });

  it('that is interrupted takes back what it has made', async () => {
    const { project, between } = await deployed();
    const stop = new AbortController();
    between.after = (method, path) => {
      if (registers(method, path)) stop.abort();
    };
    const { code, stderr } = await project.rtaWith(stop.signal, 'deploy', '--registry', between.url);
    expect(code).toBe(130);
    expect(stderr).toContain('error interrupted: the deploy was interrupted; nothing was deployed, all is as it was before');
    expect(await project.topics()).toEqual({});
    expect(await project.subjects()).toEqual({});
  });
});
