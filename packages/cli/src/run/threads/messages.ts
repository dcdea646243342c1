/** What main thread and worker threads say to each other; all of it plain data. */
import type { MessagePort } from 'node:worker_threads';
import type { RunnablePlan, SchemaChange, StoreAnswer, StoreQuery, WorkerSnapshot } from '@rta/runtime';
import type { BackendSettings } from '../../backend/backend.js';
import { Failure } from '../../failure.js';
import type { RunEnd } from '../pipeline-run.js';
import type { WriterSchema } from '../source-changes.js';

/** A pipeline that has been checked and let through the gate, its topics made. */
export interface PreparedPlan extends RunnablePlan {
  /** Of all threads together. */
  readonly taskCount: number;
}

/** What a thread starts with. */
export interface ThreadData {
  readonly plans: readonly PreparedPlan[];
  readonly backend: BackendSettings;
  /** From 0; decides over the state directory. */
  readonly index: number;
  readonly workerId: string;
  /** A URL at which the process answers. */
  readonly address?: string;
  /** Where traces are sent. */
  readonly traces?: string;
  readonly partitions?: number;
  /** Bytes of typed state of each pipeline in this thread. */
  readonly memoryLimit?: number;
  /** To the embedded log; null on Kafka, where each thread has a client of its own. */
  readonly logPort: MessagePort | null;
}

export type ToThread =
  | { readonly type: 'run'; readonly end: RunEnd }
  | { readonly type: 'stop' }
  /** @property id of the answer */
  | { readonly type: 'query'; readonly id: number; readonly pipeline: string; readonly query: StoreQuery }
  /** All threads have reached the end of the pipeline. */
  | { readonly type: 'leave'; readonly pipeline: string }
  /** To question `number`. @property generation of `change.next`, where there is one */
  | { readonly type: 'judged'; readonly number: number; readonly change: SchemaChange | null; readonly generation: number }
  | { readonly type: 'not-judged'; readonly number: number; readonly failure: ThreadFailure };

export type FromThread =
  /** Every pipeline is opened; none has joined. */
  | { readonly type: 'ready' }
  | { readonly type: 'snapshots'; readonly snapshots: readonly WorkerSnapshot[] }
  /** @property failure where there is no saying now */
  | { readonly type: 'answer'; readonly id: number; readonly answers: readonly StoreAnswer[]; readonly failure: ThreadFailure | null }
  /** As far as the thread can see nothing is left to do for any thread; followed by snapshots. */
  | { readonly type: 'reached'; readonly pipeline: string }
  /** @property pipeline null: of the thread as a whole */
  | { readonly type: 'warning'; readonly pipeline: string | null; readonly message: string }
  /** The thread has nothing to do with the pipeline any more. */
  | { readonly type: 'ended'; readonly pipeline: string; readonly snapshot: WorkerSnapshot; readonly failure: ThreadFailure | null }
  /** What becomes of a pipeline whose source has a schema of this kind. @property generation of the plan that it has now; 0 is the first */
  | {
      readonly type: 'judge';
      readonly number: number;
      readonly pipeline: string;
      readonly generation: number;
      readonly found: WriterSchema;
    }
  /** Before it was ready. */
  | { readonly type: 'failed'; readonly failure: ThreadFailure };

/** An error as plain data. */
export interface ThreadFailure {
  readonly code: string;
  readonly message: string;
  readonly retriable: boolean;
}

/** The other way around. */
export function errorOf({ code, message, retriable }: ThreadFailure): Failure {
  return Object.assign(new Failure(code, message), { retriable });
}

export function failureOf(error: unknown): ThreadFailure {
  const { code, message, retriable } = error as { readonly code?: unknown; readonly message?: unknown; readonly retriable?: unknown };
  return {
    code: typeof code === 'string' ? code : 'worker_failed',
    message: typeof message === 'string' ? message : String(error),
    retriable: retriable === true,
  };
}
