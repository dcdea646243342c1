import { tpKey, type HeldState } from '../log/log.js';
import type { Stage } from '../plan/physical.js';
import type { StateStore } from '../state/store.js';
import { abortable } from './abortable.js';
import { transition, type TaskState } from './lifecycle.js';
import { toError } from './recovery.js';
import { restoreState, type OffsetsOf } from './restore-task.js';
import { storeFingerprint } from './store-fingerprint.js';
import type { TaskContext } from './task-context.js';

/** The store of one task of the pipeline, wherever the task runs. */
export function openStore(context: TaskContext, stage: Stage, partition: number): Promise<StateStore> {
  const id = storeId(context, stage, partition);
  return context.stores.open(id, storeFingerprint(id, stage));
}

/** How far the store goes that is here of a task; null: there is none. See `StateStores.kept`. */
export function keptStore(context: TaskContext, stage: Stage, partition: number): Promise<number | null> {
  const id = storeId(context, stage, partition);
  return context.stores.kept(id, storeFingerprint(id, stage));
}

function storeId({ applicationId }: TaskContext, stage: Stage, partition: number): string {
  return `${applicationId}/${String(stage.id)}_${String(partition)}`;
}

/** A copy of the state of a task that another worker runs: the store that a restore would leave, kept up with the changelog. */
export class StandbyCopy {
  readonly id: string;
  /** Changelog records that it lacked when it was last looked at; null: that was not yet. */
  lag: number | null = null;
  private state: TaskState = transition('created', 'standby');
  private store: StateStore | null = null;
  /** Aborted when it stands by no more. */
  private readonly ended = new AbortController();
  private round: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: TaskContext,
    private readonly stage: Stage & { readonly changelog: string },
    private readonly partition: number,
  ) {
    this.id = `${String(stage.id)}_${String(partition)}`;
  }

  /** How far its store goes, at each of the task's inputs. */
  held(): HeldState[] {
    const offset = this.store?.position() ?? 0;
    return this.stage.inputs.map(({ topic }) => ({ topic, partition: this.partition, offset }));
  }

  /**
   * Writes to the store what the changelog has beyond it. Rejects with what kept it from that: the store is closed then, and the next time
   * opened again.
   * @param generation of the pipeline's history
   */
  follow(offsetsOf: OffsetsOf, generation: number): Promise<void> {
    const round = this.catchUp(offsetsOf, generation);
    this.round = round.catch(() => undefined);
    return round;
  }

  private async catchUp(ask: OffsetsOf, generation: number): Promise<void> {
    const { context, stage, partition } = this;
    const stopped = this.ended.signal;
    const offsetsOf: OffsetsOf = (topic) => abortable(stopped, ask(topic));
    try {
      this.store ??= await openStore(context, stage, partition);
      const store = this.store;
      const end = (await offsetsOf(stage.changelog)).find((each) => each.partition === partition)?.high ?? 0;
      this.lag = Math.max(0, end - (store.position() ?? 0));
      const { log, onProgress } = context;
      await restoreState({ log, changelog: stage.changelog, partition, store, kernel: null, offsetsOf, stopped, generation, onProgress });
    } catch (error) {
      // That it was told to stop is no failure, and what it has by then is right.
      if (stopped.aborted) return;
      const store = this.store;
      this.store = null;
      await store?.close();
      throw new Error(`the copy of ${tpKey(stage.changelog, partition)}: ${toError(error).message}`, { cause: error });
    }
  }

  /** The store as far as it goes, for the task that runs here from now on; null: it has not been opened. */
  async handOver(): Promise<StateStore | null> {
    this.state = transition(this.state, 'restoring');
    this.ended.abort();
    await this.round;
    return this.store;
  }

  async close(): Promise<void> {
    if (this.state !== 'standby') return;
    this.state = transition(this.state, 'closed');
    this.ended.abort();
    await this.round;
    await this.store?.close();
  }
}
