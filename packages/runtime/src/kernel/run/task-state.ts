/** What generated code works on: everything of one task that is not a constant of its stage. In generated source it is called `K`. */
import type { BatchBuilder } from '../../log/batch/batch-builder.js';
import { murmur2 } from '../../log/partitioner.js';
import { LogError } from '../../log/log.js';
import type { Stage } from '../../plan/physical.js';
import type { BadRecord, KernelEnv, RejectCode } from '../stage-kernel.js';
import { AvroCursor } from './avro-cursor.js';
import { Scratch } from './scratch.js';
import type { FoldMemory } from './fold-memory.js';
import type { JoinState } from './join-state.js';
import type { KeyReader } from './key-reader.js';
import type { AlertState } from './alert-state.js';
import type { OverState } from './over-state.js';
import type { ForeignState } from './foreign-state.js';
import type { RankState } from './rank-state.js';
import type { SpreadState } from './spread-state.js';
import type { ReferState } from './refer-state.js';

/** What a node keeps in a task. */
export type NodeState = FoldMemory | RankState | JoinState | OverState | AlertState | SpreadState | ReferState | ForeignState;

export interface LateWindow {
  readonly start: number;
  readonly end: number;
}

export class TaskState {
  /** For values; keys are written to `keys`. */
  readonly values = new Scratch();
  readonly keys = new Scratch();
  readonly cursor = new AvroCursor();
  /** Per node; null for nodes that keep nothing. */
  readonly nodes: (NodeState | null)[];
  readonly rowsIn: Float64Array;
  readonly rowsOut: Float64Array;
  /** Highest event time, per input. */
  readonly maxTime: Float64Array;
  /** Wall clock at the beginning of the call that is under way, ms. */
  now = 0;
  recordsIn = 0;
  late = 0;
  rejected = 0;
  /** Expressions that failed on rows of tables. */
  rowErrors = 0;
  /** What a scan leaves when it stops before the end: the schema id that it does not read, and the record's offset. */
  stopId = 0;
  stopOffset = 0;
  /** The id is that of a key. */
  stopKey = false;
  /** Per input: what reads framed keys, by schema id. */
  readonly keyReaders: readonly Map<number, KeyReader>[];
  next = 0;
  /** Why a closure could not read a value. */
  failure = 0;
  /** What that was in particular, where it is known: for people. */
  problem: string | null = null;
  /** Per output: rows were written since the last marker. */
  readonly wrote: boolean[];

  private readonly builders: (BatchBuilder | null)[][];
  private changelogBuilder: BatchBuilder | null = null;
  private readonly steps: readonly string[];

  constructor(
    readonly env: KernelEnv,
    readonly stage: Stage,
  ) {
    this.nodes = stage.nodes.map(() => null);
    this.keyReaders = stage.inputs.map(() => new Map<number, KeyReader>());
    this.rowsIn = new Float64Array(stage.nodes.length);
    this.rowsOut = new Float64Array(stage.nodes.length);
    this.maxTime = new Float64Array(stage.inputs.length).fill(-Infinity);
    this.wrote = stage.outputs.map(() => false);
    this.builders = stage.outputs.map((_, i) => new Array<BatchBuilder | null>(env.partitions[i]).fill(null));
    this.steps = stage.nodes.map((node) => node.step);
  }

  /** A zigzag varint of a record's header at `bytes[p]`; `next` is the position after it. */
  varint(bytes: Uint8Array, p: number, end: number): number {
    const value = this.cursor.tryLong(bytes, p, end);
    if (value === null) throw this.corrupt(NaN);
    this.next = this.cursor.pos;
    return Number(value);
  }

  /** The batch is not what the format says. */
  corrupt(offset: number): LogError {
    return new LogError('corrupt', `a record${Number.isNaN(offset) ? '' : ` (offset ${offset})`} does not lie within its batch`, false);
  }

  builder(output: number, partition: number): BatchBuilder {
    return (this.builders[output][partition] ??= this.env.output(output, partition));
  }

  /** The task may take the builders away now. */
  forgetBuilders(): void {
    for (const builders of this.builders) builders.fill(null);
    this.changelogBuilder = null;
  }

  /** Partition of `output` for a key at `key[start, end)`. */
  partitionOf(output: number, key: Uint8Array, start: number, end: number): number {
    return (murmur2(key, start, end) & 0x7fffffff) % this.env.partitions[output];
  }

  /** Where records without a key go. */
  ownPartition(output: number): number {
    return this.env.partition % this.env.partitions[output];
  }

  changelog(): BatchBuilder {
    this.changelogBuilder ??= this.env.changelog();
    if (this.changelogBuilder === null) throw new Error(`stage ${this.stage.id} keeps state but has no changelog`);
    return this.changelogBuilder;
  }

  /** Event time of a record or row as a sink's timestamp: never later than now. */
  stamp(time: number): number {
    return time < this.now ? time : this.now;
  }

  reject(record: BadRecord, node: number, code: RejectCode, message: string): void {
    this.rejected++;
    const input = this.stage.inputs[record.input];
    this.env.reject(record, node >= 0 ? this.steps[node] : input.kind === 'source' ? input.id : '', code, message);
  }

  isLate(record: BadRecord, node: number, windows: readonly LateWindow[]): void {
    this.env.late(record, this.steps[node], windows);
  }
}

/** The record that generated code is at; made only for bad and late ones. */
export function badRecord(
  input: number,
  offset: number,
  timestamp: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
  recordEnd: number,
): BadRecord {
  return {
    input,
    offset,
    timestamp,
    key: keyEnd < keyStart ? null : bytes.subarray(keyStart, keyEnd),
    value: valueEnd < valueStart ? null : bytes.subarray(valueStart, valueEnd),
    headers: bytes.subarray(Math.max(valueStart, valueEnd), recordEnd),
  };
}
