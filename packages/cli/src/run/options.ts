/** What commands that run pipelines are told alike. */
import { UsageError } from '../failure.js';
import { durationOf, httpAddressOf, wholeNumber } from '../option-values.js';
import type { RunEnd } from './pipeline-run.js';
import { DEFAULT_STALL_MS } from './stall-watch.js';

export const PARTITIONS = [
  '--partitions <n>',
  'partitions of topics that have to be made and are not declared (default: 4)',
  wholeNumber(1),
] as const;
export const BROKERS = [
  '--brokers <list>',
  'Kafka, host:port,host:port (default: KAFKA_BROKERS, rta.yaml, else the embedded log)',
] as const;
export const REGISTRY = ['--registry <url>', 'schema registry (default: SCHEMA_REGISTRY_URL, rta.yaml, else the embedded one)'] as const;
export const DIRECTORY = ['--dir <path>', 'directory of the embedded log and of state (default: .rta)'] as const;
export const STALL_TIMEOUT = [
  '--stall-timeout <duration>',
  'end with 75 after so long without progress, though there is something to do',
  durationOf,
  DEFAULT_STALL_MS,
] as const;

export const WORKERS = ['--workers <n>', 'worker threads, each a member of the consumer groups (default: 1)', wholeNumber(1)] as const;
/** @param what it serves */
export const httpOption = (what: string) =>
  ['--http <[host:]port>', `serve ${what} there; without a host for this machine only; port 0: a free one`, httpAddressOf] as const;

/** ms */
interface Timeouts {
  readonly stallTimeout: number;
  readonly shutdownTimeout: number;
}

/** @throws UsageError for timeouts that a healthy run would not keep */
export function requireTimeouts({ stallTimeout, shutdownTimeout }: Timeouts): void {
  if (stallTimeout < 1000) throw new UsageError('--stall-timeout is at least 1s');
  if (shutdownTimeout < 1000) throw new UsageError('--shutdown-timeout is at least 1s');
}

/** The longest that a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface EndOptions {
  readonly untilEnd?: boolean;
  readonly close?: boolean;
  /** ms */
  readonly for?: number;
}

/** @throws UsageError where the options contradict each other, or `--for` is nothing or too long */
export function runEnd(options: EndOptions): RunEnd {
  const { untilEnd = false, close = false, for: ms } = options;
  if (close && !untilEnd) throw new UsageError('--close goes with --until-end: the windows of a live run close by themselves');
  if (ms === undefined) return untilEnd ? { when: 'drained', close } : { when: 'stopped' };
  if (untilEnd) throw new UsageError('--for and --until-end exclude each other');
  if (ms === 0 || ms > MAX_TIMER_MS) throw new UsageError('--for is at least 1ms and at most 24d');
  return { when: 'elapsed', ms };
}
