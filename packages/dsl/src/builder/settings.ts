/** The settings of pipelines as TypeScript has them: what LANGUAGE calls SOURCE, SINK, WINDOW and so on. The compiler checks the rest. */
import type { BoardTotal } from '../plan/board.js';
import type { KeyFormat, ValueFormat } from '../plan/formats.js';
import type { SchemaChangePolicy } from '../plan/schema-change.js';

type Part = `${number}${'d' | 'h' | 'm' | 's' | 'ms'}`;
/** `${NAME}` or `${NAME:-default}`: an environment variable, read when the pipeline is compiled. */
type Variable = `${string}\${${string}}${string}`;
/** `5m`, `1h30m`, `500ms`, `7d`. */
export type Duration = Part | `${Part}${Part}` | Variable;

/** An expression of the language: `score > 0`; numbers and booleans stand for themselves. */
export type Expression = string | number | boolean;
/** An aggregate expression: `sum(score)`, `count() where event_type == "requested"`. */
export type Aggregate = string;
/** New columns by name. */
export type NewColumns = Readonly<Record<string, Expression>>;

/** A column, a path into a record (which becomes a column named by its last part), metadata such as `$time`, or a new column. */
export type Column<C extends string> = C | `${C}.${string}` | `$${string}` | NewColumns;
/** COLS: one column or a list. */
export type Columns<C extends string> = Column<C> | readonly Column<C>[];

/** The names that columns have afterwards: `a.b` becomes `b`. */
export type NamesOf<S> = S extends readonly (infer E)[]
  ? NamesOf<E>
  : S extends `${string}.${infer Last}`
    ? NamesOf<Last>
    : S extends string
      ? S
      : keyof S & string;

/** ORDER: `total desc`, `length(name)`, `rank nulls first`, or a list of these, the most significant first. */
export type Order = string | readonly string[];

/** What happens to late records. */
export type LatePolicy = 'drop' | { readonly topic: string };
/** What happens to records that cannot be read. */
export type ErrorPolicy = 'fail' | 'skip' | { readonly topic: string };

interface WindowOptions {
  /** How long past the watermark a window stays open. */
  readonly grace?: Duration;
  readonly late?: LatePolicy;
  /** The time zone whose days windows go by: `Europe/Prague`. */
  readonly zone?: string;
}

/** The windows that rows are grouped into, by event time. */
export type Window = WindowOptions &
  (
    | { readonly tumbling: Duration }
    | { readonly hopping: Duration; readonly every: Duration }
    | { readonly sliding: Duration }
    | { readonly session: Duration }
    | { readonly cumulate: Duration; readonly every: Duration }
  );

/** When results are written: at each commit, once when a window has closed, or on a timer. */
export type Emit = 'updates' | 'final' | { readonly every: Duration };

/** What every step can have. */
export interface StepOptions {
  /** A name for the step in metrics, state stores and `rta explain`. */
  readonly name?: string;
  /** A remark for people. */
  readonly note?: string;
}

export interface TopK<C extends string> {
  readonly k: number;
  readonly by: Order;
  /** The name of the rank column. */
  readonly rank?: string;
  /** Keeps every row that ties with the last. */
  readonly ties?: 'all';
  /** One row per group, with an array of rows of this name. */
  readonly list?: string;
  readonly take?: Columns<C>;
}

export interface Dedupe {
  /** Which row of a group is kept; default first. */
  readonly keep?: 'first' | 'last';
  readonly within?: Duration;
}

/** A join; `S` is what can be read by it. */
export interface Join<S> {
  readonly with: S;
  /** What the right side is called in `on`. */
  readonly as?: string;
  /** Columns of both sides, or `left == other.right`. */
  readonly on: string | readonly string[];
  readonly type?: 'inner' | 'left' | 'outer';
  readonly take?: Columns<string>;
  readonly within?: Duration | { readonly before?: Duration; readonly after?: Duration };
  readonly grace?: Duration;
  readonly version?: 'asOf' | 'latest';
  /** Both topics have their rows by the join key, in equally many partitions: they are joined where they are. */
  readonly copartitioned?: boolean;
}

export interface Use {
  /** A typed function: `./functions.ts#score`. */
  readonly function: string;
  /** New columns and their types. */
  readonly adds: Readonly<Record<string, string>>;
}

type Format = ValueFormat | { readonly key?: KeyFormat; readonly value?: ValueFormat };

export interface Source {
  readonly topic: string;
  readonly kind?: 'stream' | 'table';
  /** The column that equals the record key; `{ name: type }` adds it. */
  readonly key?: string | readonly string[] | Readonly<Record<string, string>>;
  /** `user_score` is `schemas/user_score.avsc`. */
  readonly schema?: string;
  readonly format?: Format;
  /** Where the event time comes from. */
  readonly time?: Expression;
  readonly lateness?: Duration;
  readonly idle?: Duration;
  readonly start?: 'earliest' | 'latest';
  readonly maxAhead?: Duration;
  readonly maxDrift?: Duration;
  readonly onIncompatibleSchemaChange?: SchemaChangePolicy;
}

/** A table of ClickHouse, and how to reach it; `${NAME}` is an environment variable. */
export interface Clickhouse {
  readonly table: string;
  /** Of its HTTP interface. Default `${CLICKHOUSE_URL:-http://localhost:8123}`. */
  readonly url?: string;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
}

/** Files of rows by date of event time, in a directory. */
export interface Parquet {
  readonly path: string;
  /** How long a row waits for others. Default 5m. */
  readonly every?: Duration;
  /** So many are written without waiting. Default 1,000,000. */
  readonly rows?: number;
  /** `128MB`: so much is, before compression; the default. */
  readonly size?: string;
}

/** Where rows are posted to; `${NAME}` is an environment variable. */
export interface Webhook {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Rows of one request, at most. Default 100. */
  readonly batch?: number;
  readonly timeout?: Duration;
}

/** What the rows of a table come to, span by span of event time. */
export interface Rollup {
  readonly every: Duration;
  readonly groupBy?: Columns<string>;
  readonly aggregate: ByName<Aggregate>;
  readonly ttl?: Duration;
}

/** Where a stream goes; `S` is what can be read by it. */
export interface Sink<S> {
  readonly from?: S;
  readonly topic?: string;
  readonly table?: string;
  readonly clickhouse?: string | Clickhouse;
  readonly parquet?: string | Parquet;
  readonly webhook?: string | Webhook;
  readonly key?: string | readonly string[];
  readonly format?: Format;
  readonly partitionBy?: string;
  readonly ttl?: Duration;
  /** Of a `table`: tables of what its rows come to, by name. */
  readonly rollups?: ByName<Rollup>;
}

export interface TopicSettings {
  readonly partitions?: number;
  readonly replication?: number;
  readonly retention?: Duration;
  readonly compression?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly cleanup?: 'compact' | 'delete' | readonly ('compact' | 'delete')[];
}

export interface Board<S> {
  readonly from?: S;
  readonly show?: 'ranking' | 'line' | 'funnel' | 'table' | 'number';
  readonly label?: string;
  readonly value?: string;
  readonly by?: string;
  readonly time?: string;
  readonly total?: BoardTotal;
}

export interface Alert<S> {
  readonly from?: S;
  readonly when: Expression;
  readonly for?: Duration;
  readonly keepFiringFor?: Duration;
  readonly noData?: Duration;
  readonly notify: string | readonly string[];
}

/**
 * Rows in order, as maps of columns (`$time` for the event time), or the path of a file of them. A double counts to the digits written, so
 * write it as a text where its last are zeros.
 */
type Rows = readonly Readonly<Record<string, unknown>>[] | string;
type ByName<T> = Readonly<Record<string, T>>;

interface Assertions {
  /** The end state by topic: exactly these rows in any order. */
  readonly expect?: ByName<Rows>;
  /** Every emission by topic, in order. */
  readonly history?: ByName<Rows>;
  /** What steps keep, by their names: rows, or how many. */
  readonly state?: ByName<Rows | number>;
  /** The late records, or how many. */
  readonly late?: Rows | number;
  /** The records that failed, or how many. */
  readonly errors?: Rows | number;
}

interface TestStep extends Assertions {
  /** Records by topic. */
  readonly send?: ByName<Rows>;
  /** A time sets all watermarks; a duration lets so much of the wall clock pass. */
  readonly advance?: string;
}

interface TestRecords {
  /** Records by topic. */
  readonly given?: ByName<Rows>;
  /** Sets all watermarks to this time after the records. */
  readonly until?: string;
}

/** Records and what comes of them; or steps that send, advance and expect in turn. */
export type Test = Assertions & (TestRecords | { readonly steps: readonly TestStep[] });
