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
   * ms of wall clock since the last record of a source input; 0 for tasks without `idle`, or where `idle` does not hold now. Tables are quiet
   * when they are read to their end.
   * @param positions next offset per input
   */
  quietMs(now: number, idle: boolean, positions: readonly number[]): number {
    let quiet = Infinity;
    for (const [i, input] of this.stage.inputs.entries()) {
      if (input.kind === 'source' && input.table) {
        quiet = Math.min(quiet, positions[i] >= this.firstEnds[i] ? 1 : 0);
        continue;
      }
      if (input.kind !== 'source' || input.idleMs === null || !idle || positions[i] < this.firstEnds[i]) return 0;
      quiet = Math.min(quiet, now - this.lastRecordAt[i] - input.idleMs);
    }
    return Math.max(0, quiet);
  }
}
