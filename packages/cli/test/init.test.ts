/** `rta init`: projects that check, test and run as they are made, with the cli as it is packed too. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ndjson, ROOT, rta, temporaryDirectory } from './support/cli.js';
import { summaryOf } from './support/printed-boards.js';

const run = promisify(execFile);
const version = (JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8')) as { version: string }).version;

describe.each([
  ['leaderboard', 'leaderboards', 'top-players'],
  ['metrics', 'rides', 'city-metrics'],
  ['alerts', 'rides', 'cancellations'],
])('rta init --template %s', (template, scenario, pipeline) => {
  it('makes a project without a mistake, whose tests pass, and which runs on its generator', async () => {
    const cwd = join(temporaryDirectory(), 'shop');
    const made = await rta(['init', 'shop', '--template', template, '--json'], { cwd: join(cwd, '..') });
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' });
    const lines = ndjson(made.stdout);
    expect(lines[0]).toEqual({ rta: 1, command: 'init' });
    expect(lines.at(-1)).toEqual({ directory: 'shop', template });
    const files = readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(cwd, name)).isFile());
    expect(lines.slice(1, -1).map(({ file }) => file)).toEqual(files.map((name) => `shop/${name}`).sort());
    for (const name of files) expect(readFileSync(join(cwd, name), 'utf8'), name).not.toMatch(/\{\{\w+\}\}/);
    for (const args of [['fmt', '--check', '.'], ['check'], ['test'], ['schema', 'check']]) {
      const { code, stderr } = await rta(args, { cwd });
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
    }
    expect((await rta(['explain', '--advice'], { cwd })).stdout).toMatch(/^no advice on 1 pipeline/);
    const generated = ['generate', scenario, '--count', '3000', '--as-fast-as-possible', '--seed', '1', '--start', '2026-01-01T12:00:00Z'];
    expect((await rta(generated, { cwd })).code).toBe(0);
    const { code, stdout } = await rta(['run', '--until-end', '--close', '--json'], { cwd });
    expect(code).toBe(0);
    expect(summaryOf(stdout, pipeline)).toMatchObject({ recordsIn: 3000, rejected: 0 });
    expect(summaryOf(stdout, pipeline)).not.toMatchObject({ recordsOut: 0 });
  });
});

describe('rta init', () => {
  it('writes over nothing', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'rta.yaml'), '# mine\n');
    const { code, stderr } = await rta(['init'], { cwd });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error exists: rta.yaml is there already; nothing is written\nhelp: name a directory of its own: rta init DIRECTORY\n',
    });
    expect(readdirSync(cwd)).toEqual(['rta.yaml']);
  });

  it('says how to go on, and makes a workflow that runs the script', async () => {
    const cwd = temporaryDirectory();
    const { code, stdout } = await rta(['init'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\.github\/workflows\/rta\.yml\n/);
    expect(stdout).toMatch(/\nrta test, then rta run; rta generate leaderboards in another terminal feeds it\n$/);
    expect(readFileSync(join(cwd, 'README.md'), 'utf8')).toContain(`# ${basename(cwd)}\n`);
    const workflow = parse(readFileSync(join(cwd, '.github/workflows/rta.yml'), 'utf8')) as {
      on: { workflow_dispatch: { inputs: { options: { default: string } } } };
      jobs: { rta: { steps: { run?: string; env?: Record<string, string> }[] } };
    };
    expect(workflow.on.workflow_dispatch.inputs.options.default).toBe('');
    const script = workflow.jobs.rta.steps.find((step) => step.run?.startsWith('ci/rta.sh '));
    // By the shell, not by GitHub: what somebody types there is no program.
    expect(script).toMatchObject({
      env: { OPTIONS: '${{ inputs.options }}' },
      run: "ci/rta.sh ${{ github.ref == 'refs/heads/main' && 'deploy' || '' }} $OPTIONS",
    });
    expect(readFileSync(join(cwd, 'ci/rta.sh'), 'utf8')).toContain(`@rta/cli@${version}}`);
    expect(statSync(join(cwd, 'ci/rta.sh')).mode & 0o111).toBe(0o111);
  });

  const cli = join(ROOT, 'packages/cli');
  it.skipIf(!existsSync(join(cli, 'dist/commands/init.js')))('is whole in the package that users install', async () => {
    const cwd = temporaryDirectory();
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', cwd], { cwd: cli });
    await run('tar', ['xzf', readdirSync(cwd).find((name) => name.endsWith('.tgz'))!], { cwd });
    const installed = join(cwd, 'package');
    // What it needs, as an installation would have it.
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    for (const name of Object.keys(dependencies)) {
      const link = join(cwd, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(cli, 'node_modules', name), link);
    }
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], RTA: `${process.execPath} ${join(installed, 'bin/rta.js')}` };
    await run(process.execPath, [join(installed, 'bin/rta.js'), 'init', 'made'], { cwd, env });
    const { stdout } = await run(join(cwd, 'made/ci/rta.sh'), [], { cwd, env });
    expect(stdout).toMatch(/ none to be formatted\n✓ pipelines\/top-players\.yaml \(top-players\)\n/);
    expect(stdout).toMatch(/\n2 tests passed .*\nKAFKA_BROKERS is not set: nothing to plan against\.\n$/);
  });
});
