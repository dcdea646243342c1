import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { timeSpent } from '../src/run/profile/attribute.js';
import { Sampler } from '../src/run/profile/sampler.js';
import { ndjson, rta, temporaryDirectory } from './support/cli.js';
import { temporaryProject } from './support/inspect-project.js';

interface Spent {
  readonly samples: number;
  readonly totalMs: number;
  readonly idleMs: number;
  readonly parts: readonly { readonly part: string; readonly pipeline: string | null; readonly step: string | null; readonly ms: number }[];
}

describe('rta run --profile', () => {
  const cwd = temporaryProject();

  it('says what the time went to, by step, and leaves a profile', async () => {
    expect((await rta(['generate', 'leaderboards', '--count', '200000', '--rate', '0', '--seed', '3'], { cwd })).code).toBe(0);
    const { code, stdout, stderr } = await rta(['run', '--until-end', '--profile', 'run.cpuprofile', '--json'], { cwd });
    expect(code, stderr).toBe(0);
    const { profile } = ndjson(stdout).at(-1) as { readonly profile: Spent & { readonly file: string } };
    expect(profile.file).toBe('run.cpuprofile');
    const busyMs = profile.parts.reduce((sum, { ms }) => sum + ms, 0);
    expect((busyMs + profile.idleMs) / profile.totalMs).toBeGreaterThan(0.9);
    expect((busyMs + profile.idleMs) / profile.totalMs).toBeLessThan(1.05);
    expect(profile.parts).toEqual([...profile.parts].sort((a, b) => b.ms - a.ms));
    const of = (part: string): unknown[] =>
      profile.parts.filter((each) => each.part === part).map(({ pipeline, step }) => [pipeline, step]);
    expect(of('compute')).toContainEqual(['top-teams', '1-aggregate']);
    expect(of('read records')).toContainEqual(['top-teams', null]);
    const kept = JSON.parse(readFileSync(join(cwd, 'run.cpuprofile'), 'utf8')) as { readonly nodes: readonly unknown[] };
    expect(kept.nodes.length).toBeGreaterThan(10);
  });

  it('prints a table for people', async () => {
    const { code, stdout } = await rta(['run', '--until-end', '--profile'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/where the time went: .* at work, .* waiting, of .* samples of the main thread\)\n +\d+\.\d % {2}█/);
    expect(stdout).toContain('rta.cpuprofile: for the Performance tab');
  });

  it('is refused with worker threads', async () => {
    const { code, stderr } = await rta(['run', '--profile', '--workers', '2'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('--profile looks at one thread');
  });
});

describe('the time of a profile', () => {
  it('that nothing of ours took is that of everything else', async () => {
    const sampler = await Sampler.start();
    const until = performance.now() + 60;
    let spins = 0;
    while (performance.now() < until) spins++;
    const spent = timeSpent(await sampler.stop(() => false), []);
    expect(spins).toBeGreaterThan(0);
    const [most] = spent.parts;
    expect(most).toMatchObject({ pipeline: null, step: null });
    expect(most.ms).toBeGreaterThan(20);
  });
});

describe('rta run --memory', () => {
  it('takes a size, and goes on in little', async () => {
    const cwd = temporaryProject();
    expect((await rta(['generate', 'leaderboards', '--count', '5000', '--rate', '0'], { cwd })).code).toBe(0);
    expect((await rta(['run', '--until-end', '--memory', '1MiB'], { cwd })).code).toBe(0);
    const { code, stderr } = await rta(['run', '--memory', '12'], { cwd: temporaryDirectory() });
    expect(code).toBe(2);
    expect(stderr).toContain('A size looks like 512MiB or 1.5GB');
  });
});
