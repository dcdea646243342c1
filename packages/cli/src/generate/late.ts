import type { Random } from './random.js';

const MINUTE_MS = 60_000;

/** How late late events are. */
export const LATE_MINUTES = { from: 5, to: 10 };

/** How long before it is sent the `n`th event (from 1) happened, ms: every `lateEvery`th 5–10 minutes, the others not at all. */
export function delayOf(random: Random, n: number, lateEvery: number): number {
  if (!isNth(n, lateEvery)) return 0;
  return random.integer(LATE_MINUTES.from * MINUTE_MS, LATE_MINUTES.to * MINUTE_MS);
}

/** Whether the `n`th event (from 1) is one of every `every`; 0: none is. */
export function isNth(n: number, every: number): boolean {
  return every > 0 && n % every === 0;
}
