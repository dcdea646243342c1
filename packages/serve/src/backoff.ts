/** Pauses between tries that grow. */
export interface Pauses {
  /** The first one, ms, about; each is twice the one before, up to `maxPauseMs`. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

/** The pause after so many tries before, ms: from half of it to all of it, so that many do not come back at once. */
export function pauseOf(tries: number, { pauseMs, maxPauseMs }: Pauses): number {
  return Math.min(maxPauseMs, pauseMs * 2 ** Math.min(tries, 30)) * (0.5 + Math.random() / 2);
}
