import { type Change, type Effect, Operator, type StreamRow, type TimedRow } from './operator.js';

/** An operator that rows come to through repartition topics only. */
export abstract class Receiver extends Operator {
  override row(_row: StreamRow, _effects: Effect[]): void {
    throw new Error('this reads repartition topics');
  }

  override change(_change: Change): void {
    throw new Error('this reads repartition topics');
  }

  override prime(_row: TimedRow): void {
    throw new Error('this reads repartition topics');
  }
}
