import type { SASLOptions } from 'kafkajs';
import type { ConnectionOptions } from 'node:tls';
import type { Compression } from '../batch/compression.js';

export interface KafkaLogOptions {
  /** Bootstrap brokers, `host:port`. */
  readonly brokers: readonly string[];
  /** Named in the broker's logs and metrics, and the beginning of member ids. Default `rta`. */
  readonly clientId?: string;
  /** TLS: true, or Node's options (`ca`, `cert`, `key`, `servername`, …). */
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Of what is written. Default `none`: topics may set their own `compression.type`. */
  readonly compression?: Compression;
  /** ms until a connection attempt counts as failed. Default 3,000. */
  readonly connectionTimeoutMs?: number;
  /** ms until a request without an answer counts as lost. Default 10,000. */
  readonly requestTimeoutMs?: number;
  /** ms for which what may pass (a broker restarting, a leader moving) is tried again before it is an error. Default 60,000. */
  readonly retryMs?: number;
  /** What an operator may want to know: lost connections, moved leaders, left groups. Default: nobody is told. */
  readonly onWarning?: (message: string) => void;
  /** KafkaJS's own log; default: what goes wrong comes back as an error, and nothing is logged. */
  readonly onLog?: (entry: KafkaLogEntry) => void;
  /** What of it, with what is worse. Default `error`. */
  readonly logLevel?: KafkaLogEntry['level'];
}

/** What KafkaJS logs. */
export interface KafkaLogEntry {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly message: string;
  /** Of KafkaJS: `Connection`, … */
  readonly namespace: string;
  /** What else it says: broker, error, size, … */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The options with every default filled in. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: boolean | ConnectionOptions;
  readonly sasl: SASLOptions | undefined;
  readonly compression: Compression;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly retryMs: number;
  readonly onWarning: (message: string) => void;
  readonly onLog: ((entry: KafkaLogEntry) => void) | null;
  readonly logLevel: KafkaLogEntry['level'];
}

export function withDefaults(options: KafkaLogOptions): KafkaSettings {
  return {
    brokers: options.brokers,
    clientId: options.clientId ?? 'rta',
    ssl: options.ssl ?? false,
    sasl: options.sasl,
    compression: options.compression ?? 'none',
    connectionTimeoutMs: options.connectionTimeoutMs ?? 3_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    retryMs: options.retryMs ?? 60_000,
    onWarning: options.onWarning ?? (() => undefined),
    onLog: options.onLog ?? null,
    logLevel: options.logLevel ?? 'error',
  };
}
