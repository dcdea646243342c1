/** How long a run that was asked to end may take over its last commits. */
import { Failure } from '../failure.js';

/** ms */
export const DEFAULT_SHUTDOWN_MS = 30_000;

export class ShutdownLimit {
  private timer: NodeJS.Timeout | undefined;
  private expire: (error: unknown) => void = () => undefined;
  private failure: unknown = null;
  private over = false;
  private readonly expired = new Promise<never>((_, reject) => (this.expire = reject));

  constructor(private readonly ms: number) {
    // It may come when nobody waits for it.
    this.expired.catch(() => undefined);
  }

  /** The run has been asked to end, or ends by a failure; what comes first counts. */
  begin(failure?: unknown): void {
    this.failure ??= failure;
    if (this.over) return;
    this.timer ??= setTimeout(() => {
      const timeout = new Failure(
        'shutdown_timeout',
        `not ended within ${String(this.ms)} ms (--shutdown-timeout)`,
        'what was not committed is done again at the next start; see whether brokers, registry and disk answer',
      );
      this.expire(this.failure ?? timeout);
    }, this.ms);
  }

  /** The outcome is known. */
  end(): void {
    this.over = true;
    clearTimeout(this.timer);
  }

  /** As `work`; rejects when the time is over before: with the failure that it ends by, or Failure `shutdown_timeout`. */
  async within<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const begin = (): void => {
      this.begin();
    };
    signal.addEventListener('abort', begin, { once: true });
    if (signal.aborted) begin();
    try {
      return await Promise.race([work(), this.expired]);
    } finally {
      signal.removeEventListener('abort', begin);
      this.end();
    }
  }
}
