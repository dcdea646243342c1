/** Logs for those who collect them: JSON, a line each (`--log-format json`). What people read is written by the reports of run/. */
import type { KafkaLogOptions } from '@rta/runtime';
import { InvalidArgumentError } from 'commander';
import { pino, type Logger } from 'pino';
import type { Output } from '../context.js';
import { UsageError } from '../failure.js';
import { describeFailure } from './report-failure.js';

export type { Logger } from 'pino';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

export const LOG_FORMAT: [string, string, (text: string) => 'text' | 'json'] = [
  '--log-format <format>',
  'text for people, or json: what is logged as a JSON object a line, with time, level and pipeline (default: text)',
  oneOf(['text', 'json']),
];
export const LOG_LEVEL: [string, string, (text: string) => Level] = [
  '--log-level <level>',
  'with --log-format json: debug, info, warn or error (default: info)',
  oneOf(LEVELS),
];

export interface LogOptions {
  readonly logFormat?: 'text' | 'json';
  readonly logLevel?: Level;
  readonly json?: boolean;
}

/**
 * Null: people read it.
 *
 * @throws UsageError where the options contradict each other
 */
export function structuredLog(stdout: Output, { logFormat, logLevel, json = false }: LogOptions): Logger | null {
  if (logFormat !== 'json') {
    if (logLevel !== undefined) throw new UsageError('--log-level goes with --log-format json');
    return null;
  }
  if (json)
    throw new UsageError('--json and --log-format json exclude each other: the one is for programs that read results, the other for logs');
  return pino(
    {
      level: logLevel ?? 'info',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      serializers: { error: (error: unknown) => (error instanceof Error ? describeFailure(error) : error) },
    },
    { write: (line: string) => void stdout.write(line) },
  );
}

/** What KafkaJS logs itself, of the level of the log. */
export function kafkaLogOf(log: Logger): Pick<KafkaLogOptions, 'onLog' | 'logLevel'> {
  return {
    logLevel: log.level as Level,
    onLog: ({ level, message, namespace, fields }) => {
      log[level]({ kafkajs: namespace, ...fields }, message);
    },
  };
}

function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new InvalidArgumentError(`It is one of ${choices.join(', ')}.`);
    return found;
  };
}
