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
  /** Processes the whole input once, in a process of its own, under a name that was never used. Rejects where the result is wrong. */
  run(task: PeerTask): Promise<RunResult>;
}

interface PeerTask {
  readonly workload: Workload;
  readonly input: ScoresInput;
  /** Of the run: name of the pipeline, group and output topic. */
  readonly id: string;
  /** Empty at the start, removed afterwards. */
  readonly directory: string;
  readonly env: Readonly<Record<'KAFKA_BROKERS' | 'SCHEMA_REGISTRY_URL', string>>;
  readonly check: CheckOutput;
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
