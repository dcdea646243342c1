import { messageOf } from '@rta/dsl/message-of';
import type { DrainLimit } from '@rta/serve';

/** What goes on while pipelines run in this process, and ends with them. */
export interface Companion {
  /** Resolves after `stop`, or when `drain` is done. */
  run(): Promise<void>;
  /** Does what there is to do now, in so long at most; then `run` resolves. */
  drain(limit: DrainLimit): Promise<void>;
  /** Whether `drain` was done in that time. */
  readonly drained: boolean;
  stop(): void;
}

/** What becomes of what a run leaves to its companions when it ends by itself. */
export interface LeftOver {
  /** It ends when everything is done: they may go on for as long as they get anywhere. */
  readonly patient: boolean;
  /** Told that something is not done: `failed`, and will not be by itself; `left` to the next run. */
  readonly onUndone: (why: 'failed' | 'left') => void;
}

interface Beside<C> {
  readonly signal: AbortSignal;
  readonly limit: DrainLimit;
  /** Told which one failed, and why. */
  readonly onFailed: (one: C, why: string) => void;
  /** Told which one has left something to do behind, where the run ended by itself. */
  readonly onLeft: (one: C) => void;
}

/**
 * Runs pipelines with companions beside them; where the run ends by itself, these also do what it left, within the limit. One that fails ends
 * alone. Rejects as `run` does.
 */
export async function runBeside<T, C extends Companion>(companions: readonly C[], beside: Beside<C>, run: () => Promise<T>): Promise<T> {
  const { signal, limit, onFailed, onLeft } = beside;
  const failed = new Set<C>();
  const ended = companions.map(async (one) => {
    await one.run().catch((error: unknown) => {
      failed.add(one);
      onFailed(one, messageOf(error));
    });
  });
  let endedByItself = false;
  try {
    const result = await run();
    endedByItself = !signal.aborted;
    return result;
  } finally {
    await Promise.all(companions.map((one) => end(one, endedByItself ? limit : null, signal)));
    await Promise.all(ended);
    if (endedByItself && !signal.aborted) for (const one of companions) if (!one.drained && !failed.has(one)) onLeft(one);
  }
}

/** @param limit null: at once */
async function end(one: Companion, limit: DrainLimit | null, signal: AbortSignal): Promise<void> {
  const stop = (): void => {
    one.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (limit === null) stop();
  else await one.drain(limit).catch(stop);
}
