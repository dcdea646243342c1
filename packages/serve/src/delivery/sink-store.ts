/** The port of stores that sinks' rows go to. */
import type { Row } from '@rta/dsl';
import type { OutputBatch } from '@rta/runtime';
import type { GroupBatch } from '../group-reader.js';

/** A record of a sink's topic. */
export interface SinkRow {
  readonly partition: number;
  readonly offset: number;
  /** Event time, ms. */
  readonly time: number;
  /** Bytes of the record's value. */
  readonly bytes: number;
  /** Of tables: the key's bytes as text, to tell rows apart by. */
  readonly id: string | null;
  /** The key columns; null where the sink has none. */
  readonly key: Row | null;
  /** All columns; null: the row of this key is gone. */
  readonly row: Row | null;
}

export type SinkBatch = GroupBatch<SinkRow>;

export interface SinkStore {
  /**
   * Before the first rows of these partitions.
   *
   * @param committed where the group goes on; null: it never was there
   * @returns where the store knows that it goes on, because it keeps that with the rows
   */
  begin(committed: ReadonlyMap<number, number | null>): Promise<ReadonlyMap<number, number>>;
  /** Rejects with StoreError; the same batch may then come again, and a batch that was written may, too. */
  write(batch: SinkBatch, signal: AbortSignal): Promise<void>;
  /** Dead letters of what was written since the last time: they are committed with the position in the topic. */
  letters?(): readonly OutputBatch[];
  /** Called between batches, about once a minute or each `maintainMs`: what has expired goes. */
  maintain?(): Promise<void>;
  readonly maintainMs?: number;
  /** The run has ended by itself and all has come: what waits for more need not wait. */
  finish?(): Promise<void>;
}

/** What a store says no with. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  constructor(
    message: string,
    /** Whether the same may be taken later. */
    readonly retriable: boolean,
    options: { readonly cause?: unknown; /** It asks to be left alone for so long, ms. */ readonly afterMs?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.afterMs = options.afterMs ?? null;
  }
  readonly afterMs: number | null;
}
