/** The main job as a user has it: generator and pipelines as processes, on the embedded log or on Kafka, looked at from outside. */
import { Buffer } from 'node:buffer';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codecFor, confluentRegistry, embeddedRegistry, unframe, type SchemaRegistry } from '@rta/registry';
import { openEmbeddedLog, openKafkaLog, records, type Log } from '@rta/runtime';
import { available, startCluster } from '@rta/tools';
import { afterAll, beforeAll } from 'vitest';
import { ROOT, rta, spawnRta, temporaryDirectory, type RtaProcess } from '../support/cli.js';

const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl } = process.env;
const named = brokers !== undefined && registryUrl !== undefined;
const reasons = brokers === '' ? ['KAFKA_BROKERS is set to nothing'] : named ? [] : [...available().kafka, ...available().registry];
if (reasons.length > 0) console.warn(`LEFT OUT, the main job on Kafka: ${reasons.join('; ')}`);

/** Whether what needs Kafka must be left out. */
export const withoutKafka = reasons.length > 0;

/** A project with the leaderboards under names of its own, and where it runs. */
export class System {
  readonly directory = temporaryDirectory();
  readonly suffix = `${process.pid}-${Date.now().toString(36)}`;
  env: Readonly<Record<string, string>> = {};

  constructor(private readonly kafka: boolean) {
    const pipelines = join(this.directory, 'pipelines');
    mkdirSync(pipelines);
    cpSync(join(ROOT, 'schemas'), join(this.directory, 'schemas'), { recursive: true });
    const rename = (from: string, to: string, change: (text: string) => string): void => {
      writeFileSync(join(pipelines, to), change(readFileSync(join(ROOT, 'pipelines', from), 'utf8')));
    };
    rename('rta.yaml', 'rta.yaml', (text) => text.replace('topic: user-score', `topic: ${this.source}`));
    for (const name of ['top-teams', 'top-players', 'team-mvps'])
      rename(`leaderboards/${name}.yaml`, `${name}.yaml`, (text) =>
        // The tests of the file are of no use here.
        text
          .slice(0, text.indexOf('\ntests:'))
          .replace(`pipeline: ${name}`, `pipeline: ${this.topic(name)}`)
          .replace(`topic: ${name}`, `topic: ${this.topic(name)}`),
      );
  }

  get source(): string {
    return `user-score-${this.suffix}`;
  }

  /** Of a board, and the name of its pipeline. */
  topic(name: string): string {
    return `${name}-${this.suffix}`;
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): RtaProcess {
    return spawnRta(args, { cwd: this.directory, env: { ...this.env, ...env } });
  }

  /** Runs a command to its end, which must be a good one. */
  async run(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.start(args).ended;
    if (code !== 0) throw new Error(`rta ${args.join(' ')} ended with ${String(code)}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** The same in this process, for what is not to be killed. */
  async runHere(args: readonly string[]): Promise<void> {
    const { code, stderr } = await rta(args, { cwd: this.directory, env: this.env });
    if (code !== 0) throw new Error(`rta ${args.join(' ')} ended with ${code}:\n${stderr}`);
  }

  /** Resolves when the process owns the embedded log, so that this one does not get it; on Kafka at once. */
  async serves(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!this.kafka && !this.isOwner(child)) {
      if (Date.now() > deadline) throw new Error('the process did not open the embedded log within 30 s');
      await delay(5);
    }
  }

  private isOwner(child: ChildProcess): boolean {
    try {
      const owner = JSON.parse(readFileSync(join(this.directory, '.rta/log/owner.json'), 'utf8')) as { readonly pid: number };
      return owner.pid === child.pid;
    } catch {
      return false;
    }
  }

  registry(): SchemaRegistry {
    return this.kafka
      ? confluentRegistry({ url: this.env['SCHEMA_REGISTRY_URL'] })
      : embeddedRegistry(join(this.directory, '.rta/registry'));
  }

  openLog(): Promise<Log> {
    return this.kafka ? openKafkaLog({ brokers: [this.env['KAFKA_BROKERS']] }) : openEmbeddedLog(join(this.directory, '.rta/log'));
  }

  /** All committed rows of a topic, partition by partition, decoded by avsc with the registry's schemas. */
  async rows(topic: string): Promise<Row[]> {
    const registry = this.registry();
    const codecs = new Map<number, ReturnType<typeof codecFor>>();
    const decode = (bytes: Uint8Array): unknown => {
      const framed = unframe(bytes)!;
      return codecs.get(framed.id)!.decode(framed.data);
    };
    const learn = async (bytes: Uint8Array | null): Promise<void> => {
      if (bytes === null) return;
      const framed = unframe(bytes);
      if (framed === null) throw new Error(`${topic}: not framed`);
      if (!codecs.has(framed.id)) codecs.set(framed.id, codecFor((await registry.byId(framed.id))!.schema));
    };
    const plainKeys = topic === this.source;
    const log = await this.openLog();
    try {
      const rows: Row[] = [];
      // To `high`: markers of what has just been committed may still be on their way, and reading waits for them.
      for (const { partition, low, high } of await log.offsets(topic))
        for await (const batch of log.read(topic, partition, low, high))
          for (const { key, value } of records(batch, low)) {
            if (!plainKeys) await learn(key);
            if (rows.length % 1000 === 0 || !plainKeys) await learn(value);
            rows.push({
              partition,
              key: key === null ? null : plainKeys ? Buffer.from(key).toString() : decode(key),
              value: value === null ? null : (decode(value) as Record<string, unknown>),
            });
          }
      return rows;
    } finally {
      await log.close();
    }
  }
}

export interface Row {
  readonly partition: number;
  /** Text in the source, decoded in boards. */
  readonly key: unknown;
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** A system of its own for the tests of a `describe`. */
export function useSystem(kind: 'embedded' | 'kafka'): System {
  const system = new System(kind === 'kafka');
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    if (kind === 'embedded') return;
    if (named) {
      system.env = { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl };
      return;
    }
    const cluster = await startCluster();
    system.env = cluster.env;
    stop = () => cluster.stop();
  });
  afterAll(() => stop?.());
  return system;
}
