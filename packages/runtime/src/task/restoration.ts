/** The restoring of a member's tasks beside its event loop, so that a rebalance, or the end of the run, need not wait for it. */
import type { restoreTasks } from './assignment.js';
import { after, type Clock } from './clock.js';

/** How long a turn of the worker waits for it, ms, before it looks at what the member has to say. */
const WAIT_MS = 20;

type Restored = Awaited<ReturnType<typeof restoreTasks>>;

export class Restoration {
  private outcome: { readonly restored: Restored } | { readonly error: unknown } | null = null;
  private readonly ended: Promise<void>;

  constructor(
    restoring: ReturnType<typeof restoreTasks>,
    private readonly clock: Clock,
  ) {
    this.ended = restoring.then(
      (restored) => {
        this.outcome = { restored };
      },
      (error: unknown) => {
        this.outcome = { error };
      },
    );
  }

  /** What came of it; null when that is still open after a while. Rejects with what it failed with. */
  async forAWhile(): Promise<Restored | null> {
    if (this.outcome === null) {
      let cancel = (): void => undefined;
      await Promise.race([this.ended, new Promise<void>((resolve) => (cancel = after(this.clock, WAIT_MS, resolve)))]);
      cancel();
    }
    if (this.outcome === null) return null;
    if ('error' in this.outcome) throw this.outcome.error;
    return this.outcome.restored;
  }
}
