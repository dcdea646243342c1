/** One pipeline at work in this process, whether by a worker here or by several threads. */
import type { Plan } from '@rta/dsl';
import { openPipeline, SchemaChangedError, type JudgeWriterSchema, type PhysicalPlan, type PipelineOptions, type RunnablePlan, type StoreAnswer, type StoreQuery, type Worker, type WorkerSnapshot } from '@rta/runtime'; // prettier-ignore

/** When a run ends by itself. A signal and a failure end each of them. */
export type RunEnd =
  | { readonly when: 'stopped' }
  | { readonly when: 'elapsed'; readonly ms: number }
  /** Everything that the inputs held at the start is processed; `close`: windows that are open then are closed. */
  | { readonly when: 'drained'; readonly close: boolean }
  /** No more is read of the sources, and what is on its way between the stages is processed: another version takes over. */
  | { readonly when: 'handed_over' };

export interface PipelineRun {
  /** Resolves when all is committed and the group left; rejects with what a worker failed with. */
  run(end: RunEnd): Promise<void>;
  /** Asks `run` to end: commits what was processed. */
  stop(): void;
  snapshot(): WorkerSnapshot;
  /** Rows of a store, by the tasks that are here; rejects where that cannot be said now. */
  query(query: StoreQuery): Promise<readonly StoreAnswer[]>;
}

/**
 * Opens a worker, and another one in its place whenever the pipeline goes on with other schemas of its sources.
 *
 * Rejects as `openPipeline`.
 */
export async function openRun(
  options: PipelineOptions & { readonly onWarning: (message: string) => void },
  judge: (plan: Plan) => JudgeWriterSchema,
): Promise<OpenedRun> {
  const open = ({ plan, sinkSchemaIds }: RunnablePlan, earlier?: WorkerSnapshot): ReturnType<typeof openPipeline> =>
    openPipeline({ ...options, plan, sinkSchemaIds, judgeWriterSchema: judge(plan), ...(earlier === undefined ? {} : { earlier }) });
  const { worker, physical, taskCount } = await open(options);
  const follow = async (change: SchemaChangedError, next: RunnablePlan, earlier: WorkerSnapshot): Promise<Worker> => {
    const followed = await open(next, earlier);
    options.onWarning(`${change.message}: it goes on with the newest version`);
    return followed.worker;
  };
  return { run: new LocalRun(worker, follow), physical, taskCount };
}

/** Of a worker in this thread. */
export interface LocalPipelineRun extends PipelineRun {
  /** Drops everything without a last commit, and leaves the group: after a failure. */
  abandon(): Promise<void>;
}

export interface OpenedRun {
  readonly run: LocalPipelineRun;
  /** As it was opened; what it goes on with has the same layout. */
  readonly physical: PhysicalPlan;
  /** Of all workers together. */
  readonly taskCount: number;
}

class LocalRun implements LocalPipelineRun {
  private stopped = false;

  constructor(
    private worker: Worker,
    private readonly follow: (change: SchemaChangedError, next: RunnablePlan, earlier: WorkerSnapshot) => Promise<Worker>,
  ) {}

  async run(end: RunEnd): Promise<void> {
    for (;;) {
      try {
        await this.once(end);
        return;
      } catch (error) {
        // There are as many of these as new versions of schemas.
        if (!(error instanceof SchemaChangedError) || error.change.next === null) throw error;
        this.worker = await this.follow(error, error.change.next, this.worker.snapshot());
        if (this.stopped) this.worker.stop();
      }
    }
  }

  private async once(end: RunEnd): Promise<void> {
    switch (end.when) {
      case 'drained':
        await this.worker.drain(end.close ? 'close' : undefined);
        break;
      case 'handed_over':
        await this.worker.drainStages();
        break;
      default:
        await this.worker.run();
        return;
    }
    await this.worker.finish();
  }

  stop(): void {
    this.stopped = true;
    this.worker.stop();
  }

  abandon(): Promise<void> {
    return this.worker.abandon();
  }

  snapshot(): WorkerSnapshot {
    return this.worker.snapshot();
  }

  query(query: StoreQuery): Promise<readonly StoreAnswer[]> {
    return this.worker.query(query);
  }
}
