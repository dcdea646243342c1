/** What the nodes of an interpreted stage have in common. */
import type { Column, Row } from '@rta/dsl';
import { ExpressionError } from '@rta/dsl';
import type { LogRecord } from '../../log/batch/records.js';
import type { KernelEnv } from '../stage-kernel.js';
import type { StageNode } from '../../plan/physical.js';

export interface TimedRow {
  readonly row: Row;
  /** ms: a stream row's event time; a table row's greatest contributing event time. */
  readonly time: number;
}

/** A row of a stream; `source` where it is a record of a source input. */
export interface StreamRow extends TimedRow {
  readonly source: SourceRecord | null;
  /** A record of a table that deletes the row of its key, which is all that there is. */
  readonly deleted?: true;
  /** Of a row that was made of one record of a source and came here by way of an event-time order, or of `unnest`. */
  readonly origin?: ItemOrigin;
}

/** Which record of a source a row was made of; -1 both: of none. */
export interface Origin {
  readonly partition: number;
  readonly offset: number;
}

/** Of an item of an array: also which row it was in at first. */
export interface ItemOrigin extends Origin {
  readonly within?: Within;
}

/** A row that `unnest` takes apart; one object per row. */
export interface Within {
  readonly offset: number;
}

export function originOf({ source, origin }: StreamRow, env: KernelEnv): ItemOrigin {
  if (origin !== undefined) return origin;
  return source === null ? { partition: -1, offset: -1 } : { partition: env.partition, offset: source.record.offset };
}

interface SourceRecord {
  readonly record: LogRecord;
  readonly input: number;
  /** Of its own partition, after this record. */
  readonly watermark: number;
  /** The steps that it was late for, and which have said so. */
  readonly lateFor: Set<string>;
}

/** A change of one row of a table, of the same key before and after. Never null on both sides. */
export interface Change {
  readonly before: TimedRow | null;
  readonly after: TimedRow | null;
}

/** What a stream row does to a node, once all of its expressions have been evaluated without error. */
export type Effect = () => void;

/** What nodes need of the stage around them. */
export interface StageContext {
  readonly env: KernelEnv;
  /** Counts an error in a table row, whose row is retracted. */
  tableError(): void;
  /** Appends to the changelog; value null is a tombstone. */
  changelog(key: Uint8Array, value: Uint8Array | null): void;
  /** Appends to an output; what `partition` is. */
  write(output: number, partition: number, timestamp: number, key: Uint8Array | null, value: Uint8Array | null): void;
}

export abstract class Operator {
  rowsIn = 0;
  rowsOut = 0;
  readonly next: Operator[] = [];
  /** How far this node holds back the watermark of those behind it: ms. */
  readonly hold: number = 0;

  constructor(
    readonly node: StageNode,
    protected readonly stage: StageContext,
  ) {}

  /** A stream row: evaluates everything that may throw ExpressionError, and adds what is to be done. */
  abstract row(row: StreamRow, effects: Effect[]): void;
  /** A changed row of a table. */
  abstract change(change: Change): void;
  /** A row of the table that had been emitted before a restart. */
  abstract prime(row: TimedRow): void;

  /** A record of repartition input `input` of the stage. */
  received(_key: Uint8Array, _value: Uint8Array | null, _input: number): void {
    throw new Error(`${this.node.op} does not read a repartition topic`);
  }

  /** A changelog record, without the store's number. */
  restore(_key: Uint8Array, _value: Uint8Array | null): void {
    throw new Error(`${this.node.op} keeps no state`);
  }

  restored(_watermark: number): void {
    // Most nodes keep nothing.
  }

  flush(_watermark: number): void {
    // Most nodes pass things on at once.
  }

  nextDue(): number {
    return Infinity;
  }

  /** Entries kept, and those not flushed yet. */
  entries(): { readonly all: number; readonly dirty: number } {
    return { all: 0, dirty: 0 };
  }

  /** Hands on a row of a stream that was made here, not by a source: where it fails it is dropped and counted. */
  protected emitRow(row: TimedRow & { readonly origin?: Origin }): void {
    this.rowsOut++;
    const effects: Effect[] = [];
    try {
      for (const next of this.next) next.row({ ...row, source: null }, effects);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.stage.tableError();
      return;
    }
    for (const effect of effects) effect();
  }

  /** Says that a record is late for this step: once, however many rows were made of it, as all of them have its time. */
  protected reportLate(source: SourceRecord, missed: readonly { readonly start: number; readonly end: number }[]): void {
    if (source.lateFor.has(this.node.step)) return;
    const { input, record } = source;
    const { offset, timestamp, key, value, rawHeaders } = record;
    this.stage.env.late({ input, offset, timestamp, key, value, headers: rawHeaders }, this.node.step, missed);
    source.lateFor.add(this.node.step);
  }

  protected emitChange(before: TimedRow | null, after: TimedRow | null): void {
    if (before === null && after === null) return;
    this.rowsOut++;
    for (const next of this.next) next.change({ before, after });
  }

  /** What `compute` gives; null, and counted, where it fails. For rows of tables. */
  protected orNull<T>(compute: () => T): T | null {
    try {
      return compute();
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.stage.tableError();
      return null;
    }
  }
}

/** The columns of those names, in that order. */
export function columnsNamed(columns: readonly Column[], names: readonly string[]): Column[] {
  return names.map((name) => {
    const column = columns.find((c) => c.name === name);
    if (!column) throw new Error(`the plan names a column ${name} that is not there`);
    return column;
  });
}
