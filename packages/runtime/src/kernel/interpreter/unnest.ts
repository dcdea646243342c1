/** A row per item of an array. */
import type { Value } from '@rta/dsl';
import type { StageNode } from '../../plan/physical.js';
import { itemOffset } from '../item-offset.js';
import { evaluateRow } from './expressions.js';
import { type Change, type Effect, Operator, originOf, type StageContext, type StreamRow, type TimedRow, type Within } from './operator.js';

export class Unnest extends Operator {
  /** The row whose items are being counted, and how many there were. */
  private within: Within | null = null;
  private count = 0;

  constructor(
    override readonly node: Extract<StageNode, { op: 'unnest' }>,
    stage: StageContext,
  ) {
    super(node, stage);
  }

  override row(row: StreamRow, effects: Effect[]): void {
    const { array, column } = this.node.transform;
    const items = evaluateRow(array, row, this.stage.env) as readonly Value[] | null;
    effects.push(() => this.rowsIn++);
    const { partition, offset, within = { offset } } = originOf(row, this.stage.env);
    if (within !== this.within) {
      this.within = within;
      this.count = 0;
    }
    for (const item of items ?? []) {
      const origin = { partition, offset: itemOffset(within.offset, this.count++), within };
      effects.push(() => this.rowsOut++);
      for (const next of this.next) next.row({ ...row, row: { ...row.row, [column.name]: item }, origin }, effects);
    }
  }

  override change(_change: Change): void {
    throw new Error('unnest takes streams');
  }

  override prime(_row: TimedRow): void {
    throw new Error('unnest takes streams');
  }
}
