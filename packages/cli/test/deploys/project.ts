/** A project that is planned and deployed, on the embedded log and registry or on Kafka and a registry server. */
import { join } from 'node:path';
import { confluentRegistry, embeddedRegistry, type SchemaRegistry } from '@rta/registry';
import { Deployments, openEmbeddedLog, openKafkaLog, type Log, type PipelineDeployments, type TopicDescription } from '@rta/runtime';
import { ndjson, rta, type RtaResult } from '../support/cli.js';
import { testProject, type TestProject } from '../support/test-project.js';

/** What can be said of the pipeline. */
export interface Edit {
  readonly filter?: string;
  readonly aggregate?: string;
  readonly derive?: string;
  readonly topics?: string;
  readonly sink?: string;
}

export interface Item {
  readonly kind: string;
  readonly name: string;
  readonly change: string;
  readonly drifted: boolean;
  readonly needs: string | null;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly advice: readonly string[];
  readonly diff: readonly { readonly sign: string; readonly text: string }[];
}

let count = 0;

export class DeployedProject {
  readonly project: TestProject = testProject();
  readonly suffix = `${process.pid}-${Date.now().toString(36)}-${++count}`;
  readonly pipeline = `totals-${this.suffix}`;
  readonly in = `in-${this.suffix}`;
  readonly out = `out-${this.suffix}`;

  /** @param env of the commands; without brokers they work on the embedded log */
  constructor(readonly env: Readonly<Record<string, string>> = {}) {
    this.edit();
  }

  /** Sums of users; writes the pipeline anew. */
  edit({ filter = 'score > 0', aggregate = 'total: sum(score)', derive, topics, sink = this.out }: Edit = {}): void {
    this.project.write(
      'pipelines/totals.yaml',
      `pipeline: ${this.pipeline}
source: { topic: ${this.in}, schema: event, time: at }
topics:
${topics ?? `  ${this.in}: { partitions: 2 }\n  ${this.out}: { partitions: 2 }`}
steps:
  - filter: ${filter}
  - groupBy: user
    aggregate: { ${aggregate} }
${derive === undefined ? '' : `  - derive: { ${derive} }\n`}sink: { topic: ${sink} }
`,
    );
  }

  rta(...args: string[]): Promise<RtaResult> {
    return rta(args, { cwd: this.project.directory, env: this.env });
  }

  /** As `rta`, until the signal says stop. */
  rtaWith(signal: AbortSignal, ...args: string[]): Promise<RtaResult> {
    return rta(args, { cwd: this.project.directory, env: this.env, signal });
  }

  /** What `rta plan` says of each thing. */
  async items(...args: string[]): Promise<Item[]> {
    const { stdout } = await this.rta('plan', '--json', ...args);
    return ndjson(stdout).flatMap(({ item }) => (item === undefined ? [] : [item as Item]));
  }

  /** Changes by name, without the suffix: `topic out: create`. */
  async changes(...args: string[]): Promise<string[]> {
    const items = await this.items(...args);
    return items.filter(({ change }) => change !== 'unchanged').map(({ kind, name, change }) => `${kind} ${this.short(name)}: ${change}`);
  }

  short(text: string): string {
    return text.replaceAll(`-${this.suffix}`, '');
  }

  /** The log is open for as long as that takes only. */
  async withLog<T>(work: (log: Log) => Promise<T>): Promise<T> {
    const brokers = this.env['KAFKA_BROKERS'];
    const log =
      brokers === undefined
        ? await openEmbeddedLog(join(this.project.directory, '.rta/log'))
        : await openKafkaLog({ brokers: brokers.split(',') });
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  get registry(): SchemaRegistry {
    const url = this.env['SCHEMA_REGISTRY_URL'];
    return url === undefined ? embeddedRegistry(join(this.project.directory, '.rta/registry')) : confluentRegistry({ url });
  }

  /** Of this project, by name without the suffix. */
  topics(): Promise<Record<string, TopicDescription>> {
    return this.withLog(async (log) => {
      const mine = (await log.topics()).filter(({ name }) => name.includes(this.suffix));
      return Object.fromEntries(mine.map((topic) => [this.short(topic.name), topic]));
    });
  }

  async subjects(): Promise<Record<string, readonly number[]>> {
    const mine = (await this.registry.subjects()).filter((subject) => subject.includes(this.suffix));
    return Object.fromEntries(await Promise.all(mine.map(async (name) => [this.short(name), await this.registry.versions(name)] as const)));
  }

  deployed(): Promise<PipelineDeployments | undefined> {
    return this.withLog(async (log) => (await new Deployments(log).read()).pipelines.get(this.pipeline));
  }
}
