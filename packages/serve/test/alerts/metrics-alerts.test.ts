/** Alerts on lag and latency: by the wall clock, one incident of each at a time, also across restarts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AvroSchema, MetricsAlert, TypedExpr } from '@rta/dsl';
import { embeddedRegistry } from '@rta/registry';
import { type Log, openEmbeddedLog, records, type WorkerSnapshot } from '@rta/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IncidentReader } from '../../src/alerts/incident.js';
import { MetricsAlerts } from '../../src/alerts/metrics-alerts.js';

const SPAN = { source: { path: '', text: '' }, start: 0, end: 0 };
/** `lag > 100` */
const LAGS: TypedExpr = {
  kind: 'binary',
  op: '>',
  left: { kind: 'column', name: 'lag', type: { kind: 'long' }, span: SPAN },
  right: { kind: 'literal', value: 100, type: { kind: 'long' }, span: SPAN },
  type: { kind: 'boolean' },
  span: SPAN,
};
const VALUE: AvroSchema = {
  type: 'record',
  name: 'Incidents',
  fields: [
    ...['dedup_key', 'alert', 'action', 'reason', 'key', 'row'].map((name) => ({ name, type: 'string' })),
    ...['since', 'opened_at', 'at'].map((name) => ({ name, type: { type: 'long', logicalType: 'timestamp-millis' } })),
  ],
};
const directory = mkdtempSync(join(tmpdir(), 'rta-metrics-'));
const registry = embeddedRegistry(join(directory, 'registry'));
let log: Log;

beforeAll(async () => {
  log = await openEmbeddedLog(join(directory, 'log'), { sync: false });
});

afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

/** What was measured last. */
let lag = 0;

function open(pipeline: string, settings: Partial<MetricsAlert> = {}, workerId = 'w'): Promise<MetricsAlerts> {
  const alert: MetricsAlert = { name: 'behind', when: LAGS, forMs: 10, keepFiringMs: 0, ...settings };
  const snapshot = () => ({ lag, endToEndP50: null, endToEndP99: 12, watermarkDelayMs: 3, late: 0, rejected: 0 }) as WorkerSnapshot;
  const topic = `${pipeline}-alerts`;
  return MetricsAlerts.open({
    ...{ log, registry, pipeline, topic, keySchema: 'string', valueSchema: VALUE },
    ...{ alerts: [alert], workerId, snapshot },
  });
}

async function looks(alerts: MetricsAlerts, measured: readonly (readonly [at: number, lag: number])[]): Promise<void> {
  for (const [at, value] of measured) {
    lag = value;
    await alerts.look(at);
  }
}

async function told(pipeline: string): Promise<string[]> {
  const reader = new IncidentReader(registry);
  const found: string[] = [];
  for (const { partition, low, stable } of await log.offsets(`${pipeline}-alerts`))
    for await (const batch of log.read(`${pipeline}-alerts`, partition, low, stable))
      for (const { value } of records(batch, low)) {
        const { dedupKey, action, since, openedAt, at } = (await reader.read(value))!;
        found.push([dedupKey, action, since, openedAt, at].join(' '));
      }
  return found;
}

describe('MetricsAlerts', () => {
  it('opens an incident when the condition has held for so long, and ends it when it does not', async () => {
    const alerts = await open('a');
    const measured = [[0, 101], [5, 100], [6, 101], [15, 200], [16, 101], [20, 300], [21, 100], [22, 100], [23, 101]] as const; // prettier-ignore
    await looks(alerts, measured);
    expect(await told('a')).toEqual(['a/behind/{"worker":"w"} trigger 6 16 16', 'a/behind/{"worker":"w"} resolve 6 16 21']);
  });

  it('keeps one that comes and goes', async () => {
    const alerts = await open('b', { forMs: 0, keepFiringMs: 10 });
    await looks(alerts, [[0, 101], [5, 0], [9, 101], [12, 0], [21, 0], [22, 0]]); // prettier-ignore
    expect(await told('b')).toEqual(['b/behind/{"worker":"w"} trigger 0 0 0', 'b/behind/{"worker":"w"} resolve 0 0 22']);
  });

  it('goes on with what was open before a restart; another process has its own', async () => {
    await looks(await open('c'), [[0, 101], [10, 101]]); // prettier-ignore
    await looks(await open('c', {}, 'other'), [[11, 0]]);
    await looks(await open('c'), [[20, 101], [30, 101], [31, 0]]); // prettier-ignore
    await looks(await open('c'), [[40, 0]]);
    expect(await told('c')).toEqual(['c/behind/{"worker":"w"} trigger 0 10 10', 'c/behind/{"worker":"w"} resolve 0 10 31']);
  });
});
