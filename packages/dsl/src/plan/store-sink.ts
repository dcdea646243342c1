/** Sinks that are no topics: their rows go through a topic of their own, from which a deliverer applies them to a store. */
import type { Rollup } from './rollup.js';

/** What delivers its rows where. */
export type StoreTarget = TableTarget | ClickhouseTarget | ParquetTarget | WebhookTarget;

/** A table of the embedded OLAP store. */
export interface TableTarget {
  readonly kind: 'table';
  readonly table: string;
  readonly ttlMs: number | null;
  /** Tables of what its rows come to. */
  readonly rollups?: readonly Rollup[];
}

/** A table of ClickHouse. What is said of how to reach it is as written: what its variables hold is no part of a plan. */
export interface ClickhouseTarget {
  readonly kind: 'clickhouse';
  readonly table: string;
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly ttlMs: number | null;
}

/** The columns of each such table that are none of the sink's, beside `rta_time`. */
export const CLICKHOUSE_COLUMNS = { partition: 'rta_partition', offset: 'rta_offset', deleted: 'rta_deleted' } as const;

/** Files of rows by date, in a directory. They are written when any of these is reached. */
export interface ParquetTarget {
  readonly kind: 'parquet';
  /** Relative to where rta runs, or absolute. */
  readonly path: string;
  /** How long a row waits for others. */
  readonly everyMs: number;
  readonly rows: number;
  /** Of the records, as Avro. */
  readonly bytes: number;
}

/** Rows as arrays of JSON, by POST. The URL and the headers are as written: what their variables hold is no part of a plan. */
export interface WebhookTarget {
  readonly kind: 'webhook';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Rows of one request, at most. */
  readonly batch: number;
  /** How long a request may take, ms. */
  readonly timeoutMs: number;
}

export type StoreKind = StoreTarget['kind'];

/** The settings that name a store, in the order in which they are looked for. */
export const STORE_KINDS: readonly StoreKind[] = ['table', 'clickhouse', 'parquet', 'webhook'];

/** The topic that a sink's rows take to their store. */
export function storeTopic(pipeline: string, sink: string): string {
  return `${pipeline}-${sink}`;
}

/** The column of each table that has the event time of a row, which `ttl` goes by. */
export const STORE_TIME = 'rta_time';

/** What rows of a table have besides in Parquet files, where each change is a row: whether the key is gone, and what orders them. */
export const PARQUET_CHANGE_COLUMNS = ['rta_deleted', 'rta_partition', 'rta_offset'] as const;

/** The names that columns for a store cannot have: the store has these itself. */
export function storeColumns({ kind }: StoreTarget): readonly string[] {
  // Readers take `date` from the names of directories.
  return kind === 'parquet' ? [STORE_TIME, 'date', ...PARQUET_CHANGE_COLUMNS] : [STORE_TIME];
}

/** For people: `table users`, `ClickHouse table users`, `parquet ./lake`, `webhook https://example.com/orders`. */
export function showStore(target: StoreTarget): string {
  switch (target.kind) {
    case 'table':
      return `table ${target.table}`;
    case 'clickhouse':
      return `ClickHouse table ${target.table}`;
    case 'parquet':
      return `parquet ${target.path}`;
    case 'webhook':
      // What comes behind a `?` may be a secret, where it should not be.
      return `webhook ${target.url.split('?', 1)[0]}`;
  }
}
