/** What the record of deployments must do on every log. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changedBy, Deployments, pipelineOf } from '../../src/deployments/deployments.js';
import { deployed, DeploymentError, paused, promoted, resumed, type VersionDraft } from '../../src/deployments/transitions.js';
import type { Log } from '../../src/log/log.js';

export const draft = (pipeline: string, more: Partial<VersionDraft> = {}): VersionDraft => ({
  pipeline,
  source: { path: 'p.yaml', files: { 'p.yaml': `pipeline: ${pipeline}` }, variables: {}, modules: {} },
  layouts: {},
  fingerprint: '',
  settings: {},
  topics: [],
  summary: 'new',
  state: 'keep',
  ...more,
});

export const who = (name: string) => changedBy(name, 1_700_000_000_000);

const codeOf = (action: Promise<unknown>): Promise<string> =>
  action.then(
    () => 'none',
    (error: unknown) => (error instanceof DeploymentError ? error.code : String(error)),
  );

/** @param open the same log, by another client each time, as other processes have it */
export function deploymentsContract(name: string, open: () => Promise<Log>, timeout: number): void {
  describe(`${name}: the record of deployments`, { timeout }, () => {
    const logs: Log[] = [];
    const client = async (): Promise<Deployments> => {
      const log = await open();
      logs.push(log);
      return new Deployments(log);
    };
    let one: Deployments;
    let two: Deployments;
    beforeAll(async () => {
      [one, two] = [await client(), await client()];
    }, 120_000);
    afterAll(() => Promise.all(logs.map((log) => log.close())));
    const unique = (): string => `p${randomUUID().slice(0, 8)}`;

    it('has what was deployed, for whoever reads it', async () => {
      const name = unique();
      const files = { 'p.yaml': `pipeline: ${name}\n# ${'x'.repeat(100_000)} ě 🙂` };
      const source = { path: 'p.yaml', files, variables: { REGION: 'eu' }, modules: {} };
      await one.append(await one.read(), [deployed(null, draft(name, { source }), who('ada'))]);
      await one.change((now) => deployed(pipelineOf(now, name), draft(name, { summary: 'field added' }), who('bob')));
      await one.change((now) => paused(pipelineOf(now, name), who('eve')));
      for (const deployments of [one, two, await client()]) {
        const pipeline = pipelineOf(await deployments.read(), name);
        expect(pipeline).toMatchObject({ revision: 3, state: 'paused', current: 2, rebuild: null, changedBy: 'eve' });
        expect(pipeline.versions.map(({ version, summary, deployedBy }) => [version, summary, deployedBy])).toEqual([
          [1, 'new', 'ada'],
          [2, 'field added', 'bob'],
        ]);
        expect(pipeline.versions[0].source).toEqual(source);
      }
    });

    it('takes one of two deploys at once, and tells the other', async () => {
      const name = unique();
      await one.append(await one.read(), [deployed(null, draft(name), who('ada'))]);
      for (let round = 0; round < 3; round++) {
        const seen = await Promise.all([one.read(), two.read()]);
        const codes = await Promise.all(
          [one, two].map((by, i) =>
            codeOf(by.append(seen[i], [deployed(pipelineOf(seen[i], name), draft(name, { summary: `${round}-${i}` }), who(`w${i}`))])),
          ),
        );
        expect(codes.sort()).toEqual(['conflict', 'none']);
        const { versions, current } = pipelineOf(await two.read(), name);
        expect([versions.length, current]).toEqual([round + 2, round + 2]);
        expect(pipelineOf(await one.read(), name).versions).toEqual(versions);
      }
    });

    it('takes two deploys at once of different pipelines, and each of several at once or none', async () => {
      const names = [unique(), unique(), unique()];
      const [a, b] = await Promise.all([one.read(), two.read()]);
      await Promise.all([
        one.append(a, [deployed(null, draft(names[0]), who('ada')), deployed(null, draft(names[1]), who('ada'))]),
        two.append(b, [deployed(null, draft(names[2]), who('bob'))]),
      ]);
      // The second of these is there by now.
      const fourth = unique();
      const stale = two.append(b, [deployed(null, draft(fourth), who('bob')), deployed(null, draft(names[1]), who('bob'))]);
      expect(await codeOf(stale)).toBe('conflict');
      const { pipelines } = await one.read();
      expect([...names, fourth].map((each) => pipelines.get(each)?.changedBy)).toEqual(['ada', 'ada', 'bob', undefined]);
    });

    it('lets no change of many at once get lost', async () => {
      const name = unique();
      await one.append(await one.read(), [deployed(null, draft(name), who('ada'))]);
      const turns = Array.from({ length: 6 }, (_, i) =>
        (i % 2 === 0 ? one : two).change((now) => deployed(pipelineOf(now, name), draft(name, { summary: `s${i}` }), who(`w${i}`))),
      );
      await Promise.all(turns);
      const { versions, revision } = pipelineOf(await one.read(), name);
      expect(revision).toBe(7);
      expect(versions.map(({ summary }) => summary).sort()).toEqual(['new', 's0', 's1', 's2', 's3', 's4', 's5']);
    });

    it('says so where a pipeline is not deployed, and where a change is not to be made', async () => {
      const name = unique();
      expect(await codeOf(one.change((now) => paused(pipelineOf(now, name), who('ada'))))).toBe('not_deployed');
      await one.append(await one.read(), [deployed(null, draft(name), who('ada'))]);
      expect(await codeOf(one.change((now) => resumed(pipelineOf(now, name), who('ada'))))).toBe('not_paused');
      expect(await codeOf(one.change((now) => promoted(pipelineOf(now, name), who('ada'))))).toBe('no_rebuild');
      const files = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [String(i), 'x'.repeat(1024 * 1024)]));
      const large = draft(name, { source: { path: '0', files, variables: {}, modules: {} } });
      expect(await codeOf(one.change((now) => deployed(pipelineOf(now, name), large, who('ada'))))).toBe('too_large');
    });
  });
}
