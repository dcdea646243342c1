/** Traces of `rta run`, as a collector gets them: OTLP over HTTP, as JSON. */
import { join } from 'node:path';
import { BatchBuilder, encodedHeaders, openEmbeddedLog } from '@rta/runtime';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './http/serving.js';
import { rta, spawnRta, temporaryDirectory } from './support/cli.js';
import { openReceiver } from './support/receiver.js';
import { testProject } from './support/test-project.js';

type Attributes = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Attributes;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number };
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

const PIPELINE = `pipeline: scores
source: { topic: in, schema: event, format: json, time: at }
steps:
  - groupBy: user
    aggregate: { total: sum(score) }
sink: { topic: out }
`;
const RECORDS = 300;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const spanOf = (i: number): string => (i + 1).toString(16).padStart(16, '0');

const project = testProject({ 'pipelines/scores.yaml': PIPELINE });
const got: { readonly path: string | undefined; readonly body: Export }[] = [];
let url = '';

beforeAll(async () => {
  url = await openReceiver((body, request, response) => {
    got.push({ path: request.url, body: body as Export });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});

beforeEach(() => {
  got.length = 0;
});

/** A directory with records, each with the context of a span of its own; one is damaged. */
async function recorded(): Promise<string> {
  const dir = temporaryDirectory();
  const log = await openEmbeddedLog(join(dir, 'log'));
  await log.ensureTopics([{ name: 'in', partitions: 1 }]);
  const builder = new BatchBuilder('in', 0);
  for (let i = 0; i < RECORDS; i++) {
    const at = Date.UTC(2026, 0, 1, 12) + i;
    const value = Buffer.from(JSON.stringify({ user: 'ann', score: 1, at: new Date(at).toISOString() }));
    const parent = i === 0 ? 'nothing' : `00-${TRACE}-${spanOf(i)}-01`;
    builder.append(at, null, 0, 0, value, 0, value.length, encodedHeaders([['traceparent', parent]]));
  }
  await log.append(builder.take());
  await log.close();
  return dir;
}

async function run(
  more: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  return spawnRta(['run', '--until-end', '--json', '--dir', await recorded(), ...more], { cwd: project.directory, env }).ended;
}

function spans(): Span[] {
  return got.flatMap(({ body }) => body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
}

function attribute(attributes: Attributes, name: string): unknown {
  const value = attributes.find(({ key }) => key === name)?.value;
  return value === undefined ? undefined : Object.values(value)[0];
}

function named(name: string): Span[] {
  return spans().filter((span) => span.name === name);
}

/** Cycles with records that did not fail. */
function commits(): Span[] {
  return named('rta.cycle').filter((span) => Number(attribute(span.attributes, 'rta.records')) > 0 && span.status?.code !== 2);
}

function recordsIn(cycles: readonly Span[]): number {
  return cycles.reduce((sum, span) => sum + Number(attribute(span.attributes, 'rta.records')), 0);
}

/** Each commit with what led to it, linked to who produced the records, and how the worker came to its partitions. */
function expectTraced(): void {
  expect([...new Set(got.map(({ path }) => path))]).toEqual(['/v1/traces']);
  const { attributes } = got[0].body.resourceSpans[0].resource;
  expect(attribute(attributes, 'service.name')).toBe('rta');
  const cycles = commits();
  expect(recordsIn(cycles)).toBeGreaterThanOrEqual(RECORDS);
  for (const { spanId, traceId, attributes: of, startTimeUnixNano: start, endTimeUnixNano: end } of cycles) {
    expect(attribute(of, 'rta.pipeline')).toBe('scores');
    const children = spans().filter((span) => span.parentSpanId === spanId);
    expect(new Set(children.map(({ name }) => name))).toEqual(new Set(['rta.fetch', 'rta.process', 'rta.flush', 'rta.commit']));
    for (const child of children) {
      expect(child.traceId).toBe(traceId);
      expect(BigInt(child.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(child.startTimeUnixNano));
      expect(BigInt(child.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(start));
      expect(BigInt(child.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(end));
    }
  }
  const links = named('rta.process').flatMap((span) => span.links ?? []);
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) expect(link.traceId).toBe(TRACE);
  for (const span of named('rta.process')) expect(span.links?.length ?? 0).toBeLessThanOrEqual(16);
  expect(links.map(({ spanId }) => spanId)).toContain(spanOf(1));
  for (const name of ['rta.rebalance', 'rta.restore']) expect(named(name).length).toBeGreaterThan(0);
}

describe.each([
  ['--trace', (): Parameters<typeof run> => [['--trace', url]]],
  ['the environment', (): Parameters<typeof run> => [[], { OTEL_EXPORTER_OTLP_ENDPOINT: url }]],
  ['two workers', (): Parameters<typeof run> => [['--workers', '2', '--trace', `${url}/v1/traces`]]],
] as const)('traces by %s', (_, given) => {
  it('have each commit with what led to it, linked to who produced the records, and how the worker came to its partitions', async () => {
    expect(await run(...given())).toMatchObject({ code: 0, stderr: '' });
    expectTraced();
  });
});

describe('traces of rta worker', () => {
  it.each(['1', '2'])('are the same, of what is deployed, with %s threads', async (workers) => {
    const at = ['--dir', await recorded()];
    expect(await rta(['deploy', ...at], { cwd: project.directory })).toMatchObject({ code: 0, stderr: '' });
    const worker = spawnRta(['worker', '--json', '--workers', workers, '--trace', url, ...at], { cwd: project.directory });
    await eventually(
      () => Promise.resolve(recordsIn(commits())),
      (records) => records >= RECORDS,
    );
    worker.child.kill('SIGINT');
    expect(await worker.ended).toMatchObject({ code: 130, stderr: '' });
    expectTraced();
  });
});

describe('without traces', () => {
  it('nothing is sent', async () => {
    expect(await run([], { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: url })).toMatchObject({ code: 0 });
    expect(got).toEqual([]);
  });

  it('what is no URL is told before anything starts', async () => {
    const { code, stderr } = await rta(['run', '--trace', 'localhost:4318', '--dir', temporaryDirectory()], { cwd: project.directory });
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('http://localhost:4318') as string });
  });

  it('a collector that is not there holds up nothing', async () => {
    const { code, stdout } = await run(['--trace', 'http://127.0.0.1:9']);
    expect(code).toBe(0);
    expect(stdout).toContain('"summary"');
  });
});
