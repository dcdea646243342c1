/** `rta explain` on the pipelines of this project. */
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { ndjson, rta } from './support/cli.js';

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

  it('refuses drawings of what is no plan', async () => {
    const { code, stderr } = await rta(['explain', TEAMS, '--stage', 'kernel', '--format', 'mermaid']);
    expect(code).toBe(2);
    expect(stderr).toContain('--stage logical or physical');
    expect((await rta(['explain', '--stage', 'soul'])).code).toBe(2);
  });
});
