/** The main thread's side of `rta run --workers N`: starts the threads, tells them when to end, and puts together what they say. */
import { MessageChannel, type Worker } from 'node:worker_threads';
import { serveLogPort, type StoreAnswer, type StoreQuery, type WorkerSnapshot } from '@rta/runtime';
import type { Backend } from '../../backend/backend.js';
import { Failure } from '../../failure.js';
import { mergeSnapshots } from '../merge-snapshots.js';
import type { PipelineRun, RunEnd } from '../pipeline-run.js';
import type { SourceChanges } from '../source-changes.js';
import { errorOf, failureOf, type FromThread, type PreparedPlan, type ThreadData, type ToThread } from './messages.js';
import { newThread } from './new-thread.js';
import { Questions } from './questions.js';
import { SchemaAnswers, type Question } from './schema-questions.js';

export interface WorkerThreadsOptions {
  readonly backend: Backend;
  readonly plans: readonly PreparedPlan[];
  /** By pipeline. */
  readonly changes: ReadonlyMap<string, SourceChanges>;
  /** How many; by each one's id. */
  readonly workerIds: readonly string[];
  readonly partitions?: number;
  readonly memoryLimit?: number;
  readonly address?: string;
  /** Where traces are sent. */
  readonly traces?: string;
  readonly onWarning: (pipeline: string, message: string) => void;
}

export class WorkerThreads {
  private readonly threads: readonly Thread[];
  private running = false;
  /** Pipelines that the threads have not left, with their number of tasks. */
  private readonly waiting = new Map<string, number>();

  private constructor(options: WorkerThreadsOptions) {
    const { backend, plans, workerIds, partitions, memoryLimit, address, traces } = options;
    const answers = new Map(plans.map(({ plan }) => [plan.pipeline, new SchemaAnswers(plan, options.changes.get(plan.pipeline)!)]));
    this.threads = workerIds.map((workerId, index) => {
      const data = {
        plans,
        backend: backend.settings,
        index,
        workerId,
        ...(partitions === undefined ? {} : { partitions }),
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
        ...(address === undefined ? {} : { address }),
        ...(traces === undefined ? {} : { traces }),
      };
      return new Thread(data, backend, {
        onWarning: options.onWarning,
        onFailed: () => {
          this.stop();
        },
        onSnapshots: () => {
          this.end();
        },
        answer: (question) => answers.get(question.pipeline)!.answer(question, failureOf),
      });
    });
    for (const { plan, taskCount } of plans) this.waiting.set(plan.pipeline, taskCount);
  }

  /** Resolves when every thread has opened every pipeline. Rejects with Failure when one cannot; all are ended then. */
  static async start(options: WorkerThreadsOptions): Promise<WorkerThreads> {
    const threads = new WorkerThreads(options);
    const opened = await Promise.allSettled(threads.threads.map((thread) => thread.ready));
    const failed = opened.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return threads;
    await Promise.all(threads.threads.map((thread) => thread.terminate()));
    throw failed.reason;
  }

  /** One pipeline over all threads. The first `run` starts all pipelines in all threads, which end together. */
  runOf(pipeline: string): PipelineRun {
    return {
      run: async (end) => {
        this.begin(end);
        const outcomes = await Promise.allSettled(this.threads.map((thread) => thread.ended(pipeline)));
        const failed = outcomes.find((outcome) => outcome.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
      },
      stop: () => {
        this.stop();
      },
      snapshot: () => mergeSnapshots(this.threads.map((thread) => thread.snapshot(pipeline))),
      query: async (query) => (await Promise.all(this.threads.map((thread) => thread.query(pipeline, query)))).flat(),
    };
  }

  private begin(end: RunEnd): void {
    if (this.running) return;
    this.running = true;
    for (const thread of this.threads) thread.tell({ type: 'run', end });
  }

  /** Lets the threads leave a pipeline that they have all reached the end of, once each task is seen in one of them. */
  private end(): void {
    for (const [pipeline, tasks] of this.waiting) {
      if (!this.threads.every((thread) => thread.hasReached(pipeline))) continue;
      if (this.threads.reduce((sum, thread) => sum + thread.snapshot(pipeline).tasks, 0) !== tasks) continue;
      this.waiting.delete(pipeline);
      for (const thread of this.threads) thread.leave(pipeline);
    }
  }

  private stop(): void {
    for (const thread of this.threads) thread.tell({ type: 'stop' });
  }
}

class Thread {
  readonly ready: Promise<void>;
  private readonly worker: Worker;
  private readonly snapshots = new Map<string, WorkerSnapshot>();
  private readonly reached = new Set<string>();
  private readonly left = new Set<string>();
  private readonly ends = new Map<string, PromiseWithResolvers>();
  private readonly opening = withResolvers();
  private readonly questions = new Questions();

  constructor(
    data: Omit<ThreadData, 'logPort'>,
    backend: Backend,
    private readonly hooks: {
      readonly onWarning: (pipeline: string, message: string) => void;
      readonly onFailed: () => void;
      readonly onSnapshots: () => void;
      readonly answer: (question: Question) => Promise<ToThread>;
    },
  ) {
    this.ready = this.opening.promise;
    for (const { plan } of data.plans) this.ends.set(plan.pipeline, withResolvers());
    const channel = backend.log.kind === 'embedded' ? new MessageChannel() : null;
    if (channel !== null) serveLogPort(backend.log, channel.port1);
    const logPort = channel?.port2 ?? null;
    this.worker = newThread(new URL('./thread', import.meta.url), {
      workerData: { ...data, logPort } satisfies ThreadData,
      transferList: logPort === null ? [] : [logPort],
      name: `rta worker ${data.index}`,
    });
    this.worker.on('message', (message: FromThread) => {
      if (message.type === 'judge')
        void hooks.answer(message).then((answer) => {
          this.tell(answer);
        });
      else if (message.type !== 'warning') this.received(message);
      else hooks.onWarning(message.pipeline ?? data.plans[0].plan.pipeline, message.message);
    });
    this.worker.on('error', (error) => {
      this.fail(new Failure('worker_failed', `worker ${data.index} broke off: ${error.stack ?? error.message}`));
    });
    this.worker.on('exit', () => {
      this.fail(new Failure('worker_failed', `worker ${data.index} ended by itself`));
      channel?.port1.close();
    });
  }

  tell(message: ToThread): void {
    this.worker.postMessage(message);
  }

  /** Resolves when the thread has left the pipeline's group. Rejects with Failure. */
  ended(pipeline: string): Promise<void> {
    return this.ends.get(pipeline)!.promise;
  }

  /** Rejects with Failure. */
  query(pipeline: string, query: StoreQuery): Promise<readonly StoreAnswer[]> {
    return this.questions.ask((id) => this.tell({ type: 'query', id, pipeline, query }));
  }

  /** The last one that it has sent. */
  snapshot(pipeline: string): WorkerSnapshot {
    return this.snapshots.get(pipeline)!;
  }

  hasReached(pipeline: string): boolean {
    return this.reached.has(pipeline);
  }

  /** What it has told so far is the last of it: others may get its tasks when it leaves. */
  leave(pipeline: string): void {
    this.left.add(pipeline);
    this.tell({ type: 'leave', pipeline });
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }

  private received(message: Exclude<FromThread, { readonly type: 'warning' | 'judge' }>): void {
    switch (message.type) {
      case 'ready':
        this.opening.resolve();
        break;
      case 'failed':
        this.fail(errorOf(message.failure));
        break;
      case 'snapshots':
        for (const snapshot of message.snapshots) this.keep(snapshot);
        this.hooks.onSnapshots();
        break;
      case 'answer':
        this.questions.answered(message.id, message.answers, message.failure === null ? null : errorOf(message.failure));
        break;
      case 'reached':
        this.reached.add(message.pipeline);
        break;
      case 'ended': {
        const { pipeline, snapshot, failure } = message;
        this.keep(snapshot);
        if (failure === null) this.ends.get(pipeline)!.resolve();
        else {
          this.ends.get(pipeline)!.reject(errorOf(failure));
          this.hooks.onFailed();
        }
        break;
      }
    }
  }

  private keep(snapshot: WorkerSnapshot): void {
    if (!this.left.has(snapshot.pipeline)) this.snapshots.set(snapshot.pipeline, snapshot);
  }

  /** What has not ended has failed. */
  private fail(error: Error): void {
    this.opening.reject(error);
    this.questions.end(error);
    for (const end of this.ends.values()) end.reject(error);
    this.hooks.onFailed();
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

/** Whose rejection may come before somebody waits for it. */
function withResolvers(): PromiseWithResolvers {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
