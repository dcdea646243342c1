import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { findJava, type Java } from './java.js';
import { JavaProcess } from './java-process.js';
import { accepts, kafkaAnswers } from './kafka-probe.js';
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
  /**
   * With a controller in a process of its own, which outlives the broker, as in production: for tests that kill the broker. One that comes
   * back to a controller that died with it leads its partitions for a moment as before the crash, loses them when its former session runs
   * out, and gets them again; a group's offsets whose loading was cut short so are then given out half loaded (Kafka 4.1.0 to 4.3.0,
   * `CoordinatorRuntime.load`). With `controller` a restart waits until the dead broker has been fenced. Default: no.
   */
  readonly controller?: boolean;
  readonly progress?: Progress;
}

/** A running broker: one KRaft node, broker and controller in one process unless asked otherwise, listening on 127.0.0.1 only. */
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
  private controller: JavaProcess | undefined;
  /** Of what is formatted; a leading dash would look like an option. */
  private readonly clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'r');
  /** `performance.now()` of the last hard end. */
  private killedAt = -Infinity;

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
    return (this.process ?? this.controller)?.logTail(lines) ?? '';
  }

  async start(): Promise<void> {
    if (this.options.controller === true && this.controller === undefined) {
      this.controller = await this.launch('controller', this.controllerProperties());
      await this.controller.ready(`the controller on port ${this.controllerPort}`, () => accepts(this.controllerPort));
    }
    this.process = await this.launch('broker', this.properties());
    await this.process.ready(`Kafka on port ${this.port}`, () => kafkaAnswers(this.port));
  }

  /** Formats its folder where it is new, and starts the process. */
  private async launch(role: 'broker' | 'controller', settings: string): Promise<JavaProcess> {
    const properties = join(this.dir, role === 'broker' ? 'server.properties' : 'controller.properties');
    const logging = join(this.dir, 'log4j2.properties');
    const classPath = join(this.jars, '*');
    await writeFile(properties, settings);
    await writeFile(logging, LOGGING);
    if (!existsSync(join(this.dir, DATA[role], 'meta.properties')))
      await runJava(this.java, classPath, 'kafka.tools.StorageTool', ['format', '--cluster-id', this.clusterId, '--config', properties]);
    return new JavaProcess({
      command: this.java.command,
      args: [
        `-Xmx${role === 'broker' ? (this.options.heap ?? '1g') : '256m'}`,
        role === 'broker' ? '-Xms256m' : '-Xms64m',
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
      logFile: join(this.dir, `${role}.log`),
      removeIfOrphaned: this.options.dir === undefined ? this.dir : undefined,
    });
  }

  async stop(): Promise<void> {
    // Data that nobody will read again needs no orderly shutdown.
    const signal = this.options.dir === undefined ? 'SIGKILL' : 'SIGTERM';
    await this.process?.end(signal);
    await this.controller?.end(signal);
    if (this.options.dir === undefined) await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') this.process?.signal(signal);
    else {
      await this.process?.end(signal);
      if (signal === 'SIGKILL') this.killedAt = performance.now();
    }
  }

  async restart(): Promise<void> {
    await this.process?.end('SIGTERM');
    if (this.options.controller === true) await sleep(Math.max(0, this.killedAt + FENCED_MS - performance.now()));
    await this.start();
  }

  private properties(): string {
    const apart = this.options.controller === true;
    const listener = `PLAINTEXT://127.0.0.1:${this.port}`;
    return this.asText({
      'process.roles': apart ? 'broker' : 'broker,controller',
      'node.id': BROKER_ID,
      listeners: apart ? listener : `${listener},CONTROLLER://127.0.0.1:${this.controllerPort}`,
      'advertised.listeners': listener,
      'log.dirs': join(this.dir, DATA.broker),
    });
  }

  private controllerProperties(): string {
    return this.asText({
      'process.roles': 'controller',
      'node.id': CONTROLLER_ID,
      listeners: `CONTROLLER://127.0.0.1:${this.controllerPort}`,
      'log.dirs': join(this.dir, DATA.controller),
    });
  }

  /** With what both roles have: it is controllers that choose what a new topic has by default. */
  private asText(own: Settings): string {
    const apart = this.options.controller === true;
    const settings: Settings = {
      ...own,
      'controller.quorum.voters': `${apart ? CONTROLLER_ID : BROKER_ID}@127.0.0.1:${this.controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      ...FOR_ONE_NODE,
      ...FOR_TESTS,
      ...(apart ? { 'broker.session.timeout.ms': SESSION_MS } : {}),
      ...this.options.properties,
    };
    return Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  }
}

type Settings = Readonly<Record<string, string | number | boolean>>;

const DATA = { broker: 'data', controller: 'controller' } as const;
const BROKER_ID = 1;
const CONTROLLER_ID = 2;
/** ms; longer than that of `FOR_TESTS`, so that a busy machine does not have it fenced while it loads what its groups have. */
const SESSION_MS = 6_000;
/** ms after which the controller knows for certain that a broker is dead: its session, and some more. */
const FENCED_MS = SESSION_MS + 1_500;

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
