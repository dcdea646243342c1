import type { CheckOutput } from '../check.js';
import type { ScoresInput } from '../scores-input.js';
import type { Workload } from '../workloads/workload.js';

/** An engine under test. */
export interface Peer {
  readonly name: string;
  /** One sentence for the report: what it does of the workload, and with which settings. */
  readonly description: string;
  /** Whether it is of interest beside this workload. */
  takes(workload: Workload): boolean;
  /** How much better rta should be; null where nothing is set. */
  targets(workload: Workload): Targets | null;
  /** Fetches and compiles what it needs, which takes minutes the first time. */
  prepare?(): Promise<unknown>;
  /** The consumer group of a run, by its id. */
  group(id: string): string;
  /** Processes the whole input once, in a process of its own, under a name that was never used. Rejects where the result is wrong. */
  run(task: PeerTask): Promise<RunResult>;
}

/** Least ratios. */
export interface Targets {
  /** Records per second of rta over the peer's. */
  readonly speed: number;
  /** CPU seconds of the peer over rta's. */
  readonly cpu: number;
  /** Peak memory of the peer over rta's. */
  readonly memory: number;
}

export interface PeerTask {
  readonly workload: Workload;
  readonly input: ScoresInput;
  /** Of the run: name of the pipeline, group and output topic. */
  readonly id: string;
  /** Empty at the start, removed afterwards. */
  readonly directory: string;
  readonly env: Readonly<Record<'KAFKA_BROKERS' | 'SCHEMA_REGISTRY_URL', string>>;
  readonly check: CheckOutput;
  /** The input is still being written: the run ends when this settles, or by itself when it has processed as many records as the input has. */
  readonly live?: Promise<unknown>;
  /** Ends the run before its end; it rejects then. */
  readonly signal: AbortSignal | undefined;
}

export interface RunResult {
  /** From joining the group until everything is processed and committed, as the process itself measures it. */
  readonly insideSeconds: number;
  /** From the start of the process to its end. */
  readonly wholeSeconds: number;
  /** User and system time, all threads. */
  readonly cpuSeconds: number;
  /** Most resident memory. */
  readonly peakBytes: number;
}
