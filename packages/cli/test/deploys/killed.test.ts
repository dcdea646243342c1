/**
 * A deploy that is killed (SIGKILL) before and after each thing that it changes. It runs as a process of its own; this one owns the embedded
 * log, and stands before the registry, so that it sees each step, and kills there.
 */
import { join } from 'node:path';
import { embeddedRegistry, serveRegistry } from '@rta/registry';
import { Deployments, LogError, openEmbeddedLog, type Log } from '@rta/runtime';
import { afterAll, expect, it } from 'vitest';
import { rta, spawnRta } from '../support/cli.js';
import { DeployedProject } from './project.js';
import { registers, registryBetween } from './registry-between.js';

/** Of a log: what changes it. */
const CHANGES = ['ensureTopics', 'configureTopics', 'commitIdle'] as const;

/** More than a deploy of the project has. */
const MOST_STEPS = 20;

interface Outcome {
  readonly topics: readonly string[];
  readonly subjects: readonly string[];
  readonly version: number | null;
}

/** Deploys, and kills at step `at`, before or after it. Null: there is no such step. */
async function killedAt(at: number, when: 'before' | 'after'): Promise<{ killed: Outcome; finished: Outcome } | null> {
  const project = new DeployedProject();
  const { directory } = project.project;
  const log = await openEmbeddedLog(join(directory, '.rta/log'));
  const served = await serveRegistry({ directory: join(directory, '.rta/registry'), port: 0 });
  afterAll(() => served.close());
  const between = await registryBetween(served.url);
  let kill = (): void => undefined;
  let steps = 0;
  /** Whether it was killed now: then what it has asked for is not done. */
  const step = (moment: 'before' | 'after'): boolean => {
    if (moment === 'before') steps++;
    if (steps !== at || moment !== when) return false;
    kill();
    return true;
  };
  watch(log, step);
  between.before = (method, path) => (registers(method, path) && step('before') ? 'silence' : 'pass');
  between.after = (method, path) => {
    if (registers(method, path)) step('after');
  };
  const child = spawnRta(['deploy', '--registry', between.url], { cwd: directory });
  kill = () => child.child.kill('SIGKILL');
  const { code, stderr } = await child.ended;
  if (code !== null) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await log.close();
    return null;
  }
  kill = () => undefined;
  // What was asked for before it died is done by then.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const look = async (): Promise<Outcome> => ({
    topics: (await log.topics()).map(({ name }) => project.short(name)),
    subjects: (await embeddedRegistry(join(directory, '.rta/registry')).subjects()).map((subject) => project.short(subject)),
    version: (await new Deployments(log).read()).pipelines.get(project.pipeline)?.current ?? null,
  });
  const killed = await look();
  const again = await rta(['deploy', '--registry', between.url], { cwd: directory });
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect((await rta(['plan', '--detailed-exitcode', '--registry', between.url], { cwd: directory })).code).toBe(0);
  const finished = await look();
  await log.close();
  return { killed, finished };
}

function watch(log: Log, step: (moment: 'before' | 'after') => boolean): void {
  for (const name of CHANGES) {
    const real = (log[name] as (argument: unknown) => Promise<unknown>).bind(log);
    (log as unknown as Record<string, unknown>)[name] = async (argument: unknown) => {
      if (step('before')) throw new LogError('closed', 'who asked is gone', false);
      const result = await real(argument);
      step('after');
      return result;
    };
  }
}

it('whenever it is killed, nothing is recorded or all of it, and the next deploy finishes it', { timeout: 1_800_000 }, async () => {
  let steps = 0;
  const expectWhole = ({ killed, finished }: { killed: Outcome; finished: Outcome }): void => {
    expect([null, 1]).toContain(killed.version);
    expect(finished.version).toBe(1);
    expect(finished.subjects).toEqual(['out-key', 'out-value']);
    expect(finished.topics).toEqual(['in', 'out', 'rta.deployments', 'rta.totals-1-changelog', 'rta.totals-1-repartition']);
    // The versions are recorded last: whoever finds them finds all that they need.
    if (killed.version === 1) expect(killed).toEqual(finished);
  };
  for (let at = 1; at <= MOST_STEPS; at++) {
    const outcome = await killedAt(at, 'before');
    if (outcome === null) break;
    steps = at;
    expectWhole(outcome);
    expect(outcome.killed.version).toBeNull();
  }
  expect(steps).toBe(8);
  // Behind any other step is where the next one begins.
  const last = await killedAt(steps, 'after');
  if (last !== null) expectWhole(last);
  expect(last?.killed.version).toBe(1);
});
