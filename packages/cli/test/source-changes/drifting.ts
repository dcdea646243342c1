/** A project whose source changes its schema while `rta run` is at work, on the embedded log or on Kafka. */
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AvroSchema, Value } from '@rta/dsl';
import { type AvroCodec, codecFor, confluentRegistry, embeddedRegistry, frame, unframe, type SchemaRegistry } from '@rta/registry';
import { BatchBuilder, LogError, openEmbeddedLog, openKafkaLog, records, type Log } from '@rta/runtime';
import { afterTests } from '@rta/tools/after-tests';
import { expect } from 'vitest';
import { ndjson, rta, type RtaResult } from '../support/cli.js';
import { testProject, type TestProject } from '../support/test-project.js';

const START = Date.UTC(2026, 0, 1);
const PARTITIONS = 2;

/** The schema of the source, with other fields beside its number. */
export function eventSchema(...fields: readonly object[]): AvroSchema {
  return { type: 'record', name: 'Event', fields: [{ name: 'seq', type: 'long' }, ...fields] };
}

export const USER = { name: 'user', type: 'string' };
export const SCORE = { name: 'score', type: 'int' };
export const FIRST = eventSchema(USER, SCORE);

/** Of a sink's record: its value under the schema that it was written with. */
export type Row = Readonly<Record<string, Value>>;

interface Started {
  readonly ended: Promise<RtaResult>;
  /** So far. */
  printed(): Record<string, unknown>[];
  stop(): Promise<RtaResult>;
}

export class Drifting {
  readonly project: TestProject;
  readonly registry: SchemaRegistry;
  private readonly suffix: string;
  private readonly codecs = new Map<number, AvroCodec>();
  private readonly running: { readonly stop: AbortController; readonly ended: Promise<RtaResult> }[] = [];

  constructor(
    readonly env: Readonly<Record<string, string>>,
    name: string,
  ) {
    this.suffix = `${name}-${process.pid}-${Date.now().toString(36)}`;
    this.project = testProject({ 'schemas/drifting.avsc': JSON.stringify(FIRST) });
    const url = env['SCHEMA_REGISTRY_URL'];
    this.registry = url === undefined ? embeddedRegistry(join(this.project.directory, '.rta/registry')) : confluentRegistry({ url });
    afterTests(async () => {
      for (const { stop } of this.running) stop.abort();
      await Promise.all(this.running.map(({ ended }) => ended));
    });
  }

  topic(name: string): string {
    return `${name}-${this.suffix}`;
  }

  get subject(): string {
    return `${this.topic('in')}-value`;
  }

  /** Writes a pipeline of this name, which writes to a topic of the same. @param policy of the source */
  define(name: string, steps: string, policy: 'stop' | 'rebuild' | 'errors' | null, rest = ''): void {
    const change = policy === null ? '' : `, onIncompatibleSchemaChange: ${policy}`;
    const topics = ['in', name, 'dead'].map((each) => `  ${this.topic(each)}: { partitions: ${String(PARTITIONS)} }\n`).join('');
    this.project.write(
      `pipelines/${name}.yaml`,
      `pipeline: ${this.topic(name)}
source: { topic: ${this.topic('in')}, schema: drifting${change} }
topics:
${topics}${rest}steps:
${steps}
sink: { topic: ${this.topic(name)} }
`,
    );
  }

  async withLog<T>(work: (log: Log) => Promise<T>): Promise<T> {
    const brokers = this.env['KAFKA_BROKERS'];
    const log = await (brokers === undefined
      ? openEmbeddedLog(join(this.project.directory, '.rta/log'))
      : openKafkaLog({ brokers: brokers.split(',') }));
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  /** Each in the partition of its number; a batch per partition for so many. */
  async send(schema: AvroSchema, events: readonly Row[], together = 20): Promise<void> {
    const id = await this.registry.register(this.subject, schema);
    const codec = codecFor(schema);
    await this.withLog(async (log) => {
      await log.ensureTopics([{ name: this.topic('in'), partitions: PARTITIONS }]);
      for (let from = 0; from < events.length; from += together) {
        const builders = Array.from({ length: PARTITIONS }, (_, partition) => new BatchBuilder(this.topic('in'), partition));
        for (const event of events.slice(from, from + together)) {
          const value = Buffer.from(frame(id, codec.encode(event)));
          builders[Number(event['seq']) % PARTITIONS].append(START, null, 0, 0, value, 0, value.length, null);
        }
        await log.append(builders.flatMap((builder) => builder.take()));
      }
    });
  }

  /** What a topic holds, in the order of each partition. */
  rows(name: string): Promise<Row[]> {
    return this.withLog(async (log) => {
      const rows: Row[] = [];
      const topic = this.topic(name);
      if (!(await log.topics()).some((each) => each.name === topic)) return rows;
      for (const { partition, low, stable } of await log.offsets(topic))
        for await (const batch of log.read(topic, partition, low, stable))
          for (const { value } of records(batch, low)) {
            if (value === null) continue;
            const { id, data } = unframe(value)!;
            const codec = this.codecs.get(id) ?? codecFor((await this.registry.byId(id))!.schema);
            this.codecs.set(id, codec);
            rows.push(codec.decode(data) as Row);
          }
      return rows;
    });
  }

  /** Headers of the dead letters. */
  letters(): Promise<Record<string, string>[]> {
    return this.withLog(async (log) => {
      const letters: Record<string, string>[] = [];
      for (const { partition, low, stable } of await log.offsets(this.topic('dead')))
        for await (const batch of log.read(this.topic('dead'), partition, low, stable))
          for (const { headers } of records(batch, low))
            letters.push(Object.fromEntries(headers.map(({ key, value }) => [key, Buffer.from(value ?? []).toString()])));
      return letters;
    });
  }

  /** Until the topic holds so many rows, for two minutes at most, or until the run has ended. */
  async until(name: string, count: number, run: Promise<RtaResult>): Promise<void> {
    let ended: RtaResult | null = null;
    void run.then((result) => {
      ended = result;
    });
    const deadline = Date.now() + 120_000;
    for (;;) {
      // On a busy machine the owner of an embedded log may answer too late.
      const found = (
        await this.rows(name).catch((error: unknown) => {
          if (error instanceof LogError && error.code === 'in_use') return [];
          throw error;
        })
      ).length;
      if (found >= count) return;
      if (ended !== null) throw new Error(`it has ended: ${JSON.stringify(ended)}`);
      if (Date.now() > deadline) throw new Error(`${name} holds ${String(found)} rows, not ${String(count)}`);
      await delay(300);
    }
  }

  /** `rta run` in this process, until `stop`. */
  start(...more: string[]): Started {
    return this.begin('run', '--json', ...more);
  }

  /** `rta worker` in this process, until `stop`. */
  work(): Started {
    return this.begin('worker', '--json');
  }

  rta(...args: string[]): Promise<RtaResult> {
    return rta(args, { cwd: this.project.directory, env: this.env });
  }

  async deploy(...more: string[]): Promise<void> {
    const { code, stderr } = await this.rta('deploy', ...more);
    expect({ code, errors: stderr.split('\n').filter((line) => line.startsWith('error')) }).toEqual({ code: 0, errors: [] });
  }

  private begin(...args: string[]): Started {
    const stop = new AbortController();
    let stdout = '';
    const onStdout = (text: string): void => {
      stdout += text;
    };
    const ended = rta(args, { cwd: this.project.directory, env: this.env, signal: stop.signal, onStdout });
    this.running.push({ stop, ended });
    return {
      ended,
      printed: () => ndjson(stdout),
      stop: () => {
        stop.abort();
        return ended;
      },
    };
  }

  async drain(): Promise<void> {
    const { code, stderr } = await this.start('--until-end').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
}

export function warningsOf({ stdout }: RtaResult): string[] {
  return ndjson(stdout).flatMap(({ warning }) => (typeof warning === 'string' ? [warning] : []));
}
