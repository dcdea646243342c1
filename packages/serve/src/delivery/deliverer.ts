/** Takes the rows of a sink from its topic to its store. */
import { setTimeout as sleep } from 'node:timers/promises';
import { applicationIdOf, type Log } from '@rta/runtime';
import type { SchemaRegistry } from '@rta/registry';
import type { SinkNode } from '@rta/dsl';
import { pauseOf, type Pauses } from '../backoff.js';
import { type DrainLimit, GroupReader } from '../group-reader.js';
import { type Behind, BehindEnd } from './behind-end.js';
import { DeliveryFigures, type DeliveryStatus } from './delivery-figures.js';
import { SinkRowReader } from './sink-row-reader.js';
import { type SinkBatch, type SinkRow, type SinkStore, StoreError } from './sink-store.js';

export interface DelivererOptions {
  readonly log: Log;
  readonly registry: Pick<SchemaRegistry, 'byId'>;
  readonly pipeline: string;
  /** Its topic is there. */
  readonly sink: SinkNode;
  readonly store: SinkStore;
  /** Of this process, the same after a restart. */
  readonly workerId: string;
  /** Each process has all rows in a store of its own, rather than all of them together in one. */
  readonly isOwn: boolean;
  /** Told the first time that a store says no, and when it takes rows again. */
  readonly onWarning: (message: string) => void;
  /** Where it is written down how it goes; default: figures of its own. */
  readonly figures?: DeliveryFigures;
  /** Of those that differ from the default. */
  readonly settings?: Partial<DelivererSettings>;
}

/** Its pauses are those after a store said no. */
export interface DelivererSettings extends Pauses {
  /** Rows of a batch, at most. */
  readonly mostRows: number;
  /** How long a row waits for others, ms. */
  readonly lingerMs: number;
}

const DELIVERER_DEFAULTS: DelivererSettings = { mostRows: 10_000, lingerMs: 200, pauseMs: 200, maxPauseMs: 30_000 };

/** A store that is away holds back its own sink only: rows wait in the topic for as long as it takes. */
export class Deliverer {
  private readonly reader: GroupReader<SinkRow>;
  private readonly settings: DelivererSettings;
  private readonly figures: DeliveryFigures;
  private readonly end = new BehindEnd();
  /** It could not begin, which was said. */
  private isAway = false;
  private isDraining = false;

  constructor(private readonly options: DelivererOptions) {
    const { log, registry, sink, store, pipeline, workerId, isOwn } = options;
    const settings = { ...DELIVERER_DEFAULTS, ...options.settings };
    this.settings = settings;
    this.figures = options.figures ?? new DeliveryFigures();
    const shared = `${applicationIdOf(pipeline)}.sink.${sink.name}`;
    const group = isOwn ? `${shared}.${workerId}` : shared;
    const rows = new SinkRowReader(sink, registry);
    this.reader = new GroupReader<SinkRow>({
      log,
      topic: sink.topic,
      group,
      transactionalId: isOwn ? group : `${group}.${workerId}`,
      mostRecords: settings.mostRows,
      lingerMs: settings.lingerMs,
      begin: (committed) => this.begin(committed),
      read: (record, partition) => rows.read(record, partition),
      take: (batch, signal) => this.write(batch, signal),
      ...(store.letters === undefined ? {} : { outputs: () => store.letters!() }),
      ...(store.maintain === undefined ? {} : { maintain: () => store.maintain!() }),
      ...(store.maintainMs === undefined ? {} : { maintainMs: store.maintainMs }),
    });
  }

  /** Resolves after `stop`, or when `drain` is done; rejects with what the store or the log refuses for good. */
  async run(): Promise<void> {
    this.figures.is('joining');
    try {
      await this.reader.run();
      if (this.isDraining) await this.options.store.finish?.();
      this.figures.is('stopped');
    } catch (error) {
      this.figures.is('failed');
      throw error;
    }
  }

  get status(): DeliveryStatus {
    return this.figures;
  }

  /** How far the store is behind the topic; null: that is not known yet. Rejects as the log does. */
  async behind(): Promise<Behind | null> {
    const { log, sink } = this.options;
    const ends = new Map((await log.offsets(sink.topic)).map(({ partition, stable }) => [partition, stable]));
    const taken = this.reader.positions();
    return taken.size === 0 ? null : this.end.look(ends, taken, Date.now());
  }

  /** Delivers what the topic holds now, in so long at most; then `run` resolves. */
  drain(limit: DrainLimit): Promise<void> {
    this.isDraining = true;
    return this.reader.drain(limit);
  }

  /** See `GroupReader`. */
  get drained(): boolean {
    return this.reader.drained;
  }

  stop(): void {
    this.reader.stop();
  }

  private async begin(committed: ReadonlyMap<number, number | null>): Promise<ReadonlyMap<number, number>> {
    const { store, onWarning } = this.options;
    try {
      const next = await store.begin(committed);
      if (this.isAway) onWarning('the store is there');
      if (this.isAway || this.figures.state === 'joining') this.figures.answers();
      this.isAway = false;
      return next;
    } catch (error) {
      // The reader comes back to it.
      if (error instanceof StoreError && error.retriable) {
        this.figures.refused();
        if (!this.isAway) onWarning(`${error.message}; rows wait in ${this.options.sink.topic}, and it is tried again`);
        this.isAway = true;
      }
      throw error;
    }
  }

  private async write(batch: SinkBatch, signal: AbortSignal): Promise<void> {
    const { store, onWarning } = this.options;
    for (let tries = 0; ; tries++) {
      try {
        await store.write(batch, signal);
        this.figures.took(batch.items.length);
        if (tries > 0) onWarning('the store takes rows again');
        return;
      } catch (error) {
        if (signal.aborted) throw new StoreError('interrupted', true, { cause: error });
        if (!(error instanceof StoreError) || !error.retriable) throw error;
        this.figures.refused();
        if (tries === 0) onWarning(`${error.message}; rows wait in ${this.options.sink.topic}, and it is tried again`);
        await sleep(error.afterMs ?? pauseOf(tries, this.settings), undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
