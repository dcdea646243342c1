/** Every kind of change: what `rta plan` says of it, and what `rta deploy` does. Run on the embedded log and on Kafka. */
import { BatchBuilder } from '@rta/runtime';
import { describe, expect, it } from 'vitest';
import { ndjson } from '../support/cli.js';
import { DeployedProject } from './project.js';

const APP = (project: DeployedProject): string => `rta.${project.short(project.pipeline)}`;

/** @param env of the commands, when the tests run */
export function changesOn(name: string, env: () => Readonly<Record<string, string>>, timeout: number): void {
  describe(`deploys on ${name}`, { timeout }, () => {
    it('a first deploy makes topics, subjects and the record; then there is nothing to do', async () => {
      const project = new DeployedProject(env());
      expect(await project.rta('plan', '--detailed-exitcode')).toMatchObject({ code: 3, stderr: '' });
      const app = APP(project);
      expect((await project.changes()).sort()).toEqual(
        [
          'pipeline totals: create',
          `store 1-changelog:0: create`,
          `group ${app}: create`,
          'topic in: create',
          'topic out: create',
          `topic ${app}-1-repartition: create`,
          `topic ${app}-1-changelog: create`,
          'subject out-key: create',
          'subject out-value: create',
        ].sort(),
      );
      expect(await project.topics().catch(() => ({}))).toEqual({});
      const { code, stdout, stderr } = await project.rta('deploy', '--by', 'ada');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(project.short(stdout)).toContain('✓ totals: recorded, version 1\n');
      expect(await project.topics()).toMatchObject({
        in: { partitions: 2 },
        out: { partitions: 2, config: { 'cleanup.policy': 'compact' } },
        [`${app}-1-changelog`]: { partitions: 2 },
      });
      expect(await project.subjects()).toEqual({ 'out-key': [1], 'out-value': [1] });
      expect(await project.deployed()).toMatchObject({ current: 1, rebuild: null, versions: [{ version: 1, deployedBy: 'ada' }] });
      expect(await project.rta('plan', '--detailed-exitcode')).toMatchObject({ code: 0, stderr: '' });
      expect((await project.rta('deploy')).stdout).toContain('Nothing to do');
      expect((await project.deployed())?.current).toBe(1);
    });

    it('what is derived more keeps the state, and the subject gets a version', async () => {
      const project = new DeployedProject(env());
      await project.rta('deploy');
      project.edit({ derive: 'half: 100 / total' });
      expect(await project.changes()).toEqual(['pipeline totals: update', 'subject out-value: update']);
      const item = (await project.items()).find(({ kind }) => kind === 'pipeline');
      expect(item?.diff).toContainEqual({ sign: '+', text: '  - derive: { half: 100 / total }' });
      expect((await project.items()).find(({ name: n }) => n.endsWith('-value'))?.diff).toEqual([
        { sign: '+', text: expect.stringMatching(/^half {2}.*double/) as string },
      ]);
      expect(await project.rta('deploy')).toMatchObject({ code: 0 });
      const deployed = await project.deployed();
      expect(deployed).toMatchObject({ current: 2, rebuild: null });
      expect(deployed?.versions[1].applicationId).toBe(deployed?.versions[0].applicationId);
      expect((await project.subjects())['out-value']).toEqual([1, 2]);
    });

    it('other state is a rebuild: asked for, beside the old one', async () => {
      const project = new DeployedProject(env());
      await project.rta('deploy');
      project.edit({ aggregate: 'total: sum(score), most: max(score) where score > 5' });
      expect(await project.changes()).toContain('pipeline totals: rebuild');
      const refused = await project.rta('deploy');
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain('error needs_rebuild: nothing was changed');
      expect((await project.deployed())?.versions).toHaveLength(1);
      expect(await project.rta('deploy', '--allow-rebuild')).toMatchObject({ code: 0 });
      const deployed = await project.deployed();
      expect(deployed).toMatchObject({ current: 1, rebuild: { version: 2, phase: 'rebuilding' } });
      expect(deployed?.versions[1].applicationId).toBe(`rta.${project.pipeline}.v2`);
      expect(Object.keys(await project.topics())).toContain(`${APP(project)}.v2-1-changelog`);
      expect(await project.rta('plan', '--detailed-exitcode')).toMatchObject({ code: 0 });
    });

    it('a filter in front of the state is a rebuild, unless the state is to be kept', async () => {
      const project = new DeployedProject(env());
      await project.rta('deploy');
      project.edit({ filter: 'score > 1' });
      expect(await project.changes()).toContain('pipeline totals: rebuild');
      expect(await project.changes('--keep-state', project.pipeline)).toEqual(['pipeline totals: update']);
      expect(await project.rta('deploy', '--keep-state', project.pipeline)).toMatchObject({ code: 0 });
      expect(await project.deployed()).toMatchObject({ current: 2, rebuild: null });
    });

    it('a schema that cannot be the next version is refused, with the way out, and nothing changes', async () => {
      const project = new DeployedProject(env());
      await project.rta('deploy');
      const before = [await project.topics(), await project.subjects(), await project.deployed()];
      await project.registry.setCompatibility(`${project.out}-value`, 'FULL');
      project.edit({ aggregate: 'total: avg(score)' });
      expect(await project.rta('plan', '--detailed-exitcode')).toMatchObject({ code: 1 });
      const item = (await project.items()).find(({ change }) => change === 'breaking');
      expect(item).toMatchObject({ kind: 'subject', name: `${project.out}-value`, places: ['pipelines/totals.yaml:10:1'] });
      expect((await project.rta('plan')).stdout).toMatch(/✗ subject {2}\S+ +sink of \S+: breaking\n {4}at pipelines\/totals\.yaml:10:1\n/);
      expect(item?.advice.join()).toContain(`${project.out}-v2`);
      const refused = await project.rta('deploy', '--allow-rebuild');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('error refused: nothing was changed, since this cannot go');
      expect([await project.topics(), await project.subjects(), await project.deployed()]).toEqual(before);
    });

    it('a column more without a default is refused, with the way to one', async () => {
      const project = new DeployedProject(env());
      await project.rta('deploy');
      // Whatever the registry's default is.
      await project.registry.setCompatibility(`${project.out}-value`, 'BACKWARD');
      project.edit({ aggregate: 'total: sum(score), most: max(score)' });
      const item = (await project.items()).find(({ change }) => change === 'breaking');
      expect(item?.advice[0]).toContain('let most be null where it was not there yet, which gives the default null: `nullable(…)`');
      project.edit({ aggregate: 'total: sum(score), most: max(nullable(score))' });
      expect(await project.changes()).toContain('subject out-value: update');
    });

    it('settings of topics: what loses records is asked for, what somebody else has set is drift', async () => {
      const project = new DeployedProject(env());
      const declared = (settings: string): string => `  ${project.in}: { ${settings} }\n  ${project.out}: { partitions: 2 }`;
      project.edit({ topics: declared('partitions: 2, retention: 30d') });
      await project.rta('deploy');
      await project.withLog((log) => {
        const builder = new BatchBuilder(project.in, 0);
        builder.append(Date.now(), null, 0, 0, new Uint8Array([0]), 0, 1, null);
        return log.append(builder.take());
      });
      project.edit({ topics: declared('partitions: 2, retention: 1d, compression: zstd') });
      const item = (await project.items()).find(({ kind, change }) => kind === 'topic' && change !== 'unchanged');
      expect(item).toMatchObject({
        name: project.in,
        change: 'update',
        drifted: false,
        needs: 'destructive',
        reasons: ['records older than 1d are deleted'],
      });
      expect((await project.rta('deploy')).stderr).toContain('error needs_destructive');
      expect(await project.rta('deploy', '--allow-destructive')).toMatchObject({ code: 0 });
      expect((await project.topics())['in']?.config).toMatchObject({ 'retention.ms': '86400000', 'compression.type': 'zstd' });

      await project.withLog((log) => log.configureTopics([{ name: project.in, config: { 'retention.ms': '600000' } }]));
      const drift = (await project.items()).find(({ kind, change }) => kind === 'topic' && change !== 'unchanged');
      expect(drift).toMatchObject({
        drifted: true,
        needs: null,
        reasons: ['retention.ms was changed since it was deployed, and is set back'],
      });
      expect(await project.rta('deploy')).toMatchObject({ code: 0 });
      expect((await project.topics())['in']?.config).toMatchObject({ 'retention.ms': '86400000' });
      expect(await project.rta('plan', '--detailed-exitcode')).toMatchObject({ code: 0 });

      // With records, keys cannot move; without, it can be made anew.
      project.edit({ topics: `  ${project.in}: { partitions: 3 }\n  ${project.out}: { partitions: 3, retention: 12h }` });
      const changes = (await project.items()).filter(({ kind, change }) => kind === 'topic' && change !== 'unchanged');
      expect(changes.map(({ name: n, change, needs }) => [project.short(n), change, needs])).toContainEqual(['in', 'breaking', null]);
      expect(changes.map(({ name: n, change, needs }) => [project.short(n), change, needs])).toContainEqual([
        'out',
        'update',
        'destructive',
      ]);
      expect(changes.find(({ name: n }) => n === project.out)?.diff).toEqual([
        { sign: '~', text: 'partitions 2 → 3' },
        { sign: '~', text: "retention.ms the broker's → 12h" },
      ]);
    });

    it('goes back to what ran before, not to what was given up before it ran', async () => {
      const project = new DeployedProject(env());
      await project.rta('deploy');
      project.edit({ aggregate: 'total: sum(score), most: max(nullable(score))' });
      expect(await project.rta('deploy', '--allow-rebuild', '--manual')).toMatchObject({ code: 0 });
      expect((await project.rta('plan')).stdout).toContain(`takes over with \`rta promote ${project.pipeline}\``);
      project.edit({ derive: 'half: 100 / total' });
      expect(await project.rta('deploy')).toMatchObject({ code: 0 });
      expect((await project.rta('rollback', project.pipeline)).code).toBe(0);
      const history = ndjson((await project.rta('history', project.pipeline, '--json')).stdout).slice(1);
      expect(history.map(({ version, state, summary }) => [version, state, summary])).toEqual([
        [4, 'running', 'rollback to version 1'],
        [3, 'retired', 'the rebuild of version 2 is given up; it goes on with the state that it has'],
        [2, 'given up', expect.any(String) as string],
        [1, 'retired', 'its first version'],
      ]);
    });

    it('of two deploys at once one wins, and the other is told and leaves nothing behind', async () => {
      const project = new DeployedProject(env());
      await project.rta('deploy');
      project.edit({ derive: 'half: 100 / total' });
      const results = await Promise.all(['ada', 'bob'].map((by) => project.rta('deploy', '--by', by)));
      const codes = results.map(({ code }) => code).sort();
      const deployed = await project.deployed();
      // The later one may also find that there is nothing to do any more.
      expect([[0, 0], [0, 1]]).toContainEqual(codes); // prettier-ignore
      for (const { code, stderr } of results) if (code === 1) expect(stderr).toContain('error conflict');
      expect(deployed).toMatchObject({ current: 2 });
      expect(deployed?.versions).toHaveLength(2);
      expect((await project.subjects())['out-value']).toEqual([1, 2]);
      expect(await project.rta('plan', '--detailed-exitcode')).toMatchObject({ code: 0 });
    });
  });
}
