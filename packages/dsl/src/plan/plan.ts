import type { Span } from '../diagnostics/diagnostic.js';
import type { TypedExpr } from '../expression/typed.js';
import type { KeyFormat, ValueFormat } from './formats.js';
import type { Type } from '../types/type.js';
import type { PipelineTest } from './pipeline-test.js';
import type { Alert, AlertTransform, MetricsAlert } from './alert.js';
import type { Board } from './board.js';
import type { SchemaChangePolicy } from './schema-change.js';
import type { StoreTarget } from './store-sink.js';
import type { LatePolicy, WindowSpec } from './window-spec.js';

export * from './alert.js';
export * from './board.js';
export * from './window-spec.js';
export type { SchemaChangePolicy };

/** JSON of an Avro schema, as `.avsc` files and registries hold it. */
export type AvroSchema = string | AvroSchema[] | { readonly [key: string]: unknown };

export interface Column {
  readonly name: string;
  readonly type: Type;
}

/** What flows along an edge. A table's rows are upserts by `key`, with a tombstone when a row leaves. */
export interface Relation {
  readonly kind: 'stream' | 'table';
  readonly columns: readonly Column[];
  /** The columns that identify a row of a table, or by which a stream is partitioned; null where a stream has none. */
  readonly key: readonly string[] | null;
  /** True when `window_start` and `window_end` are the window that the row belongs to. */
  readonly windowed: boolean;
}

/** A logical plan: the checked pipeline, sources to sinks. Immutable; nodes are in topological order. */
export interface Plan {
  readonly pipeline: string;
  /** What it runs as, where that is not `rta.<pipeline>`: a deployed version that was rebuilt. No compiled text says it. */
  readonly applicationId?: string;
  readonly path: string;
  readonly sources: readonly SourceNode[];
  readonly steps: readonly StepNode[];
  readonly sinks: readonly SinkNode[];
  readonly late: LatePolicy;
  readonly errors: ErrorPolicy;
  /** Copies of each task's state that other workers keep. Default 0. */
  readonly standby?: number;
  readonly topics: readonly TopicDeclaration[];
  readonly tests: readonly PipelineTest[];
  /** Conditions that open incidents; the sink `alerts` has these. */
  readonly alerts?: readonly Alert[];
  /** Those of them that judge what is measured. */
  readonly metricsAlerts?: MetricsAlerts;
  /** What the console shows of it. */
  readonly boards?: readonly Board[];
}

/** Alerts on what is measured, and the topic of the pipeline's incidents, which they write to. */
export interface MetricsAlerts {
  readonly alerts: readonly MetricsAlert[];
  readonly topic: string;
  readonly keySchema: AvroSchema;
  readonly valueSchema: AvroSchema;
}

export type ErrorPolicy = { readonly policy: 'fail' } | { readonly policy: 'skip' } | { readonly policy: 'topic'; readonly topic: string };

export interface SourceNode {
  readonly id: string;
  /** The name that the pipeline uses: `user_score`. */
  readonly name: string;
  readonly topic: string;
  readonly format: ValueFormat;
  /** Reader schema (Avro record), also of sources that are no Avro, which it types. Of texts: a record of one string. */
  readonly schema: AvroSchema;
  readonly keyFormat: KeyFormat;
  /** The columns that the record key equals; checked per record, lets groupBy on them skip the repartition. */
  readonly key: readonly string[] | null;
  /** Those of them that come from the record key, and not from the value: all or none. */
  readonly keyAdds: readonly Column[];
  /** Where the event time comes from: a timestamp or long (ms) column (path), the record's own timestamp, or the clock. */
  readonly time: { readonly from: 'column'; readonly expr: TypedExpr } | { readonly from: 'record' } | { readonly from: 'clock' };
  /** Milliseconds that events may be out of order. */
  readonly latenessMs: number;
  /** After so many milliseconds without a record a partition stops holding the watermark; null: never. */
  readonly idleMs: number | null;
  /** Records whose event time is further ahead of the broker's append time, or else of the partition's greatest so far, are bad; ms, null: none. */
  readonly maxAheadMs: number | null;
  /** Partitions whose watermark is further ahead of the slowest source partition's wait; ms, null: none does (SEMANTICS rule 8). */
  readonly maxDriftMs: number | null;
  readonly start: 'earliest' | 'latest';
  /** Default stop. Of Avro only: other records bring no schema. */
  readonly onIncompatibleSchemaChange?: SchemaChangePolicy;
  readonly output: Relation;
  readonly span: Span;
}

/** One item of `steps`. What it does is said by `transforms`, applied in order; `verb` and `span` are for people. */
export interface StepNode {
  readonly id: string;
  readonly verb: string;
  readonly name: string | null;
  /** The id of a source or step. */
  readonly input: string;
  /** Ids of further inputs: the other streams of a union, the right side of a join. */
  readonly others?: readonly string[];
  readonly transforms: readonly Transform[];
  readonly output: Relation;
  readonly span: Span;
}

export interface SinkNode {
  readonly id: string;
  /** The name under `sinks`, or `sink`. */
  readonly name: string;
  readonly input: string;
  readonly topic: string;
  readonly format: ValueFormat;
  /** Of `key`; none where that is null. */
  readonly keyFormat: KeyFormat;
  /** Key columns: a table's key, or what `key:` says of a stream; null writes null keys. */
  readonly key: readonly string[] | null;
  /** Derived from the result type; null for keys or values that are no Avro. Registered under `<topic>-key` and `<topic>-value`. */
  readonly keySchema: AvroSchema | null;
  readonly valueSchema: AvroSchema | null;
  /** A table's topic is compacted. */
  readonly compacted: boolean;
  /** Where the rows go on to from the topic, which is the sink's own; not there: it is the topic that was asked for. */
  readonly store?: StoreTarget;
  readonly columns: readonly Column[];
  readonly span: Span;
}

export interface TopicDeclaration {
  readonly name: string;
  readonly partitions: number | null;
  readonly replication: number | null;
  readonly retentionMs: number | null;
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | null;
  readonly cleanup: readonly ('compact' | 'delete')[] | null;
}

// ---- Transforms: the small set of things the engine can do. An operator is a composition of them ("how it runs"). ----

export type Transform =
  | FilterTransform
  | ProjectTransform
  | UnnestTransform
  | FoldTransform
  | SpreadTransform
  | RankTransform
  | JoinTransform
  | OverTransform
  | AlertTransform;

export interface NamedExpr {
  readonly name: string;
  readonly expr: TypedExpr;
}

/** Rows for which `condition` is true go on. On a table, a row that stops passing is retracted. */
export interface FilterTransform {
  readonly type: 'filter';
  readonly condition: TypedExpr;
}

/** One output column per expression over the input columns (derive, select, drop, rename). Kind and key are in the node's output. */
export interface ProjectTransform {
  readonly type: 'project';
  readonly columns: readonly NamedExpr[];
}

/**
 * A row of a stream for each item of `array`, with the item in `column`, in the place of the input's column of that name, else behind all.
 * Null and no items give none. A row that fails behind it takes those of the other items with it.
 */
export interface UnnestTransform {
  readonly type: 'unnest';
  readonly array: TypedExpr;
  readonly column: Column;
}

/**
 * A keyed aggregation: rows are grouped by `group` (and window), folded into `accumulators`, and each changed group gives a row: the
 * group columns, `window_start`, `window_end` (timestamps) when windowed, then `results`.
 */
export interface FoldTransform {
  readonly type: 'fold';
  readonly group: readonly NamedExpr[];
  readonly window: WindowSpec | null;
  /** Inactivity in event time after which a group's row is tombstoned; null: never. */
  readonly ttlMs: number | null;
  readonly accumulators: readonly Accumulator[];
  /** Records that are older than their own partition's watermark are late, as where rows are sorted; without `window`. */
  readonly ordered?: boolean;
  /**
   * Without `window`: the rows are results of windows and grouped by these; the end (a timestamp) of the row's. What is kept of a window goes when
   * the watermark is there, and then is its time to be given where `emit` is final.
   */
  readonly closes?: TypedExpr;
  /** Over `accumulator` nodes (and group columns, as `column` nodes by output name). */
  readonly results: readonly NamedExpr[];
  readonly emit: Emit;
  /** Set by the physical plan: windows are put together from panes, the pieces between their bounds (SEMANTICS rule 5). */
  readonly panes?: boolean;
  /** The same where rows go out before windows close: what comes between two flushes is gathered by pane, and then folded into the windows. */
  readonly gathers?: boolean;
}

export type Emit = { readonly mode: 'updates' } | { readonly mode: 'final' } | { readonly mode: 'every'; readonly everyMs: number };

/**
 * A primitive the engine can keep per group. Rows where `arg` is null, or `where` is not true, are not counted in.
 * - count: how many; long
 * - sum: exact; long for int and long (sum of nothing is 0), decimal, double (exactly rounded; NaN and infinities counted apart)
 * - min, max: nullable arg type; null of nothing. Order: numbers by value (NaN greatest), strings by code point (UTF-8 bytes), enums by symbol text, false < true
 * - first, last: the value of the first or last row; nullable arg type. Rows are in the order of (event time, partition, offset), else of the
 *   bytes of their values; rows that are made of no record of a source (results of closed windows) have no partition and offset
 * - argMin, argMax: the value of the row with the least or greatest `by` (not null), the first of such rows; nullable arg type
 * - collect: the values of the first `limit` rows; array
 * - topK: the values of the `limit` rows with the greatest `by` (not null), greatest first, of equals the first; array
 * - distinct: how many different values, told apart by their bytes as keys are; long
 * - approxDistinct: the same by HyperLogLog; long
 * - variance: of a sample of doubles, exactly rounded; null of less than two values
 * - percentile: of doubles, by a DDSketch, at the rank `fraction` * (n - 1); null of nothing
 * - funnel: `arg` is a long whose bits are the conditions that the row meets, bit 0 the first of `limit`: how many are met in order; int
 * - lastRow: no `arg`; the columns that `type` (a record) has as fields, of the last row in that order
 * - topRows: no `arg`; of the first `limit` rows by `top`, of equals the earlier one, the columns that `type` names: an array of records, or the
 *   first row's alone, a record
 * - newest, owned: of the physical plan's own, see there
 */
export interface Accumulator {
  readonly fn:
    | 'count'
    | 'sum'
    | 'min'
    | 'max'
    | PositionFn
    | 'distinct'
    | 'approxDistinct'
    | 'variance'
    | 'percentile'
    | 'funnel'
    | RowFn
    | 'newest'
    | 'owned';
  readonly arg: TypedExpr | null;
  /** argMin, argMax, topK: what rows are ranked by. */
  readonly by?: TypedExpr;
  /** collect, topK, topRows: how many values at most; funnel: how many conditions. */
  readonly limit?: number;
  /** topRows: in which order. */
  readonly top?: TopRows;
  /** percentile: from 0 to 1. */
  readonly fraction?: number;
  /** Set by the physical plan: rows may be taken back, so what is kept of them is kept of all. */
  readonly retracts?: boolean;
  readonly where: TypedExpr | null;
  /** Of its result. */
  readonly type: Type;
}

/** Accumulators that keep values of some rows, with the rows' places. */
export type PositionFn = 'first' | 'last' | 'argMin' | 'argMax' | 'collect' | 'topK';

/** Accumulators that keep columns of some rows. */
export type RowFn = 'lastRow' | 'topRows';

/** How rows are ranked. */
export interface TopRows {
  /** Most significant first. */
  readonly by: readonly Order[];
  /** Those that tie with the last in `by` are kept too, beyond the limit. */
  readonly ties: boolean;
  /** The field of the records (long, from 1) that says which of them it is; null: none does. */
  readonly rank: string | null;
}

/** Each record of an array column as a row: the other columns, then the record's. A table's rows are those of its arrays as they are now. */
export interface SpreadTransform {
  readonly type: 'spread';
  readonly column: string;
  /** Name of the column in front (long, from 1) that says which of them it is; a table has one, and it is in the key. */
  readonly rank: string | null;
  /** Of a table: rows that did not change are given again, because after a restart it is not known which were out (`emit: every`). */
  readonly repeats: boolean;
}

/** Exact top-K of a table, per group of `group` columns (none: one global board). */
export interface RankTransform {
  readonly type: 'rank';
  readonly group: readonly string[];
  readonly k: number;
  /** Most significant first; ties go on by `tieBreak`. */
  readonly by: readonly Order[];
  /** The input's key columns: makes the order total. */
  readonly tieBreak: readonly string[];
  /** Name of the output column (long, from 1) in front, or null for none. */
  readonly rank: string | null;
  readonly ties: boolean;
  readonly emit: Emit;
  /** The group has the window that the rows are of: what is kept of a board goes when its window closes. */
  readonly closes?: boolean;
}

/**
 * Rows of the step's input (left) with those of `others[0]` (right) of equal keys. The result has the left columns, then `take`. Where a
 * row is missing (`left`, `outer`) its columns are null; left columns that are key parts then hold the right row's key.
 */
export interface JoinTransform {
  readonly type: 'join';
  readonly how: JoinHow;
  readonly outer: 'inner' | 'left' | 'outer';
  /** Over the left columns; in types equal to those of `rightKey`. Null, which equals nothing, only in a foreign key. */
  readonly leftKey: readonly TypedExpr[];
  /** Over the right columns. */
  readonly rightKey: readonly TypedExpr[];
  /** Over the right columns. */
  readonly take: readonly NamedExpr[];
  /** Rows of equal keys that do not meet it are no match. Null: all are. */
  readonly condition: JoinCondition | null;
  /** Streams of topics that lie alike: partition p of one has the keys that partition p of the other has, and rows need not move. */
  readonly copartitioned?: true;
}

export interface JoinCondition {
  /** Over the left columns, `take` and `carried`; boolean, never null. `$time` is that of the left row. */
  readonly expr: TypedExpr;
  /** Over the right columns: those that only the condition needs, by names that have a dot, as no column of a pipeline does. */
  readonly carried: readonly NamedExpr[];
}

/** `within`: two streams; a right row from `beforeMs` earlier to `afterMs` later than the left one. Rows are late `graceMs` behind their partition. */
export type JoinHow =
  | { readonly kind: 'within'; readonly beforeMs: number; readonly afterMs: number; readonly graceMs: number }
  /** A stream with a table: the newest version at or before the row's time, which waits for the watermark to pass it; or the latest there is. */
  | { readonly kind: 'asOf' }
  | { readonly kind: 'latest' }
  /** Two tables: by the left one's key, or (`foreign`) by other columns of it that are the right one's. The result has the left key. */
  | { readonly kind: 'tables'; readonly foreign: boolean };

export interface Order {
  readonly expr: TypedExpr;
  readonly descending: boolean;
  /** Nulls go last unless said, whatever the direction. */
  readonly nullsFirst: boolean;
}

/**
 * Trailing aggregates of a stream: a row comes out for each row that goes in, in event-time order (time, partition, offset), as soon as the
 * watermark has passed its time. Its aggregates are over rows of its group up to it.
 */
export interface OverTransform {
  readonly type: 'over';
  readonly group: readonly NamedExpr[];
  /** A group that had no row for longer than this (ms of event time) begins anew; null: never. */
  readonly ttlMs: number | null;
  readonly accumulators: readonly OverAccumulator[];
  /** The output's columns, over the input's columns and `accumulator` nodes. */
  readonly columns: readonly NamedExpr[];
}

export interface OverAccumulator extends Accumulator {
  readonly over: Frame;
}

/**
 * The rows that an aggregate looks back on from a row at time T.
 * - `ms`: those of [T - size, T], peers included (SQL's RANGE); with `previous` those of [T - size, T)
 * - `rows`: the row and the size - 1 before it; with `previous` the `size` before it
 */
export interface Frame {
  readonly unit: 'ms' | 'rows';
  readonly size: number;
  readonly previous: boolean;
}
