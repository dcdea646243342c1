/** One request to a target elsewhere, and what becomes of it. */
export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `refused`: the target says that it never takes it; `again`: it may later, after as long as it asks for. */
export type Posted =
  | { readonly result: 'delivered' }
  | { readonly result: 'refused'; readonly why: string; readonly status: number }
  | { readonly result: 'again'; readonly why: string; readonly afterMs: number | null };

/** The longest pause that a server can ask for, ms. */
const LONGEST_RETRY_AFTER_MS = 900_000;

const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Posts once; never rejects. What may pass is no connection, no answer in time, and the answers 408, 425, 429 and 5xx. Redirects are not
 * followed: they would take the secrets elsewhere. What is said of it names no secret.
 */
export async function post({ url, headers, body }: PostRequest, timeoutMs: number, signal: AbortSignal): Promise<Posted> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([signal, timeout]) });
    // The answer's text may hold what was sent; its status says enough.
    await response.body?.cancel();
    const { status } = response;
    if (response.ok) return { result: 'delivered' };
    const why = `it answers ${String(status)}`;
    if (status < 500 && !PASSING.has(status)) return { result: 'refused', why, status };
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
