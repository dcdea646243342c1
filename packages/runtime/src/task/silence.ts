import type { Stage } from '../plan/physical.js';

/** For how long nothing has come from the inputs of a task, for `idle`. */
export class Silence {
  /** Wall clock of the last record per input. */
  private readonly lastRecordAt: number[];
  /** Where each input ended when the task was restored: of one that is not yet read so far it is not known how quiet it is. */
  private readonly firstEnds: number[];

  constructor(
    private readonly stage: Stage,
    now: number,
  ) {
    this.lastRecordAt = stage.inputs.map(() => now);
    this.firstEnds = stage.inputs.map(() => Infinity);
  }

  /** @param end last stable offset of the input's partition, now */
  ends(input: number, end: number): void {
    this.firstEnds[input] = end;
  }

  heard(input: number, now: number): void {
    this.lastRecordAt[input] = now;
  }

  /**
   * ms of wall clock for which an input has been quiet beyond its `idle`; 0 for inputs without, or where `idle` does not hold now. Tables are
   * quiet when they are read to their end.
   * @param position next offset of the input
   */
  quietMs(i: number, now: number, idle: boolean, position: number): number {
    const input = this.stage.inputs[i];
    const isRead = position >= this.firstEnds[i];
    if (input.kind === 'source' && input.table) return isRead ? 1 : 0;
    if (input.kind !== 'source' || input.idleMs === null || !idle || !isRead) return 0;
    return Math.max(0, now - this.lastRecordAt[i] - input.idleMs);
  }
}
