/** What the blows fall on: a broker and a registry, the pipelines of `project/` under names of their own, and events all along. */
import { kafkaTool, KafkaProxy, startCluster, type Cluster } from '@rta/tools';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from './events.js';
import { CHECKS, judge, type Verdict } from './judge.js';
import { Load } from './load.js';
import { INTERRUPTED, RtaProcess } from './processes.js';
import { decoder, readTopics, type Read } from './reader.js';

const ROOT = join(import.meta.dirname, '../..');
const PARTITIONS = 3;
/** ms for the last run, which reads to the end. */
const DRAIN_MS = 180_000;
/** ms for transactions that nobody ends: 60 s is theirs, and the brokers look every 10 s. */
const TRANSACTIONS_END_MS = 90_000;

const PIPELINES: readonly string[] = Object.keys(CHECKS);

export interface SystemOptions {
  readonly seed: number;
  readonly perSecond: number;
  /** With a broker of its own, even where `KAFKA_BROKERS` names one, behind a proxy: for blows on either. Default: no. */
  readonly proxied?: boolean;
}

export interface Result extends Verdict {
  readonly events: number;
  /** Transactions of the run that are still open, as Kafka's tool lists them. */
  readonly openTransactions: readonly string[];
  /** Processes that ended by themselves, and what they said. */
  readonly gaveUp: readonly string[];
}

export class System {
  readonly directory = mkdtempSync(join(tmpdir(), 'rta-crash-'));
  readonly name = `${process.pid}-${Date.now().toString(36)}`;
  /** By place; those that are away are undefined. */
  readonly processes: (RtaProcess | undefined)[] = [];
  readonly gaveUp: string[] = [];
  cluster: Cluster | undefined;
  proxy: KafkaProxy | undefined;
  load!: Load;
  private brokers = '';
  private registry = '';
  private reached = '';
  private readonly all: RtaProcess[] = [];

  private constructor(private readonly options: SystemOptions) {}

  /** Builds `rta`, starts what is needed, and begins to write. */
  static async start(options: SystemOptions): Promise<System> {
    const system = new System(options);
    try {
      await system.open();
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  private async open(): Promise<void> {
    // Processes from the sources would compile them at each start.
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const built = spawnSync(process.execPath, [tsc, '-b', 'packages/cli'], { cwd: ROOT, encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`tsc -b packages/cli failed:\n${built.stdout}`);
    const { KAFKA_BROKERS: brokers = '', SCHEMA_REGISTRY_URL: registry = '' } = process.env;
    if (brokers === '' || registry === '' || this.options.proxied === true) {
      this.cluster = await startCluster({ kafka: { controller: this.options.proxied === true } });
      this.brokers = this.cluster.kafka.brokers;
      this.registry = this.cluster.registry.url;
    } else [this.brokers, this.registry] = [brokers, registry];
    if (this.options.proxied === true) this.proxy = await KafkaProxy.start(this.brokers);
    this.reached = this.proxy?.address ?? this.brokers;
    cpSync(join(import.meta.dirname, 'project'), this.directory, { recursive: true });
    for (const file of readdirSync(join(this.directory, 'pipelines'))) {
      const path = join(this.directory, 'pipelines', file);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll('RUN', this.name));
    }
    await kafkaTool('org.apache.kafka.tools.TopicCommand', [
      ...['--bootstrap-server', this.brokers, '--create', '--topic', this.topic('events')],
      ...['--partitions', String(PARTITIONS), '--replication-factor', '1', '--config', 'retention.ms=-1'],
    ]);
    this.load = new Load(this.brokers, this.topic('events'), this.options);
  }

  topic(name: string): string {
    return `${name}-${this.name}`;
  }

  /** Starts the process of that place, which has the same directory in each of its lives. */
  run(place: number): RtaProcess {
    const life = this.spawn(place, []);
    this.processes[place] = life;
    void life.ended.then((code) => {
      // A signal of ours ends it without a code, or with that of an interruption.
      if (code !== null && code !== INTERRUPTED) this.gaveUp.push(`process ${place} ended with ${code}:\n${life.errors}`);
    });
    return life;
  }

  /** Those that run. */
  running(): RtaProcess[] {
    return this.processes.filter((each): each is RtaProcess => each?.running === true);
  }

  places(): number[] {
    return this.processes.flatMap((each, place) => (each?.running === true ? [place] : []));
  }

  private spawn(place: number, args: readonly string[]): RtaProcess {
    const env = { KAFKA_BROKERS: this.reached, SCHEMA_REGISTRY_URL: this.registry };
    const life = new RtaProcess({ directory: this.directory, env }, ['run', 'pipelines', '--json', '--dir', `state-${place}`, ...args]);
    this.all.push(life);
    return life;
  }

  /** Ends the load, lets the pipelines read to the end and close what is open, and compares everything with the input. */
  async finish(): Promise<Result> {
    await this.load.stop();
    await Promise.all(this.running().map((each) => each.end('SIGTERM')));
    const last = this.spawn(0, ['--until-end', '--close']);
    const timer = setTimeout(() => last.signal('SIGKILL'), DRAIN_MS);
    const code = await last.ended;
    clearTimeout(timer);
    if (code !== 0) this.gaveUp.push(`the last run ended with ${code ?? `nothing within ${DRAIN_MS / 1000} s`}:\n${last.errors}`);
    // One of a process that was killed, and had no time to begin again, is aborted when its time is over.
    const deadline = performance.now() + TRANSACTIONS_END_MS;
    let openTransactions = await this.openTransactions();
    while (openTransactions.length > 0 && performance.now() < deadline) {
      await delay(5_000);
      openTransactions = await this.openTransactions();
    }
    const topics = await readTopics(
      this.brokers,
      ['events', ...PIPELINES].map((name) => this.topic(name)),
      decoder(this.registry),
    );
    const read = (name: string): readonly Read[] => topics.get(this.topic(name)) ?? [];
    const events = read('events').map(({ value }) => value as unknown as Event);
    if (events.length < this.load.written) throw new Error(`${this.load.written} events were written, and only ${events.length} are there`);
    const outputs = Object.fromEntries(PIPELINES.map((name) => [name, read(name)]));
    return { ...judge(events, outputs), events: events.length, openTransactions, gaveUp: this.gaveUp };
  }

  /** What the processes last said, for the message of a failure. */
  describe(): string {
    const lives = this.processes.map((each, place) => {
      if (each === undefined) return `process ${place} was never started`;
      const stats = [...each.stats].map(
        ([pipeline, { tasks, commits, rejoins }]) => `${pipeline}: ${tasks} tasks, ${commits} commits, ${rejoins} rejoins`,
      );
      return [`process ${place} ${each.running ? 'runs' : 'has ended'}`, ...stats, ...each.warnings.slice(-5), each.errors].join('\n  ');
    });
    return [...this.gaveUp, ...lives].join('\n');
  }

  /** Ends everything, and removes its files. */
  async stop(): Promise<void> {
    for (const each of this.all) if (each.running) await each.end('SIGKILL');
    await this.load?.stop().catch(() => undefined);
    await this.proxy?.stop();
    await this.cluster?.stop();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  private async openTransactions(): Promise<string[]> {
    const listed = await kafkaTool('org.apache.kafka.tools.TransactionsCommand', ['--bootstrap-server', this.brokers, 'list']);
    return listed.split('\n').filter((line) => line.includes(this.name) && !/\b(CompleteCommit|CompleteAbort|Empty)\b/.test(line));
  }
}
