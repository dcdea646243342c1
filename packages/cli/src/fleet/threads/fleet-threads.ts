/** The main thread's side of `rta worker --workers N`: starts the threads, tells them when to end, and puts together what they say. */
import { MessageChannel, type Worker } from 'node:worker_threads';
import { serveLogPort, type StoreAnswer, type StoreQuery } from '@rta/runtime';
import type { Backend } from '../../backend/backend.js';
import { Failure } from '../../failure.js';
import { mergeSnapshots } from '../../run/merge-snapshots.js';
import { errorOf } from '../../run/threads/messages.js';
import { newThread } from '../../run/threads/new-thread.js';
import { Questions } from '../../run/threads/questions.js';
import type { Crew, CrewHooks, CrewRun } from '../crew.js';
import type { FleetThreadData, FromFleetThread, ToFleetThread } from './messages.js';

/** ms between looks. */
const LOOK_MS = 500;

export class FleetThreads implements Crew {
  private threads: readonly FleetThread[] = [];

  /** @param workerIds of as many threads */
  constructor(
    private readonly backend: Backend,
    private readonly shared: Omit<FleetThreadData, 'backend' | 'index' | 'workerId' | 'logPort'>,
    private readonly workerIds: readonly string[],
    private readonly hooks: CrewHooks,
  ) {}

  async run(signal: AbortSignal, looked: () => void): Promise<void> {
    const { backend, shared, hooks } = this;
    this.threads = this.workerIds.map(
      (workerId, index) => new FleetThread({ ...shared, backend: backend.settings, index, workerId }, backend, hooks),
    );
    const stop = (): void => {
      for (const thread of this.threads) thread.tell({ type: 'stop' });
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    let timer: NodeJS.Timeout | undefined;
    const broken = new Promise<never>((_, reject) => {
      timer = setInterval(() => {
        try {
          looked();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }, LOOK_MS);
    });
    // It may come when nobody waits for it any more.
    broken.catch(() => undefined);
    const ended = Promise.all(
      this.threads.map((thread) =>
        thread.ended.catch((error: unknown) => {
          stop();
          throw error;
        }),
      ),
    );
    try {
      await Promise.race([ended, broken]);
      await Promise.allSettled(this.threads.map((thread) => thread.ended));
    } finally {
      clearInterval(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  runs(): readonly CrewRun[] {
    const byKey = new Map<string, CrewRun[]>();
    for (const run of this.threads.flatMap((thread) => thread.runs)) byKey.set(run.key, [...(byKey.get(run.key) ?? []), run]);
    return [...byKey.values()].map((runs) => {
      const begun = runs.flatMap(({ snapshot }) => (snapshot === null ? [] : [snapshot]));
      return { ...runs[0], snapshot: begun.length === 0 ? null : mergeSnapshots(begun) };
    });
  }

  async query(key: string, query: StoreQuery): Promise<readonly StoreAnswer[]> {
    const having = this.threads.filter((thread) => thread.runs.some((run) => run.key === key && run.snapshot !== null));
    return (await Promise.all(having.map((thread) => thread.query(key, query)))).flat();
  }
}

class FleetThread {
  /** Resolves when it has committed and left everything. Rejects with Failure. */
  readonly ended: Promise<void>;
  runs: readonly CrewRun[] = [];
  private readonly worker: Worker;
  private readonly questions = new Questions();

  constructor(data: Omit<FleetThreadData, 'logPort'>, backend: Backend, hooks: CrewHooks) {
    const channel = backend.log.kind === 'embedded' ? new MessageChannel() : null;
    if (channel !== null) serveLogPort(backend.log, channel.port1);
    const logPort = channel?.port2 ?? null;
    const worker = newThread(new URL('./thread', import.meta.url), {
      workerData: { ...data, logPort } satisfies FleetThreadData,
      transferList: logPort === null ? [] : [logPort],
      name: `rta worker ${data.index}`,
    });
    this.worker = worker;
    this.ended = new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        this.runs = [];
        this.questions.end(error);
        reject(error);
      };
      worker.on('message', (message: FromFleetThread) => {
        if (message.type === 'told') (hooks[message.hook] as (...args: readonly unknown[]) => void)(...message.with);
        else if (message.type === 'runs') this.runs = message.runs;
        else if (message.type === 'answer')
          this.questions.answered(message.id, message.answers, message.failure === null ? null : errorOf(message.failure));
        else if (message.failure === null) resolve();
        else fail(errorOf(message.failure));
      });
      worker.on('error', (error) => {
        fail(new Failure('worker_failed', `worker ${data.index} broke off: ${error.stack ?? error.message}`));
      });
      worker.on('exit', () => {
        fail(new Failure('worker_failed', `worker ${data.index} ended by itself`));
        channel?.port1.close();
      });
    });
    this.ended.catch(() => undefined);
  }

  tell(message: ToFleetThread): void {
    this.worker.postMessage(message);
  }

  /** Rejects with Failure. */
  query(key: string, query: StoreQuery): Promise<readonly StoreAnswer[]> {
    return this.questions.ask((id) => this.tell({ type: 'query', id, key, query }));
  }
}
