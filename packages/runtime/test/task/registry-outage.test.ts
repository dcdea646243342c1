/** The registry out of reach (SEMANTICS rule 26): only the partition that meets an unknown schema id waits. */
import { Buffer } from 'node:buffer';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { AvroSchema } from '@rta/dsl';
import { confluentRegistry, type SchemaRegistry } from '@rta/registry';
import { reportFigure, startRegistry } from '@rta/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { unique } from '../log/outputs.js';
import { onEmbedded, onKafka, withoutCluster, type Backend } from './backend.js';
import { compiled, encodeScore, topicRows, USER_SCORE } from './project.js';

/** A door in front of a server: open, or shut in one of two ways. */
class TcpDoor {
  state: 'open' | 'refusing' | 'silent' = 'open';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  static async before(target: URL): Promise<TcpDoor> {
    const server = createServer();
    const door = new TcpDoor(server, target);
    server.on('connection', (client) => {
      door.serve(client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return door;
  }

  get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as { port: number }).port);
    return url.href.replace(/\/$/, '');
  }

  shut(how: 'refusing' | 'silent'): void {
    this.state = how;
    for (const socket of this.sockets) socket.destroy();
  }

  open(): void {
    this.state = 'open';
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(client: Socket): void {
    this.sockets.add(client);
    client.on('error', () => undefined).on('close', () => this.sockets.delete(client));
    if (this.state === 'refusing') client.destroy();
    if (this.state !== 'open') return;
    const server = connect(Number(this.target.port), this.target.hostname);
    server.on('error', () => undefined).on('close', () => client.destroy());
    client.on('close', () => server.destroy());
    client.pipe(server).pipe(client);
  }
}

/** s, in each outage that is judged. */
const outages: number[] = [];

const START = Date.UTC(2026, 0, 1);
/** Another version of the schema, with an id of its own. */
const NEWER: AvroSchema = {
  ...(USER_SCORE as { fields: readonly object[] }),
  fields: [...(USER_SCORE as { fields: readonly object[] }).fields, { name: 'note', type: ['null', 'string'], default: null }],
};

async function until(what: () => Promise<boolean> | boolean, ms: number): Promise<void> {
  for (const end = performance.now() + ms; !(await what());) {
    if (performance.now() > end) throw new Error(`not within ${String(ms)} ms`);
    await delay(50);
  }
}

const pipeline = (source: string) =>
  compiled(`pipeline: ${source}
source: { topic: ${source}, schema: user_score, time: event_time_millis }
errors: { topic: ${source}-errors }
steps:
  - select: [user_id, score]
sink: { topic: ${source}-out }
`);

describe.skipIf(withoutCluster).each([
  ['the embedded log', onEmbedded],
  ['Kafka', onKafka],
] as const)('a registry out of reach, on %s', (_name, on) => {
  const backend: Backend = on();
  let door: TcpDoor;
  /** Past the door. */
  let direct: SchemaRegistry;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    let url = process.env['SCHEMA_REGISTRY_URL'];
    if (url === undefined) {
      const server = await startRegistry();
      ({ url } = server);
      stop = () => server.stop();
    }
    door = await TcpDoor.before(new URL(url));
    direct = confluentRegistry({ url });
  });
  afterAll(async () => {
    await door.close();
    await stop?.();
  });

  async function prepared() {
    const source = unique('outage');
    door.open();
    // A client of its own: the same schemas have the same ids, and what one has heard it keeps.
    const throughDoor = confluentRegistry({ url: door.url, timeoutMs: 1000, retries: 1 });
    await backend.log.ensureTopics([{ name: source, partitions: 2 }]);
    const older = await direct.register(`${source}-value`, USER_SCORE);
    const newer = await direct.register(`${source}-newer-value`, NEWER);
    const write = async (partition: number, schemaId: number, ...users: string[]) => {
      const builder = new BatchBuilder(source, partition);
      for (const user_id of users) {
        const value = encodeScore({ user_id, team_id: 't', team_name: 'T', score: 1, event_time_millis: START }, schemaId);
        // `note` is null: the index of its branch.
        const bytes = schemaId === newer ? Buffer.concat([value, Uint8Array.of(0)]) : value;
        builder.append(START, null, 0, 0, bytes, 0, bytes.length, null);
      }
      await backend.log.append(builder.take());
    };
    const plan = pipeline(source);
    const worker = await backend.worker(plan, { schemas: throughDoor, sessionTimeoutMs: 6000 });
    const users = async () =>
      (await topicRows(backend.log, backend.registry, `${source}-out`)).map(({ value }) => String(value?.['user_id']));
    return { source, older, newer, throughDoor, write, worker, users };
  }

  it.each(['refusing', 'silent'] as const)('%s: one partition waits, heartbeating, and goes on', { timeout: 60_000 }, async (how) => {
    const { source, older, newer, write, worker, users } = await prepared();
    const running = worker.run();
    await write(0, older, 'a0');
    await write(1, older, 'b0');
    await until(async () => (await users()).length === 2, 15_000);
    door.shut(how);
    const shut = performance.now();
    await write(1, older, 'b1');
    await write(1, newer, 'b2');
    await write(1, older, 'b3');
    // Longer than the session: whoever did not heartbeat would be out of the group.
    for (let i = 1; i <= 8; i++) {
      await write(0, older, `a${String(i)}`);
      await delay(1000);
    }
    expect((await users()).sort()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'b0', 'b1']);
    expect(worker.snapshot().lag).toBeGreaterThan(0);
    expect(backend.warnings.filter((warning) => warning.includes('joining again'))).toEqual([]);
    expect(backend.warnings.join('\n')).toContain(`schema ${String(newer)}: `);
    door.open();
    const outage = (performance.now() - shut) / 1000;
    await until(async () => (await users()).length === 13, 15_000);
    worker.stop();
    await running;
    expect((await users()).filter((user) => user.startsWith('b'))).toEqual(['b0', 'b1', 'b2', 'b3']);
    expect((await backend.log.offsets(`${source}-errors`)).every(({ high }) => high === 0)).toBe(true);
    outages.push(outage);
    const each = outages.map((s) => `${s.toFixed(0)} s`).join(', ');
    reportFigure(
      'registry-down',
      `${String(outages.length)} outages (${each}; the session is 6 s): known ids went on, the unknown one's partition after it; 0 dead letters`,
    );
  });

  it('a worker that waits for it can be stopped, and the next one goes on where it was', { timeout: 60_000 }, async () => {
    const { source, older, newer, throughDoor, write, worker, users } = await prepared();
    const running = worker.run();
    await write(1, older, 'b0');
    await until(async () => (await users()).length === 1, 15_000);
    door.shut('refusing');
    await write(1, newer, 'b1');
    await write(0, older, 'a0');
    await until(async () => (await users()).length === 2, 15_000);
    worker.stop();
    await running;
    door.open();
    const next = await backend.worker(pipeline(source), { schemas: throughDoor });
    await next.drain();
    await next.finish();
    expect((await users()).sort()).toEqual(['a0', 'b0', 'b1']);
  });
});
