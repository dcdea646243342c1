/** Who runs what is deployed in this process: a fleet in this thread, or one in each of several. */
import type { StoreAnswer, StoreQuery, WorkerSnapshot } from '@rta/runtime';
import type { RunMode } from './wanted.js';

export interface CrewRun {
  /** `pipeline version mode`. */
  readonly key: string;
  readonly pipeline: string;
  readonly version: number;
  readonly mode: RunMode;
  /** Null: it has not begun, or waits after a failure. */
  readonly snapshot: WorkerSnapshot | null;
}

export interface Crew {
  /** Until the signal comes; then everything has committed and left. `looked` is called again and again, and may throw. */
  run(signal: AbortSignal, looked: () => void): Promise<void>;
  /** What it is at, by all of its threads. */
  runs(): readonly CrewRun[];
  /** Rows of a store of a run, by the tasks that are in this process; rejects where that cannot be said now. */
  query(key: string, query: StoreQuery): Promise<readonly StoreAnswer[]>;
}

/** What is told of its runs. */
export interface CrewHooks {
  readonly started: (run: RunName) => void;
  readonly stopped: (run: RunName) => void;
  readonly failed: (run: RunName, message: string, againInMs: number) => void;
  readonly warning: (pipeline: string | null, message: string) => void;
  /** A rebuild has come to its next phase, or, with null, has taken over. */
  readonly advanced: (pipeline: string, version: number, phase: string | null) => void;
}

export type RunName = Pick<CrewRun, 'pipeline' | 'version' | 'mode'>;
