/** What supervisors and Prometheus ask of `rta run --http`. */
import { METRIC_SPECS } from '@rta/serve';
import { describe, expect, it } from 'vitest';
import { rta, temporaryDirectory } from '../support/cli.js';
import { DIRECTORY } from '../support/printed-boards.js';
import { appendScores, drawScores } from '../support/scores.js';
import { eventually, serve } from './serving.js';

const text = async (url: string): Promise<string> => (await fetch(url)).text();

/** Values of a metric by its labels. */
function samples(metrics: string, name: string): Record<string, number> {
  const lines = metrics.split('\n').filter((line) => line.startsWith(`${name}{`));
  return Object.fromEntries(
    lines.map((line) => [line.slice(name.length, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** Names of the labels of all samples that are ours, by metric. */
function labelsIn(metrics: string): Record<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const [, sample, labels = ''] of metrics.matchAll(/^(rta_\w+)(?:\{(.*)\})? /gm)) {
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
    const name = sample.replace(/(?<=_seconds)_(?:bucket|sum|count)$/, '');
    for (const label of names) found.set(name, (found.get(name) ?? new Set()).add(label));
  }
  return Object.fromEntries([...found].map(([name, labels]) => [name, [...labels]]));
}

/**
 * Of which there may be nothing to say: no copy is kept, nothing was refused, all sinks are topics, nobody is told of incidents, no event came
 * from a browser, and not every task has a watermark.
 */
const NOT_HERE = /^rta_(?:standby_lag_records|rejected_records_total|collect_\w+|delivery_\w+|notifications_\w+|watermark_delay_seconds)$/;

describe.each([1, 2])('rta run --http with %i workers', (workers) => {
  it('says that it lives, that it is ready, and what it does in base units', async () => {
    const dir = temporaryDirectory();
    const scores = drawScores(2000, 40, 3);
    await appendScores(dir, scores);
    const run = await serve([`${DIRECTORY}/top-players.yaml`, '--dir', dir, '--workers', String(workers)]);
    expect(await (await fetch(`${run.url}/healthz`)).json()).toMatchObject({ status: 'ok' });
    const ready = await eventually(
      () => fetch(`${run.url}/readyz`),
      ({ status }) => status === 200,
    );
    expect(await ready.json()).toMatchObject({ ready: true, pipelines: [{ pipeline: 'top-players', status: 'running' }] });
    const of = '{pipeline="top-players"';
    const metrics = await eventually(
      () => text(`${run.url}/metrics`),
      (found) => samples(found, 'rta_source_records_total')[`${of}}`] === scores.length && samples(found, 'rta_end_to_end_latency_seconds_count')[`${of}}`] > 0,
    ); // prettier-ignore
    expect(samples(metrics, 'rta_pipeline_running')).toEqual({ [`${of}}`]: 1 });
    expect(samples(metrics, 'rta_lag_records')).toEqual(
      Object.fromEntries([0, 1, 2, 3].map((partition) => [`${of},topic="user-score",partition="${partition}"}`, 0])),
    );
    expect(samples(metrics, 'rta_late_records_total')).toEqual({ [`${of}}`]: 0 });
    expect(samples(metrics, 'rta_sink_records_total')[`${of},sink="sink",topic="top-players"}`]).toBeGreaterThan(0);
    const latency = samples(metrics, 'rta_end_to_end_latency_seconds_bucket');
    expect(latency[`${of},le="+Inf"}`]).toBe(samples(metrics, 'rta_end_to_end_latency_seconds_count')[`${of}}`]);
    expect(latency[`${of},le="+Inf"}`]).toBeGreaterThan(0);
    expect(Object.values(samples(metrics, 'rta_state_bytes')).every((bytes) => bytes > 0)).toBe(true);
    const found = labelsIn(metrics);
    expect(METRIC_SPECS.filter(({ name }) => !(name in found) && !NOT_HERE.test(name))).toEqual([]);
    const specs = new Map(METRIC_SPECS.map(({ name, labels }) => [name, labels]));
    for (const [name, labels] of Object.entries(found)) expect(labels, name).toEqual(specs.get(name));
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
    const { code, stderr } = await run.stop();
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    await expect(fetch(`${run.url}/healthz`)).rejects.toThrow();
  });
});

describe('the HTTP side', () => {
  it('answers what is not there in JSON, and says where it cannot listen', async () => {
    const dir = temporaryDirectory();
    const run = await serve([`${DIRECTORY}/top-players.yaml`, '--dir', dir]);
    const missing = await fetch(`${run.url}/nothing`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toEqual({ error: 'not_found', message: 'there is no GET /nothing' });
    const taken = await rta(['run', `${DIRECTORY}/top-players.yaml`, '--dir', temporaryDirectory(), '--http', new URL(run.url).port]);
    expect(taken.code).toBe(1);
    expect(taken.stderr).toContain('EADDRINUSE');
    const wrong = await rta(['run', '--http', 'localhost']);
    expect(wrong.code).toBe(2);
  });
});
