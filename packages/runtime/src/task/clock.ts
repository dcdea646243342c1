/** Where the engine's wall clock comes from, so that tests can turn it. */
export interface Clock {
  /** ms since the epoch */
  now(): number;
  /** Calls back once after `ms`, and returns what cancels that. Default: the system's timers. */
  readonly after?: (ms: number, run: () => void) => () => void;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until told. */
export class ManualClock implements Clock {
  constructor(private time = 0) {}
  now(): number {
    return this.time;
  }
  advance(ms: number): void {
    this.time += ms;
  }
}

/** Calls back once after `ms` of the clock; returns what cancels that. */
export function after(clock: Clock, ms: number, run: () => void): () => void {
  if (clock.after !== undefined) return clock.after(ms, run);
  const timer = setTimeout(run, ms);
  return () => {
    clearTimeout(timer);
  };
}

/** Resolves after `ms` of the clock. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => after(clock, ms, resolve));
}
