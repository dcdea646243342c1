/**
 * How many events a second one core takes from browsers: a process that serves nothing else, a beacon of twenty events a request, on the embedded
 * log, durable before each answer.
 *
 *     node --conditions=source --import tsx packages/serve/test/collect-speed.ts [seconds] [json|avro]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AvroSchema } from '@rta/dsl';
import { embeddedRegistry } from '@rta/registry';
import { openEmbeddedLog } from '@rta/runtime';
import { DeliveryWatch, serveHttp } from '../src/index.js';

const EVENTS = 20;
const CONNECTIONS = 32;
const SCHEMA = join(import.meta.dirname, '../../../schemas/web_event.avsc');

const [first = '5', format = 'json'] = process.argv.slice(2);
if (first.startsWith('http')) await send(first);
else await measure(Number(first));

/** The browsers, in a process of their own, until the server is gone. */
async function send(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const batch = Array.from({ length: EVENTS }, (_, i) => ({
    event_type: 'page_viewed',
    timestamp: Date.now(),
    user_id: `user-${String(i)}`,
    session_id: `session-${String(i)}`,
    device: 'mobile',
    country: 'CZ',
    url: `https://shop.example/products/${String(i)}`,
    properties: { page_id: `products/${String(i)}` },
  }));
  const body = JSON.stringify({ batch });
  const post = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const posted = request(
        url,
        { agent, method: 'POST', headers: { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) } },
        (answer) => {
          answer.resume().once('end', () => {
            if (answer.statusCode === 202) resolve();
            else reject(new Error(String(answer.statusCode)));
          });
        },
      );
      posted.once('error', reject).end(body);
    });
  const connection = async (): Promise<void> => {
    for (;;) await post();
  };
  await Promise.race(Array.from({ length: CONNECTIONS }, connection)).catch((error: unknown) => {
    if (process.connected) console.error(error);
  });
  process.exit(0);
}

async function measure(seconds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rta-collect-'));
  const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as AvroSchema;
  const registry = embeddedRegistry(join(directory, 'registry'));
  const log = await openEmbeddedLog(join(directory, 'log'));
  await log.ensureTopics([{ name: 'web-events', partitions: 4 }]);
  const schemaId = format === 'avro' ? await registry.register('web-events-value', schema) : null;
  const source = { topic: 'web-events', schema, key: null };
  const target = { source, schemaId, partitions: 4, rejects: null };
  const collect = { path: '/analytics/collect', target: () => target, origins: null, rate: null };
  const http = await serveHttp({
    host: '127.0.0.1',
    port: 0,
    token: null,
    writeToken: null,
    console: null,
    deliveries: new DeliveryWatch(),
    address: null,
    pipelines: [],
    log,
    registry,
    sql: () => null,
    collect,
    onError: console.error,
  });
  const browsers = fork(import.meta.filename, [`${http.url}/analytics/collect`]);
  const accepted = async (): Promise<number> =>
    Number(/rta_collect_events_total\{.*\} (\d+)/.exec(await (await fetch(`${http.url}/metrics`)).text())?.[1]);
  // Until they are there, and a second for the code to get warm.
  for (let i = 0; i < 600 && !((await accepted()) > 0); i++) await new Promise((resolve) => setTimeout(resolve, 100));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const [from, cpu, at] = [await accepted(), process.cpuUsage(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const [to, used, until] = [await accepted(), process.cpuUsage(cpu), performance.now()];
  browsers.kill();
  await http.close();
  await log.close();
  rmSync(directory, { recursive: true, force: true });
  const cpuSeconds = (used.user + used.system) / 1e6;
  const wall = (until - at) / 1000;
  console.log(
    `${format}: ${String(to - from)} events in ${wall.toFixed(1)} s: ${Math.round((to - from) / wall).toLocaleString('en-US')} a second, ` +
      `${Math.round((to - from) / cpuSeconds).toLocaleString('en-US')} per second of processor time`,
  );
  process.exit(0);
}
