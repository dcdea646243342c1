/** `rta explain` on the pipelines of this project. */
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { ndjson, ROOT, rta, temporaryDirectory } from './support/cli.js';

const TEAMS = 'pipelines/leaderboards/top-teams.yaml';

describe('rta explain', () => {
  it('draws the physical plan by default, of every pipeline below pipelines/', async () => {
    const one = await rta(['explain', TEAMS]);
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toContain('└─▶ rta.top-teams-1-repartition (to stage 1, by [team_id])');
    const all = await rta(['explain']);
    expect(all.stdout).toContain(one.stdout);
    expect(all.stdout).toContain('top-players: 2 stages');
  });

  it('shows the other stages of compilation', async () => {
    const ast = parse((await rta(['explain', TEAMS, '--stage', 'ast'])).stdout) as { name: string; streams: { steps: unknown[] }[] };
    expect(ast).toMatchObject({ name: 'top-teams', streams: [{ steps: [{ groupBy: 'team_id' }, { topK: { k: 10 } }] }] });
    const logical = await rta(['explain', TEAMS, '--stage', 'logical']);
    expect(logical.stdout).toContain('2-topK: topK of 1-aggregate');
    const kernel = await rta(['explain', TEAMS, '--stage', 'kernel']);
    expect(kernel.stdout).toContain('// top-teams, stage 0: source.user_score.scan\nfunction (K, b,');
  });

  it('writes Mermaid, JSON and NDJSON', async () => {
    expect((await rta(['explain', TEAMS, '--format', 'mermaid'])).stdout).toMatch(/^flowchart LR\n/);
    const data = JSON.parse((await rta(['explain', TEAMS, '--format', 'json'])).stdout) as { explained: { stages: unknown[] } };
    expect(data.explained.stages).toHaveLength(3);
    for (const stage of ['ast', 'typescript', 'logical', 'physical', 'kernel']) {
      const lines = ndjson((await rta(['explain', '--stage', stage, '--json'])).stdout);
      expect(lines[0]).toEqual({ rta: 1, command: 'explain' });
      expect(lines.slice(1)).toContainEqual(expect.objectContaining({ pipeline: 'top-teams', path: TEAMS, stage }));
    }
  });

  it('draws SVG, to stdout or a file, of one pipeline', async () => {
    const cwd = temporaryDirectory();
    const { code, stdout } = await rta(['explain', TEAMS, '--svg']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^<svg [\s\S]*top-teams[\s\S]*<\/svg>\n$/);
    expect((await rta(['explain', TEAMS, '--format', 'svg'])).stdout).toBe(stdout);
    expect((await rta(['explain', TEAMS, '--svg', join(cwd, 'teams.svg')])).code).toBe(0);
    expect(readFileSync(join(cwd, 'teams.svg'), 'utf8')).toBe(stdout);
    expect((await rta(['explain', '--svg'])).code).toBe(2);
    expect((await rta(['explain', TEAMS, '--svg', '--stage', 'ast'])).code).toBe(2);
  });

  it('refuses drawings of what is no plan', async () => {
    const { code, stderr } = await rta(['explain', TEAMS, '--stage', 'kernel', '--format', 'mermaid']);
    expect(code).toBe(2);
    expect(stderr).toContain('--stage logical or physical');
    expect((await rta(['explain', '--stage', 'soul'])).code).toBe(2);
  });

  it('has no advice on the pipelines of this project but what they accept', async () => {
    const { code, stdout } = await rta(['explain', '--advice']);
    expect({ code, stdout }, 'review `rta explain --advice`').toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^no advice on/) as unknown,
    });
    const lines = ndjson((await rta(['explain', TEAMS, '--advice', '--json'])).stdout);
    expect(lines).toContainEqual(
      expect.objectContaining({
        pipeline: 'top-teams',
        advice: expect.objectContaining({
          code: 'RTA4101',
          path: TEAMS,
          help: expect.stringContaining('key: team_id') as unknown,
        }) as unknown,
        accepted: 'scores are keyed by player, for the board of players',
      }),
    );
  });

  it('gives advice with place and remedy', async () => {
    const cwd = temporaryDirectory();
    cpSync(join(ROOT, 'schemas'), join(cwd, 'schemas'), { recursive: true });
    cpSync(join(ROOT, 'packages/runtime/test/plan/advice/state-without-ttl.yaml'), join(cwd, 'state-without-ttl.yaml'));
    const { code, stdout } = await rta(['explain', '--advice'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain('state-without-ttl.yaml:5:14: advice RTA4001: `aggregate` keeps a row for every `user_id`');
    expect(stdout).toContain('    ttl: 7d\n');
    expect(stdout).toContain('\n1 piece of advice\n');
  });
});
