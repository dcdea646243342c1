/** `rta worker --http`: what is deployed, and what is deployed later. */
import { describe, expect, it } from 'vitest';
import { Operated } from '../support/operated.js';
import { rta } from '../support/cli.js';
import { beacon, collectProject, eventually, serve } from './serving.js';

interface Contents {
  readonly pipelines: readonly { readonly pipeline: string; readonly sinks: readonly { readonly columns: readonly string[] }[] }[];
}

describe.each([1, 2])('rta worker --http with %i workers', { timeout: 120_000 }, (workers) => {
  it('serves health, metrics and queries of the version that runs', async () => {
    const on = new Operated({}, `served${String(workers)}`);
    await on.send({ user: 'ann', score: 1, at: 10 }, { user: 'bob', score: 4, at: 20, partition: 1 }, { user: 'ann', score: 2, at: 30 });
    const worker = await serve(['--workers', String(workers)], { cwd: on.project.directory }, 'worker');
    const ask = async (path: string): Promise<unknown> => (await fetch(`${worker.url}${path}`)).json();
    expect(await ask('/healthz')).toMatchObject({ status: 'ok' });
    // Nothing is to run yet.
    expect(await ask('/readyz')).toEqual({ ready: true, degraded: false, pipelines: [], sinks: [] });
    expect((await on.rta('deploy')).code).toBe(0);
    await eventually(
      () => ask('/readyz'),
      (answer) => (answer as { pipelines: { status: string }[] }).pipelines[0]?.status === 'running',
    );
    const rows = await eventually(
      () => ask(`/query/${on.pipeline}/sink`),
      (answer) => (answer as { rows?: readonly unknown[] }).rows?.length === 2,
    );
    expect(rows).toMatchObject({ rows: [{ row: { user: 'ann', total: 3 } }, { row: { user: 'bob', total: 4 } }] });
    expect(await ask(`/query/${on.pipeline}/${String((await on.json('state', on.pipeline))[0]['store'])}?key=ann`)).toMatchObject({
      rows: [{ row: { user: 'ann', total: 3, count: 2 } }],
    });
    await eventually(
      async () => (await fetch(`${worker.url}/metrics`)).text(),
      // Those too that one of the workers read again when the other came.
      (metrics) => Number(metrics.split(`rta_source_records_total{pipeline="${on.pipeline}"} `)[1]?.split('\n')[0]) >= 3,
    );
    expect(await (await fetch(worker.url)).text()).toContain(on.pipeline);
    on.define('  - groupBy: user\n    aggregate: { total: sum(score), count: count() }\n  - derive: { half: total / 2 }\n');
    expect((await on.rta('deploy')).code).toBe(0);
    await eventually(
      () => ask('/query'),
      (answer) => (answer as Contents).pipelines.some(({ sinks }) => sinks[0].columns.includes('half')),
    );
    const { code, stderr } = await worker.stop();
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
  });
});

describe('rta worker --http with collect:', { timeout: 120_000 }, () => {
  it('takes events of browsers as soon as a pipeline that reads them runs there, and while it is paused', async () => {
    const cwd = collectProject();
    const worker = await serve([], { cwd }, 'worker');
    const viewed = { event_type: 'page_viewed', timestamp: Date.UTC(2026, 0, 1), user_id: 'ann', properties: { page_id: 'home' } };
    const early = await beacon(worker.url, viewed);
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await early.json()).toMatchObject({ error: 'not_ready' });
    expect(await rta(['deploy'], { cwd })).toMatchObject({ code: 0, stderr: '' });
    await eventually(
      () => beacon(worker.url, viewed),
      ({ status }) => status === 202,
    );
    expect(await rta(['pause', 'visits'], { cwd })).toMatchObject({ code: 0 });
    await eventually(
      async () => (await fetch(`${worker.url}/query`)).json(),
      (answer) => (answer as Contents).pipelines.length === 0,
    );
    expect(await (await beacon(worker.url, [viewed, { user_id: 'eve' }])).json()).toMatchObject({ accepted: 1, rejected: 1 });
    expect(await rta(['resume', 'visits'], { cwd })).toMatchObject({ code: 0 });
    await eventually(
      async () => (await fetch(`${worker.url}/query/visits/users`)).text(),
      (rows) => rows.includes('"events":2'),
    );
    expect(await (await fetch(`${worker.url}/metrics`)).text()).toContain('rta_collect_events_total{topic="web-events"} 2\n');
    const { code, stderr } = await worker.stop();
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
  });
});
