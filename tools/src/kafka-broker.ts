import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { findJava, type Java } from './java.js';
import { JavaProcess } from './java-process.js';
import { kafkaAnswers } from './kafka-probe.js';
import { runJava } from './kafka-tool.js';
import { kafkaJars, type Progress } from './maven.js';
import { KAFKA_MINIMUM_JAVA, KAFKA_VERSION } from './versions.js';

export interface KafkaOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Holds data, configuration and log, and stays after `stop()`. Default: a temporary folder, removed at `stop()`. */
  readonly dir?: string;
  /** Broker settings over the launcher's own. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  /** The broker's heap, as Java writes it. Default `1g`. */
  readonly heap?: string;
  readonly progress?: Progress;
}

/** A running broker: one KRaft node, broker and controller in one process, listening on 127.0.0.1 only. */
export interface KafkaBroker {
  /** `127.0.0.1:port`, for a client's bootstrap list. */
  readonly brokers: string;
  readonly port: number;
  /** The process id; another one after a restart. */
  readonly pid: number;
  readonly dir: string;
  /** What the broker wrote last. */
  logTail(lines?: number): string;
  /** Ends the broker in good order, and removes its folder if that is temporary. */
  stop(): Promise<void>;
  /** Sends a signal, SIGKILL by default: a crash. Waits for the end, except with SIGSTOP and SIGCONT. The data stays for `restart()`. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data; ends it in good order first if it runs. */
  restart(): Promise<void>;
}

/** Starts Apache Kafka and resolves when it answers (about 5 s). Throws with what is missing, or with the end of the broker's log. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const java = findJava(KAFKA_MINIMUM_JAVA);
  if (java === undefined) throw new Error(`Kafka ${KAFKA_VERSION} needs Java ${KAFKA_MINIMUM_JAVA} or newer: none was found`);
  const jars = await kafkaJars(options.progress);
  for (let attempt = 1; ; attempt++) {
    const broker = new Broker(java, jars, options, options.port ?? (await freePort()), await freePort(), await brokerFolder(options.dir));
    try {
      await broker.start();
      return broker;
    } catch (error) {
      const portTaken = broker.logTail(200).includes('Address already in use');
      await broker.stop();
      // Between our look and the broker's, another process can have taken the port that was free.
      if (!portTaken || options.port !== undefined || attempt === 3) throw error;
    }
  }
}

async function brokerFolder(dir: string | undefined): Promise<string> {
  if (dir === undefined) return mkdtemp(join(tmpdir(), 'rta-kafka-'));
  await mkdir(dir, { recursive: true });
  return dir;
}

class Broker implements KafkaBroker {
  readonly brokers: string;
  private process: JavaProcess | undefined;

  constructor(
    private readonly java: Java,
    private readonly jars: string,
    private readonly options: KafkaOptions,
    readonly port: number,
    private readonly controllerPort: number,
    readonly dir: string,
  ) {
    this.brokers = `127.0.0.1:${port}`;
  }

  get pid(): number {
    if (this.process === undefined) throw new Error('the broker has not been started');
    return this.process.pid;
  }

  logTail(lines?: number): string {
    return this.process?.logTail(lines) ?? '';
  }

  async start(): Promise<void> {
    const properties = join(this.dir, 'server.properties');
    const logging = join(this.dir, 'log4j2.properties');
    const classPath = join(this.jars, '*');
    await writeFile(properties, this.properties());
    await writeFile(logging, LOGGING);
    if (!existsSync(join(this.dir, 'data', 'meta.properties'))) {
      const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'r'); // a leading dash would look like an option
      await runJava(this.java, classPath, 'kafka.tools.StorageTool', ['format', '--cluster-id', clusterId, '--config', properties]);
    }
    this.process = new JavaProcess({
      command: this.java.command,
      args: [
        `-Xmx${this.options.heap ?? '1g'}`,
        '-Xms256m',
        '-XX:+UseG1GC',
        '-XX:MaxGCPauseMillis=20',
        '-Djava.awt.headless=true',
        `-Djava.io.tmpdir=${this.dir}`, // native parts unpacked there go with it
        `-Dlog4j2.configurationFile=${logging}`,
        '-cp',
        classPath,
        'kafka.Kafka',
        properties,
      ],
      logFile: join(this.dir, 'broker.log'),
      removeIfOrphaned: this.options.dir === undefined ? this.dir : undefined,
    });
    await this.process.ready(`Kafka on port ${this.port}`, () => kafkaAnswers(this.port));
  }

  async stop(): Promise<void> {
    // Data that nobody will read again needs no orderly shutdown.
    await this.process?.end(this.options.dir === undefined ? 'SIGKILL' : 'SIGTERM');
    if (this.options.dir === undefined) await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') this.process?.signal(signal);
    else await this.process?.end(signal);
  }

  async restart(): Promise<void> {
    await this.process?.end('SIGTERM');
    await this.start();
  }

  private properties(): string {
    const settings: Record<string, string | number | boolean> = {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${this.controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${this.port},CONTROLLER://127.0.0.1:${this.controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${this.port}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': join(this.dir, 'data'),
      ...FOR_ONE_NODE,
      ...FOR_TESTS,
      ...this.options.properties,
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }
}

/** There is nobody to replicate to; few partitions, since each costs files and start time. */
const FOR_ONE_NODE = {
  'default.replication.factor': 1,
  'min.insync.replicas': 1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
} as const;

/** Seconds where production has minutes, and less memory. */
const FOR_TESTS = {
  'group.initial.rebalance.delay.ms': 0,
  // After a crash the broker is let in again when its former session has run out.
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  'group.min.session.timeout.ms': 1000,
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
  'auto.create.topics.enable': false, // a misspelt topic should be an error
  'log.retention.ms': -1, // records of event times long ago stay: brokers go by their timestamps
  'num.network.threads': 2,
  'num.io.threads': 4,
  'num.recovery.threads.per.data.dir': 2,
  'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
  'log.cleaner.backoff.ms': 1000,
  'log.index.size.max.bytes': 1024 * 1024,
} as const;

const LOGGING = `status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss.SSS} %-5p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
`;
