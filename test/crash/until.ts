import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when it holds; rejects, naming what was awaited, when the time is over. */
export async function until(what: string, holds: () => boolean, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${ms / 1000} s: ${what}`);
    await delay(50);
  }
}
