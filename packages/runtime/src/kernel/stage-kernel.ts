/**
 * What one stage does to records, for one task (stage x partition). Synchronous and single-threaded: the task feeds it batches, and at
 * each commit asks for everything that changed. Two implementations of the same stage agree on every output: the generated kernel
 * (`compile-stage.ts`) and the plain interpreter (`interpreter/`), which is its oracle.
 */
import type { RecordBatch } from '../log/batch/record-batch.js';
import type { BatchBuilder } from '../log/batch/batch-builder.js';
import type { AvroSchema } from '@rta/dsl';
import type { Stage } from '../plan/physical.js';
import type { StateReader } from '../state/state-reader.js';

export interface StageKernel {
  /**
   * Reads the records with offset >= `fromOffset` of one batch of input `input` (index in `stage.inputs`).
   * Bad records go to `env.reject`, late ones to `env.late`; both are counted. Throws `UnknownSchema` when a record's writer schema has not
   * been given by `addWriterSchema` yet: nothing after `error.offset - 1` has been processed then, and the task calls again from
   * `error.offset` once it has the schema (or has marked the id as unknown to the registry).
   */
  process(input: number, batch: RecordBatch, fromOffset: number): void;
  /**
   * What is due at task watermark `watermark` and need not wait for the flush may be handed on now; not worth the while for fewer than `least`
   * rows. As many rows as come between two flushes are more than a processor's caches hold.
   */
  advance(watermark: number, least: number): void;
  /** The schema of an id found in records; null: the registry does not know the id, such records are rejected. */
  addWriterSchema(input: number, id: number, schema: AvroSchema | null): void;
  /** Highest event time seen by source input `input` of this task's partition; -Infinity before the first record. */
  maxEventTime(input: number): number;
  /** For a repartition input: the watermark last heard from each upstream partition; -Infinity until heard. */
  upstreamWatermarks(input: number): Float64Array;
  /** Puts back what `maxEventTime`/`upstreamWatermarks` said at the last commit. */
  restoreTime(input: number, maxEventTime: number, upstream: readonly number[]): void;
  /**
   * Snapshot of everything since the last flush, at task watermark `watermark`: closes windows, expires ttl rows, writes changelog and
   * downstream records (and the watermark marker to every downstream partition, last) to `env.output` builders. Synchronous.
   * Final results come in (window end, key) order.
   */
  flush(watermark: number): void;
  /** Earliest event time at which `flush` would have something to close or expire; Infinity if none. */
  nextDue(): number;
  /**
   * `env.store` has entries of before, so many of each of the stage's stores. Gives the numbers of those stores whose entries `restore` must
   * be given all the same; those of others are read when a record needs them.
   */
  leaveInStore(entries: readonly number[]): readonly number[];
  /** One changelog or store record, before any `process`. Value null deletes. */
  restore(key: Uint8Array, value: Uint8Array | null): void;
  /** Ends restoring: derived indexes (rank, expiry) are built; what a flush at `watermark` emitted before is taken as emitted. */
  restored(watermark: number): void;
  /**
   * All entries whose last change was flushed in commit `<= commit` are in the store now and may be evicted when the memory limit asks
   * for it. The kernel counts its flushes from 1.
   */
  stored(commit: number): void;
  /** How many entries each of the stage's stores has. */
  entries(): readonly number[];
  stats(): KernelStats;
}

export interface KernelStats {
  readonly recordsIn: number;
  readonly late: number;
  readonly rejected: number;
  /** Entries in typed tables, and their bytes, about. */
  readonly stateEntries: number;
  readonly stateBytes: number;
  readonly dirtyEntries: number;
  /** Per transform or sink of the stage, in order of `stage.nodes`. */
  readonly rows: readonly NodeStats[];
  /** Current rows of each rank node of mode `global`/`single`, best first, as column values. For boards. */
  boards(): readonly { readonly id: string; readonly rows: readonly Readonly<Record<string, unknown>>[] }[];
}

/** Rows in and out of a node since start, and what it keeps. */
interface NodeStats {
  readonly id: string;
  readonly in: number;
  readonly out: number;
  readonly stateEntries: number;
  /** About. */
  readonly stateBytes: number;
}

export interface KernelEnv {
  /** The task's partition: the partition number of its inputs. */
  readonly partition: number;
  /** How many tasks the stage has: partitions of each of its inputs. Null: not known, and which partition a record is in is not judged. */
  readonly tasks: number | null;
  /**
   * Where records for partition `partition` of output `output` (index in `stage.outputs`) go until the next flush is collected.
   * The builder is the same object until the task takes it away after `flush`.
   */
  output(output: number, partition: number): BatchBuilder;
  /** Number of partitions of each output's topic. */
  readonly partitions: readonly number[];
  /** Registry ids for outputs of kind sink: frame of keys and values; null where it is not Avro or there is no key. */
  readonly schemaIds: readonly { readonly key: number | null; readonly value: number | null }[];
  /** Where the stage keeps state: its changelog builder (same partition as the task's). Null for stages without state. */
  changelog(): BatchBuilder | null;
  /** Reads evicted entries back. Null: nothing is ever evicted. */
  readonly store: StateReader | null;
  /** Bytes that typed tables may use before entries are evicted; Infinity: no limit. */
  readonly memoryLimit: number;
  late(record: BadRecord, step: string, windows: readonly { readonly start: number; readonly end: number }[]): void;
  reject(record: BadRecord, step: string, code: RejectCode, message: string): void;
  /** Wall clock, ms; only for things that the law names as outside of it. */
  now(): number;
}

/** Slices of the batch's buffer, valid during the call only. */
export interface BadRecord {
  readonly input: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** The record's headers, encoded as in the batch (count first). */
  readonly headers: Uint8Array;
}

/** What is said of a record that `copartitioned` does not hold of. */
export const MISPLACED = 'the record is not in the partition that its key belongs to (murmur2), and `copartitioned` relies on that';

export type RejectCode =
  | 'empty_value'
  | 'bad_magic'
  | 'unknown_schema_id'
  | 'not_avro'
  | 'not_json'
  | 'not_csv'
  | 'incompatible_schema'
  | 'missing_field'
  | 'key_mismatch'
  | 'misplaced'
  | 'null_key'
  | 'bad_key'
  | 'no_event_time'
  | 'too_far_ahead'
  | 'too_large'
  | 'expression';

/** Thrown by `process`: the task fetches the schema and goes on. */
export class UnknownSchema extends Error {
  override readonly name = 'UnknownSchema';
  constructor(
    readonly input: number,
    readonly schemaId: number,
    readonly offset: number,
    /** Of the record's key, not of its value. */
    readonly ofKey: boolean,
  ) {
    super(`writer schema ${schemaId} has not been loaded`);
  }
}

/** Makes the kernel of one task; the generated code is shared by all tasks of the stage. */
export type KernelFactory = (env: KernelEnv) => StageKernel;
export type KernelCompiler = (stage: Stage) => KernelFactory;
