/** One pipeline at work in this process, whether by a worker here or by several threads. */
import type { StoreAnswer, StoreQuery, Worker, WorkerSnapshot } from '@rta/runtime';

/** When a run ends by itself. A signal and a failure end each of them. */
export type RunEnd =
  | { readonly when: 'stopped' }
  | { readonly when: 'elapsed'; readonly ms: number }
  /** Everything that the inputs held at the start is processed; `close`: windows that are open then are closed. */
  | { readonly when: 'drained'; readonly close: boolean };

export interface PipelineRun {
  /** Resolves when all is committed and the group left; rejects with what a worker failed with. */
  run(end: RunEnd): Promise<void>;
  /** Asks `run` to end: commits what was processed. */
  stop(): void;
  snapshot(): WorkerSnapshot;
  /** Rows of a store, by the tasks that are here; rejects where that cannot be said now. */
  query(query: StoreQuery): Promise<readonly StoreAnswer[]>;
}

export class LocalRun implements PipelineRun {
  constructor(private readonly worker: Worker) {}

  async run(end: RunEnd): Promise<void> {
    if (end.when !== 'drained') {
      await this.worker.run();
      return;
    }
    await this.worker.drain(end.close ? 'close' : undefined);
    await this.worker.finish();
  }

  stop(): void {
    this.worker.stop();
  }

  snapshot(): WorkerSnapshot {
    return this.worker.snapshot();
  }

  query(query: StoreQuery): Promise<readonly StoreAnswer[]> {
    return this.worker.query(query);
  }
}
