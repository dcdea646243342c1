/** What main thread and worker threads of `rta worker` say to each other; all of it plain data. */
import type { MessagePort } from 'node:worker_threads';
import type { StoreAnswer, StoreQuery } from '@rta/runtime';
import type { BackendSettings } from '../../backend/backend.js';
import type { ThreadFailure } from '../../run/threads/messages.js';
import type { CrewHooks, CrewRun } from '../crew.js';

/** What a thread starts with. */
export interface FleetThreadData {
  readonly backend: BackendSettings;
  /** From 0; decides over the state directory. */
  readonly index: number;
  readonly workerId: string;
  /** Where modules of functions are. */
  readonly cwd: string;
  /** Who deploys what it deploys by itself, for people. */
  readonly by: string;
  /** A URL at which the process answers. */
  readonly address?: string;
  readonly partitions?: number;
  /** Where traces are sent. */
  readonly traces?: string;
  /** To the embedded log; null on Kafka, where each thread has a client of its own. */
  readonly logPort: MessagePort | null;
}

export type ToFleetThread =
  | { readonly type: 'stop' }
  /** @property id of the answer */
  | { readonly type: 'query'; readonly id: number; readonly key: string; readonly query: StoreQuery };

/** One of the hooks is called. */
type Told = {
  [K in keyof CrewHooks]: { readonly type: 'told'; readonly hook: K; readonly with: Parameters<CrewHooks[K]> };
}[keyof CrewHooks];

export type FromFleetThread =
  | Told
  | { readonly type: 'runs'; readonly runs: readonly CrewRun[] }
  /** @property failure where there is no saying now */
  | { readonly type: 'answer'; readonly id: number; readonly answers: readonly StoreAnswer[]; readonly failure: ThreadFailure | null }
  /** All is committed and left; or it broke off. */
  | { readonly type: 'ended'; readonly failure: ThreadFailure | null };
