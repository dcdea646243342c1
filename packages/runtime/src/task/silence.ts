import type { Stage } from '../plan/physical.js';

/** After so long, ms, a table of which nothing was read is taken to be empty. */
const TABLE_HEARD_MS = 3000;

/** For how long nothing has come from the inputs of a task, for `idle`. */
export class Silence {
  /** Wall clock of the last record per input. */
  private readonly lastRecordAt: number[];

  constructor(
    private readonly stage: Stage,
    now: number,
  ) {
    this.lastRecordAt = stage.inputs.map(() => now);
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
        // Of a table that nothing was heard of yet it is not known how much there is.
        quiet = Math.min(quiet, positions[i] > 0 || now - this.lastRecordAt[i] > TABLE_HEARD_MS ? 1 : 0);
        continue;
      }
      if (input.kind !== 'source' || input.idleMs === null || !idle) return 0;
      quiet = Math.min(quiet, now - this.lastRecordAt[i] - input.idleMs);
    }
    return Math.max(0, quiet);
  }
}
