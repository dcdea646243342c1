/** The manifests are what Kubernetes' own schemas allow, fit each other, and hold a project that compiles. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCli } from '@rta/cli';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, it } from 'vitest';
import { documents, filesIn } from './files.js';

const DIRECTORY = 'deploy/kubernetes';
const KINDS = { ConfigMap, PodDisruptionBudget, Service, StatefulSet };

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const files = filesIn(DIRECTORY).filter((file) => !file.endsWith('kustomization.yaml'));
const manifests = files.flatMap((file) => documents<Manifest>(file));

function only<K extends keyof typeof KINDS>(kind: K, name: string): InstanceType<(typeof KINDS)[K]> {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  return new KINDS[kind](found as never) as InstanceType<(typeof KINDS)[K]>;
}

async function rta(...args: readonly string[]): Promise<{ readonly code: number; readonly printed: string }> {
  let printed = '';
  const output = { write: (text: string) => (printed += text) };
  const code = await runCli(args, { stdout: output, stderr: output, env: {}, cwd: tmpdir(), signal: new AbortController().signal });
  return { code, printed };
}

describe('the manifests', () => {
  it.each(manifests.map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))('%s %s', (kind, _, manifest) => {
    const model = KINDS[kind as keyof typeof KINDS];
    expect(manifest.apiVersion).toBe(model.prototype.constructor === ConfigMap ? 'v1' : new model().apiVersion);
    expect(() => {
      new model(manifest as never).validate();
    }).not.toThrow();
  });

  it('a schema refuses what Kubernetes does not know', () => {
    const [set] = documents<Manifest & { readonly spec: object }>(`${DIRECTORY}/statefulset.yaml`);
    expect(() => {
      new StatefulSet({ ...set, spec: { ...set.spec, replicas: 'two' } } as never).validate();
    }).toThrow(/replicas/);
  });

  it('are all in the kustomization', () => {
    const [{ resources }] = documents<{ readonly resources: readonly string[] }>(`${DIRECTORY}/kustomization.yaml`);
    expect(resources.map((file) => join(DIRECTORY, file)).sort()).toEqual(files.sort());
  });

  it('fit each other', () => {
    const { spec } = only('StatefulSet', 'rta');
    const pod = spec!.template;
    const labels = pod.metadata!.labels!;
    expect(spec!.selector.matchLabels).toEqual(labels);
    expect(only('PodDisruptionBudget', 'rta').spec!.selector!.matchLabels).toEqual(labels);
    for (const name of ['rta', 'rta-http']) expect(only('Service', name).spec!.selector).toEqual(labels);
    // The names of the pods come from it.
    expect(only('Service', spec!.serviceName!).spec!.clusterIP).toBe('None');
    const [container] = pod.spec!.containers;
    const volumes = [...pod.spec!.volumes!.map(({ name }) => name), ...spec!.volumeClaimTemplates!.map(({ metadata }) => metadata!.name)];
    expect(container.volumeMounts!.map(({ name }) => name).sort()).toEqual(volumes.sort());
    const keys = Object.keys(only('ConfigMap', 'rta-project').data!);
    expect(pod.spec!.volumes!.find(({ name }) => name === 'project')!.configMap!.items!.map(({ key }) => key)).toEqual(keys);
  });
});

describe('the pods', () => {
  const { spec } = only('StatefulSet', 'rta').spec!.template;
  const [container] = spec!.containers;

  it('are told by options that there are, and are given time to end', async () => {
    const { printed } = await rta(container.args![0], '--help');
    const options = container.args!.filter((arg) => arg.startsWith('--'));
    for (const option of options) expect(printed).toContain(`${option} <`);
    const shutdown = container.args![container.args!.indexOf('--shutdown-timeout') + 1];
    expect(spec!.terminationGracePeriodSeconds).toBeGreaterThan(Number(shutdown.replace('s', '')));
  });

  it('are asked whether they live and whether they are ready', () => {
    expect(container.livenessProbe!.httpGet!.path).toBe('/healthz');
    expect(container.readinessProbe!.httpGet!.path).toBe('/readyz');
  });

  it('have a project that compiles', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rta-kubernetes-'));
    try {
      const { data } = only('ConfigMap', 'rta-project');
      for (const { key, path } of spec!.volumes!.find(({ name }) => name === 'project')!.configMap!.items!) {
        mkdirSync(join(directory, dirname(path)), { recursive: true });
        writeFileSync(join(directory, path), data![key]);
      }
      expect(await rta('check', join(directory, 'pipelines'))).toMatchObject({ code: 0 });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
