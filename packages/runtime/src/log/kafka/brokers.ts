/**
 * Connections to the brokers, and who leads what. KafkaJS' `Broker` connects, authenticates and learns the API versions; its cluster class
 * is not used, since it fails a whole metadata refresh for one missing topic, asks for the coordinator at every step of a transaction, and
 * opens two sockets when two requests meet a closed connection.
 */
import { messageOf } from '@rta/dsl/message-of';
import { LogError } from '../log.js';
import { BrokerError, ConnectionError, check, isMoved } from './errors.js';
import type {
  ApiVersions,
  Broker,
  Connection,
  ConnectionPool,
  ConnectionPoolBuilder,
  LogEntry,
  Logger,
  ProtocolCall,
} from './kafkajs-internals.js';
import { loadKafkaJs } from './load-kafkajs.js';
import type { KafkaLogEntry, KafkaSettings } from './options.js';
import { type CoordinatorType, findCoordinator, metadata, type TopicMetadata } from './requests.js';
import { Deadline, retry } from './retry.js';
import { quietSocket } from './socket.js';

/**
 * What a connection is for. Brokers answer a connection's requests one after another, and hold a JoinGroup back until all members are
 * there: group requests have a connection of their own.
 */
export type Channel = 'data' | 'group';

interface Node {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** Fetch has the pool's second connection, as KafkaJS chooses. */
const FETCH = 1;
const LOG_LEVELS = { nothing: 0, error: 1, warn: 2, info: 4, debug: 5 };
const WARN_AGAIN_MS = 10_000;

export class Brokers {
  private readonly kafka = loadKafkaJs();
  private readonly builder: ConnectionPoolBuilder;
  private readonly logger: Logger;
  private nodes = new Map<number, Node>();
  private controllerId = -1;
  private seed: Promise<Broker> | undefined;
  private readonly open = new Map<string, Promise<Broker>>();
  private readonly connecting = new Map<Connection, Promise<unknown>>();
  private readonly leaders = new Map<string, readonly number[]>();
  private readonly coordinators = new Map<string, number>();
  private readonly warned = new Map<string, number>();
  private closed = false;

  constructor(readonly settings: KafkaSettings) {
    this.logger = this.kafka.createLogger({
      // What goes wrong comes back as an error. KAFKAJS_LOG_LEVEL overrides this.
      level: LOG_LEVELS[settings.onLog === null ? 'nothing' : settings.logLevel],
      logCreator: () => (entry) => {
        this.log(entry);
      },
    });
    this.builder = this.kafka.connectionPoolBuilder({
      socketFactory: quietSocket(this.kafka.socketFactory()),
      brokers: settings.brokers,
      ssl: settings.ssl === false ? null : settings.ssl,
      sasl: settings.sasl ?? null,
      clientId: settings.clientId,
      requestTimeout: settings.requestTimeoutMs,
      enforceRequestTimeout: true,
      connectionTimeout: settings.connectionTimeoutMs,
      maxInFlightRequests: null,
      logger: this.logger,
    });
  }

  /** For work that is tried again: `retryMs`, or until closed or told. */
  deadline(ms = this.settings.retryMs, signal?: AbortSignal): Deadline {
    return new Deadline(ms, () => this.closed || signal?.aborted === true);
  }

  get nodeCount(): number {
    return this.nodes.size;
  }

  private log({ label, namespace, log: { message, timestamp: _, logger: __, ...fields } }: LogEntry): void {
    const { onLog } = this.settings;
    if (onLog === null) this.warn(`kafkajs: ${message}`);
    else onLog({ level: label.toLowerCase() as KafkaLogEntry['level'], message, namespace, fields });
  }

  /** Tells the operator; the same thing at most every ten seconds. */
  warn(message: string): void {
    const now = performance.now();
    if (now - (this.warned.get(message) ?? -Infinity) < WARN_AGAIN_MS) return;
    if (this.warned.size > 100) this.warned.clear();
    this.warned.set(message, now);
    this.settings.onWarning(message);
  }

  /** Sends to a broker that metadata has named. Throws ConnectionError; what the response says is the caller's to check. */
  async send<T>(nodeId: number, call: ProtocolCall<T>, channel: Channel = 'data'): Promise<T> {
    const node = this.nodes.get(nodeId);
    if (node === undefined) throw new ConnectionError(`broker ${nodeId} is not known (any more)`, false);
    const key = `${channel}:${nodeId}`;
    let opening = this.open.get(key);
    if (opening === undefined) {
      opening = this.connect(() => this.builder.build(node), nodeId);
      this.open.set(key, opening);
    }
    return this.over(opening, call, `${node.host}:${node.port}`, () => {
      if (this.open.get(key) === opening) this.open.delete(key);
    });
  }

  /** Sends to any broker; the bootstrap brokers take turns when one fails. */
  async sendAny<T>(call: ProtocolCall<T>): Promise<T> {
    const opening = (this.seed ??= this.connect(() => this.builder.build()));
    return this.over(opening, call, this.settings.brokers.join(', '), () => {
      if (this.seed === opening) this.seed = undefined;
    });
  }

  /** Asks again who leads these topics' partitions. Topics that are not there are not in the answer. */
  async refresh(topics: readonly string[]): Promise<readonly TopicMetadata[]> {
    const response = await this.sendAny(metadata(topics));
    this.nodes = new Map(response.brokers.map((node) => [node.nodeId, node]));
    this.controllerId = response.controllerId;
    const found: TopicMetadata[] = [];
    for (const topic of response.topicMetadata) {
      if (topic.topicErrorCode === 0) {
        const leaders: number[] = [];
        for (const { partitionId, leader } of topic.partitionMetadata) leaders[partitionId] = leader;
        this.leaders.set(topic.topic, leaders);
        found.push(topic);
      } else {
        this.leaders.delete(topic.topic);
        const error = new BrokerError(topic.topicErrorCode, `the metadata of ${topic.topic}`);
        if (!error.moved) throw error;
      }
    }
    return found;
  }

  /** How many partitions a topic has. Throws BrokerError UNKNOWN_TOPIC_OR_PARTITION. */
  async partitionCount(topic: string): Promise<number> {
    return (await this.leadersOf(topic)).length;
  }

  /** The leader of a partition, from the cache where it is there. Throws BrokerError. */
  async leader(topic: string, partition: number): Promise<number> {
    const leaders = await this.leadersOf(topic);
    if (partition >= leaders.length) check(3, `partition ${partition} of ${topic}, which has ${leaders.length}`);
    const leader = leaders[partition];
    if (leader < 0 || !this.nodes.has(leader)) {
      this.leaders.delete(topic);
      check(5, `partition ${partition} of ${topic}`);
    }
    return leader;
  }

  /** As `leader`, but only from the cache. */
  knownLeader(topic: string, partition: number): number | undefined {
    const leader = this.leaders.get(topic)?.[partition] ?? -1;
    return leader >= 0 && this.nodes.has(leader) ? leader : undefined;
  }

  async controller(): Promise<number> {
    if (this.controllerId < 0) await this.refresh([]);
    if (this.controllerId < 0) check(41, 'finding the controller');
    return this.controllerId;
  }

  async coordinator(type: CoordinatorType, key: string): Promise<number> {
    const cached = this.coordinators.get(`${type}:${key}`);
    if (cached !== undefined) return cached;
    const { errorCode, errorMessage, coordinator } = await this.sendAny(findCoordinator(type, key));
    check(errorCode, `finding the ${type} coordinator of ${key}`, errorMessage);
    if (!this.nodes.has(coordinator.nodeId)) await this.refresh([]);
    this.coordinators.set(`${type}:${key}`, coordinator.nodeId);
    return coordinator.nodeId;
  }

  /** Forgets who leads and coordinates what, so that the next use asks. */
  forget(error: unknown, ...topics: string[]): void {
    if (!isMoved(error)) return;
    this.coordinators.clear();
    this.controllerId = -1;
    for (const topic of topics) this.leaders.delete(topic);
    if (error instanceof ConnectionError) this.warn(error.message);
  }

  /** `work` again and again while what is wrong may pass; leaders of `topics` and coordinators are looked up anew in between. */
  async retrying<T>(topics: readonly string[], work: () => Promise<T>, deadline = this.deadline()): Promise<T> {
    return retry(deadline, work, (error) => this.forget(error, ...topics));
  }

  /** Ends all connections at once; requests under way fail. */
  async close(): Promise<void> {
    this.closed = true;
    const all = [...this.open.values(), ...(this.seed === undefined ? [] : [this.seed])];
    this.open.clear();
    this.seed = undefined;
    await Promise.allSettled(all.map(async (opening) => destroy((await opening).connectionPool)));
  }

  private async leadersOf(topic: string): Promise<readonly number[]> {
    if (!this.leaders.has(topic)) await this.refresh([topic]);
    const leaders = this.leaders.get(topic);
    if (leaders === undefined) throw new BrokerError(3, `topic ${topic}`, 'it does not exist');
    return leaders;
  }

  private async connect(build: () => Promise<ConnectionPool>, nodeId?: number): Promise<Broker> {
    if (this.closed) throw new LogError('closed', 'the log is closed', false);
    const connectionPool = await build();
    const broker = new this.kafka.Broker({ connectionPool, logger: this.logger, nodeId, allowAutoTopicCreation: false });
    try {
      await broker.connect();
      requireVersions(broker.versions, `${connectionPool.host}:${connectionPool.port}`);
    } catch (error) {
      destroy(connectionPool);
      throw error;
    }
    if (this.closed) {
      destroy(connectionPool);
      throw new LogError('closed', 'the log is closed', false);
    }
    return broker;
  }

  private async over<T>(opening: Promise<Broker>, call: ProtocolCall<T>, where: string, drop: () => void): Promise<T> {
    let sent = false;
    let pool: ConnectionPool | undefined;
    try {
      pool = (await opening).connectionPool;
      await this.connected(pool.pool[call.request.apiKey === FETCH ? 1 : 0]);
      sent = true;
      return await pool.send(call);
    } catch (error) {
      if (!isConnectionTrouble(error)) {
        if (pool === undefined) drop();
        throw authentication(error, where);
      }
      drop();
      if (pool !== undefined) destroy(pool);
      throw new ConnectionError(`${where} does not answer ${call.request.apiName}: ${messageOf(error)}`, sent, { cause: error });
    }
  }

  /** Connects once, however many requests come meanwhile. */
  private async connected(connection: Connection): Promise<void> {
    if (connection.isConnected() && connection.socket?.destroyed !== true) return;
    let connecting = this.connecting.get(connection);
    if (connecting === undefined) {
      connecting = connection.connect().finally(() => this.connecting.delete(connection));
      this.connecting.set(connection, connecting);
    }
    await connecting;
  }
}

/** `disconnect` of KafkaJS waits for answers that may never come. */
function destroy(pool: ConnectionPool): void {
  for (const connection of pool.pool) {
    const error = Object.assign(new Error('the connection was closed'), { name: 'KafkaJSConnectionClosedError' });
    connection.requestQueue.rejectAll(error);
    connection.socket?.destroy();
    connection.disconnect().catch(() => undefined);
  }
}

const TROUBLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSLockTimeout',
  'KafkaJSInvariantViolation',
]);

function isConnectionTrouble(error: unknown): boolean {
  return error instanceof Error && TROUBLE.has(error.name);
}

function authentication(error: unknown, where: string): unknown {
  const { name, type, message } = error as { name?: string; type?: string; message?: string };
  if (name !== 'KafkaJSSASLAuthenticationError' && type !== 'SASL_AUTHENTICATION_FAILED' && type !== 'UNSUPPORTED_SASL_MECHANISM')
    return error;
  return new LogError('configuration', `${where} refuses the credentials: ${message ?? ''}`, false, { cause: error });
}

/** The versions that we send; TxnOffsetCommit v3 is the newest, of Kafka 2.5. */
const NEEDED: readonly (readonly [name: string, apiKey: number, version: number])[] = [
  ['Produce', 0, 7],
  ['Fetch', 1, 11],
  ['ListOffsets', 2, 3],
  ['Metadata', 3, 6],
  ['OffsetFetch', 9, 7],
  ['FindCoordinator', 10, 2],
  ['JoinGroup', 11, 5],
  ['TxnOffsetCommit', 28, 3],
];

function requireVersions(versions: ApiVersions | null, where: string): void {
  for (const [name, apiKey, version] of NEEDED) {
    const range = versions?.[apiKey];
    if (range === undefined || range.minVersion > version || range.maxVersion < version)
      throw new LogError('unsupported', `${where} does not speak ${name} v${version}; rta needs Kafka 2.5 or newer`, false);
  }
}
