/** What plans look like for people, programs and pull requests, and what is recorded of a pipeline. */
import { describe, expect, it } from 'vitest';
import { ndjson } from '../support/cli.js';
import { DeployedProject } from './project.js';

describe('rta plan', () => {
  it('has lines for programs: the version, an item each, and what comes of it', async () => {
    const project = new DeployedProject();
    const lines = ndjson((await project.rta('plan', '--json')).stdout);
    expect(lines[0]).toEqual({ rta: 1, command: 'plan' });
    expect(lines.find(({ item }) => (item as { name?: string } | undefined)?.name === project.out)).toEqual({
      item: {
        ...{ kind: 'topic', name: project.out, role: 'sink', pipelines: [project.pipeline], places: ['pipelines/totals.yaml:10:1'] },
        ...{ change: 'create', drifted: false, needs: null },
        ...{
          reasons: ['it does not exist'],
          diff: [{ sign: '+', text: 'partitions 2, cleanup.policy compact' }],
          warnings: [],
          advice: [],
        },
      },
    });
    expect(lines.at(-1)).toEqual({
      plan: { refused: false, changes: true, needs: [], create: 9, update: 0, unchanged: 1, rebuild: 0, breaking: 0, others: [] },
    });
  });

  it('is a table with details for a pull request', async () => {
    const project = new DeployedProject();
    await project.rta('deploy');
    project.edit({ filter: 'score > 1', derive: 'share: 100 / total' });
    const { code, stdout } = await project.rta('plan', '--markdown');
    expect(code).toBe(0);
    const text = project.short(stdout);
    expect(text).toContain('### rta plan\n\nPlan: 3 to create, 1 to update, 2 to rebuild,');
    expect(text).toContain('| 🟣 | rebuild (`--allow-rebuild`) | pipeline `totals` | version 2 | what comes into its state has changed |');
    expect(text).toContain('```diff\n! pipelines/totals.yaml\n  steps:\n-   - filter: score > 0\n+   - filter: score > 1\n');
    expect(text).toContain('+ share  union of null, double, default null');
  });

  it('is refused where a source is not there, on Kafka; where files are wrong; where options contradict', async () => {
    const project = new DeployedProject();
    project.edit({ filter: 'scre > 0' });
    expect(await project.rta('plan')).toMatchObject({ code: 1, stdout: '' });
    project.edit();
    const both = await project.rta('plan', '--keep-state', project.pipeline, '--rebuild', project.pipeline);
    expect(both).toMatchObject({ code: 2 });
    expect((await project.rta('plan', '--rebuild', 'other')).stderr).toContain('there is no pipeline other');
  });

  it('rebuilds what it is asked to', async () => {
    const project = new DeployedProject();
    await project.rta('deploy');
    expect(await project.changes('--rebuild', project.pipeline)).toContain('pipeline totals: rebuild');
    expect((await project.rta('deploy', '--dry-run', '--rebuild', project.pipeline, '--allow-rebuild')).code).toBe(0);
    expect(await project.deployed()).toMatchObject({ current: 1, rebuild: null });
  });
});
