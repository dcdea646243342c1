import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DeploymentsTable, type DeploymentEntries, type PipelineDeployments } from '../../src/deployments/record.js';
import {
  currentOf,
  deployed,
  KEPT_VERSIONS,
  paused,
  promoted,
  rebuildDropped,
  resumed,
  stateOf,
  versionOf,
} from '../../src/deployments/transitions.js';
import { openEmbeddedLog } from '../../src/log/embedded/open.js';
import { deploymentsContract, draft, who } from './contract.js';

const dir = mkdtempSync(join(tmpdir(), 'rta-deployments-'));
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

// The first one owns the log, the others go over its socket.
deploymentsContract('embedded', () => openEmbeddedLog(dir), 20_000);

/** What is recorded after it. */
function after(before: PipelineDeployments | null, { versions, pipelines, forgotten }: DeploymentEntries): PipelineDeployments {
  const kept = (before?.versions ?? []).filter((each) => !forgotten.some(({ version }) => version === each.version));
  return { ...pipelines[0], versions: [...kept, ...versions] };
}

describe('what may become of a deployed pipeline', () => {
  const first = after(null, deployed(null, draft('p'), who('ada')));
  const rebuilding = after(first, deployed(first, draft('p', { state: 'rebuild' }), who('ada')));

  it('keeps the application id for a version that keeps the state', () => {
    const second = after(first, deployed(first, draft('p'), who('ada')));
    expect(second.versions.map(({ version, applicationId }) => [version, applicationId])).toEqual([[1, 'rta.p'], [2, 'rta.p']]); // prettier-ignore
    expect(second).toMatchObject({ current: 2, rebuild: null, state: 'running', revision: 2 });
    expect([1, 2].map((version) => stateOf(second, version))).toEqual(['retired', 'running']);
  });

  it('rebuilds beside the current version, which stays until the other has taken over', () => {
    expect(rebuilding).toMatchObject({ current: 1, rebuild: { version: 2, phase: 'rebuilding', manual: false } });
    expect(versionOf(rebuilding, 2).applicationId).toBe('rta.p.v2');
    expect([1, 2].map((version) => stateOf(rebuilding, version))).toEqual(['running', 'rebuilding']);
    const handover = after(rebuilding, promoted(rebuilding, who('w')));
    expect(() => paused(handover, who('ada'))).toThrow('is just taking over');
    expect(() => rebuildDropped(handover, who('ada'))).toThrow('is just taking over');
    expect(() => deployed(handover, draft('p'), who('ada'))).toThrow('is just taking over');
    const switching = after(handover, promoted(handover, who('w')));
    expect([handover.rebuild?.phase, switching.rebuild?.phase, switching.current]).toEqual(['handover', 'switching', 1]);
    const done = after(switching, promoted(switching, who('w')));
    expect(done).toMatchObject({ current: 2, rebuild: null });
    expect(currentOf(after(done, deployed(done, draft('p'), who('ada')))).applicationId).toBe('rta.p.v2');
  });

  it('gives up a rebuild for the next version, or when told', () => {
    const third = after(rebuilding, deployed(rebuilding, draft('p', { state: 'rebuild', manual: true }), who('ada')));
    expect(third).toMatchObject({ current: 1, rebuild: { version: 3, manual: true } });
    expect(stateOf(third, 2)).toBe('given up');
    const dropped = after(third, rebuildDropped(third, who('ada')));
    expect(dropped).toMatchObject({ current: 1, rebuild: null });
    expect([1, 2, 3].map((version) => stateOf(dropped, version))).toEqual(['running', 'given up', 'given up']);
    const later = after(dropped, deployed(dropped, draft('p'), who('ada')));
    expect([1, 2, 3, 4].map((version) => stateOf(later, version))).toEqual(['retired', 'given up', 'given up', 'running']);
    expect(currentOf(after(dropped, deployed(dropped, draft('p'), who('ada')))).applicationId).toBe('rta.p');
  });

  it('stays paused until it is resumed', () => {
    const still = after(first, paused(first, who('ada')));
    expect(() => paused(still, who('ada'))).toThrow('p is paused already');
    expect(after(still, deployed(still, draft('p'), who('ada')))).toMatchObject({ state: 'paused', current: 2 });
    const beside = after(rebuilding, paused(rebuilding, who('ada')));
    expect(() => promoted(beside, who('ada'))).toThrow('p is paused');
    expect(after(still, resumed(still, who('ada')))).toMatchObject({ state: 'running', current: 1 });
  });

  it('forgets the oldest versions', () => {
    let pipeline = first;
    for (let i = 0; i < KEPT_VERSIONS + 5; i++) pipeline = after(pipeline, deployed(pipeline, draft('p'), who('ada')));
    expect(pipeline.versions).toHaveLength(KEPT_VERSIONS + 1);
    expect(pipeline.current).toBe(KEPT_VERSIONS + 6);
    expect(() => versionOf(pipeline, 1)).toThrow('p has no version 1');
  });
});

describe('the record as bytes', () => {
  it('refuses what a newer rta has written, and what is no record of deployments', () => {
    const table = new DeploymentsTable();
    expect(() => table.apply({ key: 'pipeline:p', value: '{"v":2}' })).toThrow('in a shape that a newer rta has written');
    expect(() => table.apply({ key: 'version:p:1', value: 'x' })).toThrow('has no JSON under version:p:1');
  });
});
