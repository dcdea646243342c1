/** Waiting and trying again, within bounds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CODE, isCode, isRetriable } from './errors.js';

/** ms for which a topic may be unknown: brokers hear of a new one a moment later, but a misspelt one should not take a minute. */
const UNKNOWN_TOPIC_MS = 1_000;

/** Cut short by `close`: what is under way ends with its last error. */
export class Deadline {
  private readonly end: number;

  constructor(
    ms: number,
    private readonly closed: () => boolean = () => false,
  ) {
    this.end = performance.now() + ms;
  }

  get remainingMs(): number {
    return this.closed() ? 0 : Math.max(0, this.end - performance.now());
  }
}

/** ms before try number `attempt` (1 is the first repetition): 5, 10, 20, … 500, with a fifth of jitter. */
export function backoffMs(attempt: number, firstMs = 5, mostMs = 500): number {
  return Math.min(mostMs, firstMs * 2 ** (attempt - 1)) * (0.8 + Math.random() * 0.4);
}

/**
 * Runs `work` until it resolves, it fails with what cannot pass, or the deadline is over; the last error is thrown then.
 * @param again told before each repetition; may look up what has moved
 */
export async function retry<T>(deadline: Deadline, work: () => Promise<T>, again?: (error: unknown) => void): Promise<T> {
  const begun = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      // The previous transaction is just being completed: a matter of milliseconds.
      const pause = isCode(error, CODE.CONCURRENT_TRANSACTIONS) ? backoffMs(attempt, 2, 20) : backoffMs(attempt);
      if (!isRetriable(error) || deadline.remainingMs <= pause) throw error;
      if (isCode(error, CODE.UNKNOWN_TOPIC_OR_PARTITION) && performance.now() - begun > UNKNOWN_TOPIC_MS) throw error;
      again?.(error);
      await sleep(pause);
    }
  }
}
