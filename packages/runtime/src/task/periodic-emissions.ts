import type { Emit } from '@rta/dsl';
import type { Stage } from '../plan/physical.js';

/**
 * `emit: every`: what changed is handed on at the first flush after each multiple of the period, by the wall clock. Where nothing more comes
 * in, that flush has to be asked for, or the last changes would never be seen.
 */
export class PeriodicEmissions {
  private readonly periods: readonly number[];
  private flushedAt: number;
  /** A flush may have left changes for the next multiple; so may the state that a task begins with. */
  private waits = true;

  constructor(stage: Stage, now: number) {
    this.periods = stage.nodes.flatMap((node) =>
      (node.op === 'fold' && node.mode !== 'partial') || (node.op === 'rank' && node.mode !== 'local') ? everyOf(node.transform.emit) : [],
    );
    this.flushedAt = now;
  }

  /** Whether a flush now would hand on what waits. */
  due(now: number): boolean {
    return this.waits && this.periods.some((period) => this.passed(period, now));
  }

  flushed(now: number): void {
    this.waits = this.periods.some((period) => !this.passed(period, now));
    this.flushedAt = now;
  }

  private passed(period: number, now: number): boolean {
    return Math.floor(now / period) > Math.floor(this.flushedAt / period);
  }
}

function everyOf(emit: Emit): readonly number[] {
  return emit.mode === 'every' ? [emit.everyMs] : [];
}
