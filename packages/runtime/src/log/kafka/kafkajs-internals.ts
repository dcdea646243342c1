/** What we use of KafkaJS 2.2.4 below its public surface, typed: only these members, and only as KafkaJS itself uses them. */
import type { Kafka } from 'kafkajs';
import type { Socket } from 'node:net';

/** An encoded request body: KafkaJS' `Encoder`, or our `WireWriter`. */
export interface EncodedBody {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}

export interface ProtocolRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly encode: () => Promise<EncodedBody>;
  readonly expectResponse?: () => boolean;
}

export interface ProtocolResponse<T> {
  readonly decode: (raw: Buffer) => Promise<T>;
  readonly parse: (decoded: T) => unknown;
}

/** What a connection sends: a request and how to read its response. */
export interface ProtocolCall<T> {
  readonly request: ProtocolRequest;
  readonly response: ProtocolResponse<T>;
  /** ms; counts only where longer than the connection's own. */
  readonly requestTimeout?: number | null;
  readonly logResponseError?: boolean;
}

/** One API of the protocol: the versions that KafkaJS implements, and a maker of calls for each. */
export interface RequestDefinition {
  readonly versions: readonly string[];
  readonly protocol: (options: { version: number }) => (parameters: Record<string, unknown>) => ProtocolCall<unknown>;
}

export interface Connection {
  socket?: Socket;
  readonly requestQueue: { rejectAll(error: Error): void; destroy(): void };
  isConnected(): boolean;
  connect(): Promise<unknown>;
  authenticate(): Promise<void>;
  disconnect(): Promise<unknown>;
}

/** Two connections to one broker: the second is for Fetch alone, which the broker holds back until there is data. */
export interface ConnectionPool {
  readonly host: string;
  readonly port: number;
  readonly pool: readonly Connection[];
  send<T>(call: ProtocolCall<T>): Promise<T>;
}

export type ApiVersions = Readonly<Record<string, { readonly minVersion: number; readonly maxVersion: number }>>;

export interface Broker {
  readonly nodeId: number | null;
  readonly connectionPool: ConnectionPool;
  readonly versions: ApiVersions | null;
  isConnected(): boolean;
  /** Connects, asks for the API versions, authenticates. */
  connect(): Promise<void>;
}

export interface BrokerConstructor {
  new (options: {
    connectionPool: ConnectionPool;
    logger: Logger;
    nodeId?: number;
    versions?: ApiVersions | null;
    authenticationTimeout?: number;
    allowAutoTopicCreation?: boolean;
  }): Broker;
}

export interface Logger {
  namespace(name: string): Logger;
}

export interface ConnectionPoolBuilder {
  /** Without a destination: the next of the bootstrap brokers, in turn. */
  build(destination?: { host: string; port: number; rack?: string | null }): Promise<ConnectionPool>;
}

export interface ConnectionPoolOptions {
  readonly socketFactory: (options: { host: string; port: number; ssl: unknown; onConnect: () => void }) => Socket;
  readonly brokers: readonly string[];
  readonly ssl: unknown;
  readonly sasl: unknown;
  readonly clientId: string;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly connectionTimeout: number;
  readonly maxInFlightRequests: number | null;
  readonly logger: Logger;
}

/** A line of KafkaJS' log. */
export interface LogEntry {
  /** `ERROR`, `WARN`, `INFO` or `DEBUG` */
  readonly label: string;
  readonly namespace: string;
  readonly log: { readonly message: string } & Readonly<Record<string, unknown>>;
}

interface GroupMemberCodec<T> {
  encode(value: T & { version: number; userData?: Buffer }): Buffer;
  decode(bytes: Buffer): (T & { version: number; userData: Buffer | null }) | null;
}

/** Everything that is taken out of KafkaJS, in one place. */
export interface KafkaJs {
  readonly requests: Readonly<Record<string, RequestDefinition>>;
  readonly Broker: BrokerConstructor;
  readonly connectionPoolBuilder: (options: ConnectionPoolOptions) => ConnectionPoolBuilder;
  readonly socketFactory: () => ConnectionPoolOptions['socketFactory'];
  readonly createLogger: (options: { level: number; logCreator: () => (entry: LogEntry) => void }) => Logger;
  readonly errorCodes: readonly { readonly code: number; readonly type: string; readonly retriable: boolean; readonly message: string }[];
  readonly assignerProtocol: {
    readonly MemberMetadata: GroupMemberCodec<{ topics: readonly string[] }>;
    readonly MemberAssignment: GroupMemberCodec<{ assignment: Readonly<Record<string, readonly number[]>> }>;
  };
  /** The client as applications use it, over the replaced modules: messages are record batches (`BatchMessage`). For tests. */
  readonly Kafka: typeof Kafka;
}
