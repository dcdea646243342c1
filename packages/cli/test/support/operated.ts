/** A pipeline with dead letters and late records that commands of operation work on, on the embedded log or on Kafka. */
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { confluentRegistry, embeddedRegistry, type SchemaRegistry } from '@rta/registry';
import { BatchBuilder, openEmbeddedLog, openKafkaLog, records, type Log } from '@rta/runtime';
import { expect } from 'vitest';
import { ndjson, rta, type RtaResult } from './cli.js';
import { testProject, type TestProject } from './test-project.js';

export const START = Date.UTC(2026, 0, 1);

/** What an event of the pipeline's source holds. */
export interface Event {
  readonly user: string;
  readonly score: number;
  /** s after START */
  readonly at: number;
  readonly partition?: number;
}

export class Operated {
  readonly project: TestProject;
  readonly suffix: string;

  /** @param env of the commands; without brokers they work on the embedded log */
  constructor(
    readonly env: Readonly<Record<string, string>>,
    name: string,
  ) {
    this.suffix = `${name}-${process.pid}-${Date.now().toString(36)}`;
    this.project = testProject();
    this.define();
  }

  /** Writes the pipeline; `steps` in place of sums of users. */
  define(steps = `  - groupBy: user\n    aggregate: { total: sum(score), count: count() }\n`): void {
    this.project.write(
      'pipelines/points.yaml',
      `pipeline: ${this.pipeline}
source: { topic: ${this.in}, schema: event, time: at, format: json }
topics:
  ${this.in}: { partitions: 2 }
  ${this.out}: { partitions: 2 }
  ${this.dead}: { partitions: 2 }
  ${this.late}: { partitions: 2 }
late: { topic: ${this.late} }
errors: { topic: ${this.dead} }
steps:
${steps}sink: { topic: ${this.out}, format: json }
`,
    );
  }

  get pipeline(): string {
    return `points-${this.suffix}`;
  }
  get in(): string {
    return `in-${this.suffix}`;
  }
  get out(): string {
    return `out-${this.suffix}`;
  }
  get dead(): string {
    return `dead-${this.suffix}`;
  }
  get late(): string {
    return `late-${this.suffix}`;
  }

  rta(...args: string[]): Promise<RtaResult> {
    return rta(args, { cwd: this.project.directory, env: this.env });
  }

  /** Runs it to the end of what there is. */
  async drain(...more: string[]): Promise<void> {
    const { code, stderr } = await this.rta('run', '--until-end', '--json', ...more);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }

  /** The lines of a command that must end well, without the first. */
  async json(...args: string[]): Promise<Record<string, unknown>[]> {
    const { code, stdout, stderr } = await this.rta(...args, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return ndjson(stdout).slice(1);
  }

  openLog(): Promise<Log> {
    const brokers = this.env['KAFKA_BROKERS'];
    return brokers === undefined
      ? openEmbeddedLog(join(this.project.directory, '.rta/log'))
      : openKafkaLog({ brokers: brokers.split(',') });
  }

  get registry(): SchemaRegistry {
    const url = this.env['SCHEMA_REGISTRY_URL'];
    return url === undefined ? embeddedRegistry(join(this.project.directory, '.rta/registry')) : confluentRegistry({ url });
  }

  /** The log is open for as long as that takes only: a command may then own an embedded one. */
  async withLog<T>(work: (log: Log) => Promise<T>): Promise<T> {
    const log = await this.openLog();
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  send(...events: Event[]): Promise<void> {
    return this.sendBytes(
      ...events.map(({ at, partition = 0, ...event }) => ({
        partition,
        key: event.user,
        value: Buffer.from(JSON.stringify({ ...event, at: START + at * 1000 })),
      })),
    );
  }

  /** As they are, in batches of one. */
  sendBytes(...written: { partition: number; key: string; value: Uint8Array }[]): Promise<void> {
    return this.withLog(async (log) => {
      await log.ensureTopics([{ name: this.in, partitions: 2 }]);
      for (const { partition, key, value } of written) {
        const builder = new BatchBuilder(this.in, partition);
        const bytes = Buffer.from(key);
        builder.append(START, bytes, 0, bytes.length, value, 0, value.length, null);
        await log.append(builder.take());
      }
    });
  }

  /** Last values by key of the sink, as JSON; null: a tombstone. */
  table(topic = this.out): Promise<Record<string, unknown>> {
    return this.withLog(async (log) => {
      const rows: Record<string, unknown> = {};
      for (const { partition, low, stable } of await log.offsets(topic))
        for await (const batch of log.read(topic, partition, low, stable))
          for (const { key, value } of records(batch, low))
            rows[Buffer.from(key ?? []).toString()] = value === null ? null : (JSON.parse(Buffer.from(value).toString()) as unknown);
      return rows;
    });
  }
}
