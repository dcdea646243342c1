/** Rows with an array of records: each record becomes a row. */
import type { Row, SpreadTransform } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { RowCodec } from './avro-codec.js';
import { type Change, type Effect, Operator, type StageContext, type StreamRow, type TimedRow } from './operator.js';
import { rowLayout } from '../state-layout.js';

export class Spread extends Operator {
  private readonly codec: RowCodec;
  /** The times with which the rows of a table were handed on, by key: one that did not change since keeps that of an earlier list. */
  private readonly handed = new Map<string, number>();

  constructor(
    node: StageNode,
    stage: StageContext,
    private readonly transform: SpreadTransform,
  ) {
    super(node, stage);
    this.codec = new RowCodec(rowLayout(node.columns).schema, node.columns, (_, i) => `c${String(i)}`);
  }

  override row(row: StreamRow, effects: Effect[]): void {
    effects.push(() => {
      this.rowsIn++;
      for (const each of this.spread(row)) this.emitRow(each);
    });
  }

  override change({ before, after }: Change): void {
    this.rowsIn++;
    const gone = this.spread(before).map((row) => ({ ...row, time: this.handed.get(this.keyOf(row)) ?? row.time }));
    const there = this.spread(after);
    for (const row of gone.slice(there.length)) {
      this.handed.delete(this.keyOf(row));
      this.emitChange(row, null);
    }
    for (const [i, row] of there.entries()) {
      const old = i < gone.length ? gone[i] : null;
      if (old !== null && !this.transform.repeats && this.isSame(old, row)) continue;
      this.handed.set(this.keyOf(row), row.time);
      this.emitChange(old, row);
    }
  }

  override prime(row: TimedRow): void {
    for (const each of this.spread(row)) {
      this.handed.set(this.keyOf(each), each.time);
      for (const next of this.next) next.prime(each);
    }
  }

  private spread(timed: TimedRow | null): TimedRow[] {
    if (timed === null) return [];
    const { column, rank } = this.transform;
    const { [column]: list, ...others } = timed.row;
    return (list as readonly Row[]).map((item, i) => ({
      row: { ...(rank === null ? {} : { [rank]: i + 1 }), ...others, ...item },
      time: timed.time,
    }));
  }

  private keyOf({ row }: TimedRow): string {
    return JSON.stringify(
      (this.node.key ?? []).map((name) => row[name]),
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
  }

  /** The time would only touch the record's timestamp. */
  private isSame(a: TimedRow, b: TimedRow): boolean {
    return this.codec.encode(a.row, { time: 0 }).equals(this.codec.encode(b.row, { time: 0 }));
  }
}
