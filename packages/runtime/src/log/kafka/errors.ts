/** What brokers and connections report, and what it means to us. */
import { LogError } from '../log.js';
import { loadKafkaJs } from './load-kafkajs.js';

/** Error codes of the protocol that decide something here; the others go by KafkaJS' table. */
export const CODE = {
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  MESSAGE_TOO_LARGE: 10,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_ALREADY_EXISTS: 36,
  DUPLICATE_SEQUENCE_NUMBER: 46,
  INVALID_PRODUCER_EPOCH: 47,
  CONCURRENT_TRANSACTIONS: 51,
  MEMBER_ID_REQUIRED: 79,
  UNSTABLE_OFFSET_COMMIT: 88,
} as const;

/** Newer than KafkaJS' table, or named or judged otherwise by Kafka since. */
const NEWER: Readonly<Record<number, readonly [type: string, retriable: boolean]>> = {
  [-1]: ['UNKNOWN_SERVER_ERROR', false],
  8: ['BROKER_NOT_AVAILABLE', true],
  14: ['COORDINATOR_LOAD_IN_PROGRESS', true],
  15: ['COORDINATOR_NOT_AVAILABLE', true],
  16: ['NOT_COORDINATOR', true],
  51: ['CONCURRENT_TRANSACTIONS', true],
  89: ['THROTTLING_QUOTA_EXCEEDED', true],
  90: ['PRODUCER_FENCED', false],
  100: ['UNKNOWN_TOPIC_ID', true],
  103: ['INCONSISTENT_TOPIC_ID', true],
  120: ['TRANSACTION_ABORTABLE', false],
};

/** Another producer or member has taken over: trying again cannot help. */
const FENCED = new Set([22, 25, 27, 47, 82, 90]);

/** The leader or coordinator is looked up again before the next try. */
const MOVED = new Set([3, 5, 6, 8, 15, 16, 56, 72, 74, 75, 100, 103]);

/** An error code in a response. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly type: string;
  readonly retriable: boolean;

  constructor(
    readonly code: number,
    /** What was asked, such as `Produce to orders-3`. */
    what: string,
    detail?: string | null,
  ) {
    const stock = loadKafkaJs().errorCodes.find((error) => error.code === code);
    const newer = NEWER[code] as readonly [string, boolean] | undefined;
    const type = newer?.[0] ?? stock?.type ?? `error code ${code}`;
    const reason = detail ?? stock?.message ?? '';
    super(`${what}: ${type}${reason === '' ? '' : ` (${reason})`}`);
    this.type = type;
    this.retriable = newer?.[1] ?? stock?.retriable ?? false;
  }

  get fenced(): boolean {
    return FENCED.has(this.code);
  }

  get moved(): boolean {
    return MOVED.has(this.code);
  }
}

/** No answer. `sent` says whether the request may have arrived all the same: its outcome is then in doubt. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly retriable = true;

  constructor(
    message: string,
    readonly sent: boolean,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Throws what a response's error code stands for. */
export function check(code: number, what: string, detail?: string | null): void {
  if (code !== CODE.NONE) throw new BrokerError(code, what, detail);
}

export function isRetriable(error: unknown): error is BrokerError | ConnectionError {
  return (error instanceof BrokerError || error instanceof ConnectionError) && error.retriable;
}

/** Whether it helps to look up leaders and coordinators again. */
export function isMoved(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof BrokerError && error.moved);
}

export function isCode(error: unknown, ...codes: number[]): error is BrokerError {
  return error instanceof BrokerError && codes.includes(error.code);
}

const CONFIGURATION = new Set([17, 26, 31, 37, 38, 40, 42, 44, 50, 54, 58]);
const UNSUPPORTED = new Set([33, 34, 35, 43, 76]);

/** The same in the terms of the Log port. Errors that are none of the broker's or the connection's stay what they are. */
export function toLogError(error: unknown): unknown {
  if (error instanceof ConnectionError) return new LogError('unreachable', error.message, true, { cause: error });
  if (!(error instanceof BrokerError)) return error;
  const { code, message } = error;
  const options = { cause: error };
  if (code === CODE.OFFSET_OUT_OF_RANGE) return new LogError('offset_out_of_range', message, false, options);
  if (code === CODE.UNKNOWN_TOPIC_OR_PARTITION || code === 100) return new LogError('unknown_topic', message, false, options);
  if (error.fenced) return new LogError('fenced', message, false, options);
  if (code === 2) return new LogError('corrupt', message, false, options);
  if (UNSUPPORTED.has(code)) return new LogError('unsupported', message, false, options);
  // The codes named *_AUTHORIZATION_FAILED, whatever their number.
  if (CONFIGURATION.has(code) || error.type.includes('AUTHORIZATION')) return new LogError('configuration', message, false, options);
  if (error.retriable) return new LogError('unreachable', message, true, options);
  return new LogError('configuration', message, false, options);
}
