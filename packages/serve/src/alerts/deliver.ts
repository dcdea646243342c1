/** Sends a request until it is taken, refused, or it has been tried for long enough. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pauseOf, type Pauses } from '../backoff.js';
import { post, type PostRequest } from '../post.js';

export interface DeliverySettings extends Pauses {
  /** How long one try may take, ms. */
  readonly timeoutMs: number;
  /** How long a request is tried, ms. */
  readonly giveUpMs: number;
}

export const DELIVERY: DeliverySettings = { timeoutMs: 10_000, pauseMs: 500, maxPauseMs: 60_000, giveUpMs: 3_600_000 };

/** `refused`: the target says that it never takes it; `given-up`: it was tried for as long as may be; `aborted`: by the signal. */
export type Delivery = { readonly result: 'delivered' | 'aborted' } | { readonly result: 'refused' | 'given-up'; readonly why: string };

/**
 * Delivers at least once. What may pass is tried again, after as long as the server says by
 * Retry-After, else after a pause that grows and has jitter.
 *
 * @param onTrouble told the first time that a try fails
 */
export async function deliver(
  request: PostRequest,
  settings: DeliverySettings,
  signal: AbortSignal,
  onTrouble: (why: string) => void,
): Promise<Delivery> {
  const giveUpAt = Date.now() + settings.giveUpMs;
  for (let tries = 0; ; tries++) {
    const outcome = await post(request, settings.timeoutMs, signal);
    if (signal.aborted) return { result: 'aborted' };
    if (outcome.result === 'refused') return { result: 'refused', why: outcome.why };
    if (outcome.result === 'delivered') return outcome;
    if (tries === 0) onTrouble(outcome.why);
    const pause = outcome.afterMs ?? pauseOf(tries, settings);
    if (Date.now() + pause >= giveUpAt) return { result: 'given-up', why: outcome.why };
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}
