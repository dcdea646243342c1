import { messageOf } from '@rta/dsl/message-of';

/** What goes on while pipelines run in this process, and ends with them. */
export interface Companion {
  /** Resolves after `stop`, or when `drain` is done. */
  run(): Promise<void>;
  /** Does what there is to do now, but takes no longer than so many ms; then `run` resolves. */
  drain(limitMs: number): Promise<void>;
  stop(): void;
}

/**
 * Runs pipelines with companions beside them; where the run ends by itself, these also do what it left, for `drainMs` at most. One that fails
 * ends alone. Rejects as `run` does.
 *
 * @param onFailed told which one failed, and why
 */
export async function runBeside<T, C extends Companion>(
  companions: readonly C[],
  {
    signal,
    drainMs,
    onFailed,
  }: { readonly signal: AbortSignal; readonly drainMs: number; readonly onFailed: (one: C, why: string) => void },
  run: () => Promise<T>,
): Promise<T> {
  const ended = companions.map(async (one) => {
    await one.run().catch((error: unknown) => {
      onFailed(one, messageOf(error));
    });
  });
  let endedByItself = false;
  try {
    const result = await run();
    endedByItself = !signal.aborted;
    return result;
  } finally {
    await Promise.all(companions.map((one) => end(one, endedByItself ? drainMs : null)));
    await Promise.all(ended);
  }
}

/** @param drainMs null: at once */
async function end(one: Companion, drainMs: number | null): Promise<void> {
  const stop = (): void => {
    one.stop();
  };
  if (drainMs === null) stop();
  else await one.drain(drainMs).catch(stop);
}
