/**
 * Giving the rows of an `over` that are due: what accumulators take of each, what its group's frames hold at it, and handing it on with that.
 * Group by group first, as what belongs to one lies close together; then in the order of their times.
 */
import type { Value } from '@rta/dsl';
import { type OverCode, type OverResult, resultOf } from './over-code.js';
import type { Chunk, OverGroup } from './over-group.js';
import type { OverRows } from './over-rows.js';
import { RowLists } from './row-lists.js';
import type { Sliding } from './sliding-values.js';
import type { TaskState } from './task-state.js';

export class OverDue {
  /** By slot of their group: their indexes in what is due. */
  private readonly bySlot = new RowLists();
  /** What accumulators take, and their results: per column or accumulator, by index in what is due. */
  private readonly taken: Value[][];
  private readonly results: OverResult[][];
  /** By index in what is due: what `slide` would else look for all over the rows, and where each went in its group. */
  private times = new Float64Array(0);
  private positions = new Float64Array(0);
  private readonly chunks: (Chunk | null)[] = [];

  constructor(
    private readonly rows: OverRows,
    private readonly code: OverCode,
    /** Rows of a group that are further apart are of two lives of it, ms. */
    private readonly ttl: number,
    private readonly make: () => Sliding[],
  ) {
    this.taken = Array.from({ length: code.columns }, () => []);
    this.results = Array.from({ length: code.results }, () => []);
  }

  /**
   * Moves the groups of rows, which are in the order of their times, along them: `give` knows their results then.
   *
   * @param groupOf gives the group at a slot, and is told how many of the rows are of it; called once for each
   * @returns each row's position in its group; valid until the next call
   */
  compute(K: TaskState, due: readonly number[], groupOf: (slot: number, count: number) => OverGroup): Float64Array {
    const { rows, taken, results, bySlot, chunks } = this;
    for (const column of taken) column.length = 0;
    for (const column of results) while (column.length < due.length) column.push(null);
    if (this.times.length < due.length) {
      this.times = new Float64Array(due.length * 2);
      this.positions = new Float64Array(due.length * 2);
    }
    const { times } = this;
    chunks.length = 0;
    const slots: number[] = [];
    for (let k = 0; k < due.length; k++) {
      const row = due[k];
      times[k] = rows.timeOf(row);
      chunks.push(rows.chunkOf(row));
      const slot = rows.slotOf(row);
      if (bySlot.push(slot, k)) slots.push(slot);
      this.take(K, row, taken);
    }
    for (const slot of slots) {
      const own = bySlot.take(slot, []);
      this.slide(groupOf(slot, own.length), own);
    }
    return this.positions;
  }

  /** Adds a group's rows, those at `own` of what is due, and notes what its frames hold at each. */
  private slide(group: OverGroup, own: readonly number[]): void {
    const { results, taken, times, positions, chunks } = this;
    const { frames } = this.code;
    const { end, values } = group;
    for (const k of own) {
      for (let i = 0; i < values.length; i++) values[i].push(taken[i][k]);
      positions[k] = group.push(times[k], chunks[k]);
    }
    let position = end;
    for (const k of own) {
      if (position > group.begin && position > group.first && group.timeAt(position) - group.timeAt(position - 1) > this.ttl)
        group.beginAt(position, this.make());
      group.slideTo(position++);
      const { sliding } = group;
      for (let f = 0; f < frames.length; f++) {
        const { accumulators, counts } = frames[f];
        for (let i = 0; i < counts.length; i++) results[counts[i]][k] = group.rowsIn(f);
        for (let i = 0; i < accumulators.length; i++) {
          const accumulator = accumulators[i];
          results[accumulator.result][k] = resultOf(sliding[accumulator.sliding]);
        }
      }
    }
  }

  /** Adds what accumulators take of a row to columns. */
  take(K: TaskState, row: number, columns: readonly Value[][]): void {
    const { rows } = this;
    const start = rows.startOf(row);
    this.code.take(K, rows.bytesOf(row), start, start + rows.lengthOf(row), columns);
  }

  /** Hands on the row that was at `k` of what was computed last, with its results. */
  give(K: TaskState, row: number, k: number): void {
    const { rows, results } = this;
    const start = rows.startOf(row);
    const [time, partition, offset] = [rows.timeOf(row), rows.partitionOf(row), rows.offsetOf(row)];
    this.code.give(K, rows.bytesOf(row), start, start + rows.lengthOf(row), time, partition, offset, results, k);
  }
}
