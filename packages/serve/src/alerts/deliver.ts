/** Sends a request until it is taken, refused, or it has been tried for long enough. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pauseOf, type Pauses } from '../backoff.js';
import type { DeliveryRequest } from './request.js';

export interface DeliverySettings extends Pauses {
  /** How long one try may take, ms. */
  readonly timeoutMs: number;
  /** How long a request is tried, ms. */
  readonly giveUpMs: number;
}

export const DELIVERY: DeliverySettings = { timeoutMs: 10_000, pauseMs: 500, maxPauseMs: 60_000, giveUpMs: 3_600_000 };

/** The longest pause that a server can ask for, ms. */
const LONGEST_RETRY_AFTER_MS = 900_000;

/** `refused`: the target says that it never takes it; `given-up`: it was tried for as long as may be; `aborted`: by the signal. */
export type Delivery = { readonly result: 'delivered' | 'aborted' } | { readonly result: 'refused' | 'given-up'; readonly why: string };

/**
 * Delivers at least once. What may pass (no connection, a time-out, 408, 425, 429, 5xx) is tried again, after as long as the server says by
 * Retry-After, else after a pause that grows and has jitter. Redirects are not followed: they would take the secrets elsewhere.
 *
 * @param onTrouble told the first time that a try fails
 */
export async function deliver(
  request: DeliveryRequest,
  settings: DeliverySettings,
  signal: AbortSignal,
  onTrouble: (why: string) => void,
): Promise<Delivery> {
  const giveUpAt = Date.now() + settings.giveUpMs;
  for (let tries = 0; ; tries++) {
    const outcome = await attempt(request, settings.timeoutMs, signal);
    if (signal.aborted) return { result: 'aborted' };
    if (outcome.result !== 'again') return outcome;
    if (tries === 0) onTrouble(outcome.why);
    const pause = outcome.afterMs ?? pauseOf(tries, settings);
    if (Date.now() + pause >= giveUpAt) return { result: 'given-up', why: outcome.why };
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}

type Attempt =
  | { readonly result: 'delivered' }
  | { readonly result: 'refused'; readonly why: string }
  | { readonly result: 'again'; readonly why: string; readonly afterMs: number | null };

const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

async function attempt({ url, headers, body }: DeliveryRequest, timeoutMs: number, signal: AbortSignal): Promise<Attempt> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([signal, timeout]) });
    // The answer's text may hold what was sent; its status says enough.
    await response.body?.cancel();
    const { status } = response;
    if (response.ok) return { result: 'delivered' };
    const why = `it answers ${String(status)}`;
    if (status < 500 && !PASSING.has(status)) return { result: 'refused', why };
    return { result: 'again', why, afterMs: retryAfter(response.headers.get('retry-after')) };
  } catch (error) {
    return { result: 'again', why: timeout.aborted ? `no answer within ${String(timeoutMs)} ms` : reasonOf(error), afterMs: null };
  }
}

/** Seconds, or an HTTP date; as ms from now. */
function retryAfter(header: string | null): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? null : Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, ms));
}

/** The code of a network error, which does not name the URL: that may be a secret. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } };
  return typeof cause?.code === 'string' ? `it cannot be reached (${cause.code})` : 'it cannot be reached';
}
