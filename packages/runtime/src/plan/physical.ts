/**
 * The physical plan: stages (Kafka Streams' sub-topologies), split where rows must move to another partition. Immutable; made from the
 * logical plan by `plan-stages.ts`.
 *
 * A task is (stage, partition). All of a stage's inputs have the same number of partitions. Within a stage, nodes form a tree hanging
 * from the inputs: `from` names an input or another node.
 */
import type {
  AlertTransform,
  AvroSchema,
  Column,
  FilterTransform,
  FoldTransform,
  JoinTransform,
  KeyFormat,
  NamedExpr,
  OverTransform,
  ProjectTransform,
  RankTransform,
  SchemaChangePolicy,
  SpreadTransform,
  TypedExpr,
  UnnestTransform,
  ValueFormat,
} from '@rta/dsl';

export interface PhysicalPlan {
  readonly pipeline: string;
  /** Consumer group and prefix of internal topics: `rta.<pipeline>`. */
  readonly applicationId: string;
  readonly stages: readonly Stage[];
}

export interface Stage {
  /** 0, 1, …: topological. */
  readonly id: number;
  readonly inputs: readonly StageInput[];
  readonly nodes: readonly StageNode[];
  readonly outputs: readonly StageOutput[];
  /** Stores in order; a store's number (index) is the first byte of its keys. Empty: no changelog. */
  readonly stores: readonly StoreSpec[];
  /** `<applicationId>-<stage id>-changelog`, or null for stages without state. */
  readonly changelog: string | null;
}

export type StageInput = SourceInput | RepartitionInput;

export interface SourceInput {
  readonly kind: 'source';
  readonly id: string;
  readonly topic: string;
  readonly format: ValueFormat;
  readonly readerSchema: AvroSchema;
  readonly columns: readonly Column[];
  /** Columns that the stage reads at all. */
  readonly used: readonly string[];
  readonly keyFormat: KeyFormat;
  /** Columns that the record key must equal; checked where the plan relies on it (`checkKey`). */
  readonly key: readonly string[] | null;
  /** Those of them that come from the record key, and not from the value: all or none. */
  readonly keyAdds: readonly Column[];
  readonly checkKey: boolean;
  /** The plan relies on each record being in the partition that murmur2 of its key says. */
  readonly checkPartition: boolean;
  readonly time: { readonly from: 'column'; readonly expr: TypedExpr } | { readonly from: 'record' } | { readonly from: 'clock' };
  readonly latenessMs: number;
  readonly idleMs: number | null;
  /** Records whose event time is further ahead of the broker's append time, or else of the partition's greatest so far, are bad; ms, null: none. */
  readonly maxAheadMs: number | null;
  /** Partitions whose watermark is further ahead of the slowest source partition's wait; ms, null: none does (SEMANTICS rule 8). */
  readonly maxDriftMs: number | null;
  /** Where a partition is read from that has no committed offset. */
  readonly start: 'earliest' | 'latest';
  readonly onIncompatibleSchemaChange: SchemaChangePolicy;
  /** A record is a version of a row, one without a value deletes it; the watermark does not wait for more than there is (SEMANTICS rule 6). */
  readonly table: boolean;
}

/**
 * Rows from another stage. Record key: the partitioning key's bytes. Record value of a row: see the sending node. A record with a null
 * key is a watermark marker: value = upstream partition (int32 BE), watermark (float64 BE).
 */
export interface RepartitionInput {
  readonly kind: 'repartition';
  readonly topic: string;
  /** The stage that writes it. */
  readonly fromStage: number;
  readonly columns: readonly Column[];
}

export type StageNode =
  | ({ readonly op: 'filter'; readonly transform: FilterTransform } & NodeBase)
  | ({ readonly op: 'project'; readonly transform: ProjectTransform } & NodeBase)
  | ({ readonly op: 'unnest'; readonly transform: UnnestTransform } & NodeBase)
  /**
   * - `full`: reads rows, keeps state, gives the table (or final rows).
   * - `partial`: reads rows, combines them per group (and window) within a commit, and at flush writes what it has to the repartition
   *   output `output` and forgets it. Last node of its stage.
   * - `merge`: reads partials from the stage's repartition input, keeps state, gives the table (or final rows).
   * - `rows`: keeps rows of tables by key, as table-rows.ts says: the records of a source, or what comes through the stage's inputs:
   *   `sides[i]` are those of accumulator i. Gives the table.
   */
  | ({
      readonly op: 'fold';
      readonly mode: 'full' | 'partial' | 'merge' | 'rows';
      readonly sides?: readonly (readonly number[])[];
      readonly transform: FoldTransform;
      readonly store: number | null;
      readonly output: number | null;
    } & NodeBase)
  /**
   * - `single`: the whole board is in this task (input has all rows of its groups): gives the board's changes.
   * - `local`: gives the best k of this task as upserts and removals, by input key, to repartition output `output`. Last node.
   * - `global`: reads those through the repartition input, keeps them in `store`, and gives the board's changes.
   */
  | ({
      readonly op: 'rank';
      readonly mode: 'single' | 'local' | 'global';
      readonly transform: RankTransform;
      readonly store: number | null;
      readonly output: number | null;
    } & NodeBase)
  /** Sends rows to repartition output `output`, by key: last node of its stage. Null: to the join of this stage that reads it, as its `side`. */
  | ({ readonly op: 'send'; readonly transform: SendTransform; readonly output: number; readonly side?: never } & NodeBase)
  | ({ readonly op: 'send'; readonly transform: SendTransform; readonly output: null; readonly side: 0 | 1 } & NodeBase)
  /** Sends the rows of a table to where the rows are that they refer to, by repartition output `output`. Last node of its stage. */
  | ({ readonly op: 'refer'; readonly transform: ReferTransform; readonly output: number; readonly store: number | null } & NodeBase)
  /**
   * Joins those with the rows that they refer to, read through repartition inputs, and tells the owner of each left row: through `output`, or
   * where that is null, the fold that reads it.
   */
  | ({
      readonly op: 'foreign';
      readonly transform: JoinTransform;
      readonly sides: readonly [left: readonly number[], right: readonly number[]];
      readonly leftColumns: readonly Column[];
      readonly rightColumns: readonly Column[];
      readonly store: number;
      readonly output: number | null;
    } & NodeBase)
  /**
   * Reads the rows of both sides through repartition inputs: `sides` are their numbers. None: from the two nodes that send to it. Its input columns
   * are those of the left.
   */
  | ({
      readonly op: 'join';
      readonly transform: JoinTransform;
      readonly sides: readonly [left: readonly number[], right: readonly number[]];
      /** Those taken, and then those that only the condition needs. */
      readonly rightColumns: readonly Column[];
      readonly store: number;
    } & NodeBase)
  /**
   * Its group, arguments and conditions are plain columns.
   * - `full`: reads rows, keeps them, and gives each with its aggregates in event-time order.
   * - `send`: reads rows, drops the late ones, and writes the others to repartition output `output`. Last node of its stage.
   * - `receive`: as `full`, of the rows of the stage's repartition inputs.
   */
  | ({
      readonly op: 'over';
      readonly mode: 'full' | 'send' | 'receive';
      readonly transform: OverTransform;
      readonly store: number | null;
      readonly output: number | null;
    } & NodeBase)
  /** Reads rows in event-time order, those of a key in one task, and gives the transitions of incidents. */
  | ({ readonly op: 'alert'; readonly transform: AlertTransform; readonly store: number } & NodeBase)
  /** Reads rows with an array, and gives a row for each record in it; of a table it knows which rows are out. */
  | ({ readonly op: 'spread'; readonly transform: SpreadTransform } & NodeBase)
  /** Writes rows to sink output `output`. */
  | ({ readonly op: 'sink'; readonly output: number } & NodeBase);

/** What of each row is sent to another stage, and by which key. */
export interface SendTransform {
  readonly type: 'send';
  readonly key: readonly TypedExpr[];
  readonly columns: readonly NamedExpr[];
  /** How far behind its own partition's watermark a record may be before it is late, ms. */
  readonly graceMs: number;
  /** Versions of a table's rows: see `sent` in state-layout.ts. */
  readonly table: boolean;
}

/** What of each row of a table is sent to where the row is that its foreign key names. */
export interface ReferTransform {
  readonly type: 'refer';
  /** The foreign key. */
  readonly key: readonly TypedExpr[];
  readonly columns: readonly NamedExpr[];
  /** The foreign key is part of the row's own: it never changes, and the row stays in one place. */
  readonly fixed: boolean;
  /** Rows that refer to nothing are sent too. */
  readonly pads: boolean;
}

/** Index of the input or node that feeds a node. */
export type Feed = { readonly input: number } | { readonly node: number };

/** Everything that feeds a node. */
export function feedsOf(node: StageNode): readonly Feed[] {
  return node.merges === undefined ? [node.from] : [node.from, ...node.merges];
}

export interface NodeBase {
  readonly id: string;
  /** The logical step (for people and counts). */
  readonly step: string;
  readonly from: Feed;
  /** What else feeds it: streams that are merged here. */
  readonly merges?: readonly Feed[];
  /** Columns and kind of what comes in. */
  readonly inputColumns: readonly Column[];
  readonly inputKind: 'stream' | 'table';
  readonly inputKey: readonly string[] | null;
  readonly columns: readonly Column[];
  readonly kind: 'stream' | 'table';
  readonly key: readonly string[] | null;
}

export type StageOutput = SinkOutput | RepartitionOutput;

export interface SinkOutput {
  readonly kind: 'sink';
  readonly id: string;
  readonly topic: string;
  readonly format: ValueFormat;
  readonly keyFormat: KeyFormat;
  readonly table: boolean;
  readonly key: readonly string[] | null;
  readonly keySchema: AvroSchema | null;
  readonly valueSchema: AvroSchema | null;
  readonly columns: readonly Column[];
  /** Where its rows go on to from the topic, for people; not there: nowhere. */
  readonly store?: string;
}

export interface RepartitionOutput {
  readonly kind: 'repartition';
  readonly topic: string;
  readonly toStage: number;
}

export type StoreSpec =
  /** One entry per row of either side that may still find a match. */
  | { readonly kind: 'join'; readonly node: number }
  /** One entry per group (and window); value: Avro array of incarnations (one, unless ttl keeps several), see `state-layout.ts`. */
  | { readonly kind: 'fold'; readonly node: number }
  /** One entry per input key: the row, as Avro. */
  | { readonly kind: 'rows'; readonly node: number }
  /** One entry per group and commit: the rows that came then, as an Avro array; gone when none of them is needed any more. */
  | { readonly kind: 'trail'; readonly node: number }
  /** One entry per `dedup_key` that an alert has something to remember of. */
  | { readonly kind: 'alert'; readonly node: number }
  /** One entry per row of either table of a join on a foreign key. */
  | { readonly kind: 'foreign'; readonly node: number }
  /** One entry: how many flushes have sent rows by their foreign key. */
  | { readonly kind: 'version'; readonly node: number };
