/** Gives the rows of an `over` that are due: each gets its place in its group, and is handed on with what the group's frames hold at it. */
import type { Value } from '@rta/dsl';
import type { OverCode, OverResult } from './over-code.js';
import type { OverGroups } from './over-groups.js';
import type { OverRows } from './over-rows.js';
import type { TaskState } from './task-state.js';

export class OverGiver {
  /** What accumulators take of a row, per column, and their results at it. */
  private readonly taken: Value[] = [];
  private readonly results: OverResult[] = [];

  constructor(
    private readonly rows: OverRows,
    private readonly groups: OverGroups,
    private readonly code: OverCode,
    /** Rows of a group that are further apart are of two lives of it, ms. */
    private readonly ttl: number,
  ) {}

  /** @param due in the order of their times; gives the slots of their groups */
  give(K: TaskState, due: readonly number[]): readonly number[] {
    const { rows, groups } = this;
    const touched: number[] = [];
    for (let next = 0, given = 0; given < due.length;) {
      // A row may look at those of its own time.
      const time = rows.timeOf(due[given]);
      for (; next < due.length && rows.timeOf(due[next]) === time; next++) {
        const slot = this.enter(K, due[next]);
        if (groups.touch(slot)) touched.push(slot);
      }
      for (; given < next; given++) this.handOn(K, due[given]);
    }
    for (const slot of touched) groups.untouch(slot);
    return touched;
  }

  /** A row that waits no more gets its place in its group, whose slot is returned. */
  private enter(K: TaskState, row: number): number {
    const { rows, groups } = this;
    const slot = rows.slotOf(row);
    groups.addWaiting(slot, -1);
    rows.setPosition(row, groups.push(slot, rows.timeOf(row), rows.chunkOf(row), this.take(K, row)));
    return slot;
  }

  /** What accumulators take of a row, per column; valid until the next call. */
  take(K: TaskState, row: number): readonly Value[] {
    const { rows, taken } = this;
    const start = rows.startOf(row);
    this.code.take(K, rows.bytesOf(row), start, start + rows.lengthOf(row), taken);
    return taken;
  }

  /** Moves the frames of its group to a row, and hands it on with what they hold. */
  private handOn(K: TaskState, row: number): void {
    const { rows, groups } = this;
    const [slot, position, time] = [rows.slotOf(row), rows.positionOf(row), rows.timeOf(row)];
    if (position > groups.beginOf(slot) && position > groups.firstOf(slot) && time - groups.timeAt(slot, position - 1) > this.ttl)
      groups.beginAt(slot, position);
    this.code.slide(groups, slot, position, this.results);
    const start = rows.startOf(row);
    const end = start + rows.lengthOf(row);
    this.code.give(K, rows.bytesOf(row), start, end, time, rows.partitionOf(row), rows.offsetOf(row), this.results);
    // Another one goes when it was logged.
    if (rows.chunkOf(row) !== null) rows.remove(row);
  }
}
