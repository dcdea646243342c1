import type { Emit } from '@rta/dsl';
import type { KernelEnv } from '../stage-kernel.js';

/** `emit: every`: opens at the first flush after each multiple of the period, by the wall clock. Other modes: always open. */
export class EveryGate {
  private period: number;

  constructor(
    private readonly emit: Emit,
    private readonly env: KernelEnv,
  ) {
    this.period = this.current();
  }

  /** Whether to emit at this flush. */
  opens(): boolean {
    if (this.emit.mode !== 'every') return true;
    const current = this.current();
    const passed = current > this.period;
    this.period = current;
    return passed;
  }

  private current(): number {
    return this.emit.mode === 'every' ? Math.floor(this.env.now() / this.emit.everyMs) : 0;
  }
}
