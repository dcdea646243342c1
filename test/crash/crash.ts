/** Blows on a running system, and what came of it. */
import { seeded } from './events.js';
import { System, type Result, type SystemOptions } from './system.js';

/** What happens to a system while it runs; resolves to what it has counted. */
export type Blows<T> = (target: {
  readonly system: System;
  readonly random: () => number;
  readonly say: (line: string) => void;
}) => Promise<T>;

export type CrashOptions = SystemOptions & {
  /** Told what happens. */
  readonly say: (line: string) => void;
};

/** What the blows counted, and the verdict over all that the pipelines wrote. */
export async function crash<T>(
  options: CrashOptions,
  blows: Blows<T>,
): Promise<Result & T & { readonly seed: number; readonly elapsedMs: number }> {
  const begun = performance.now();
  const { seed, say } = options;
  const system = await System.start(options);
  try {
    say(`seed ${seed}`);
    const counted = await blows({ system, random: seeded(seed), say });
    say('the pipelines are let to the end, and judged');
    const result = await system.finish();
    return { ...result, ...counted, seed, elapsedMs: Math.round(performance.now() - begun) };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${system.describe()}`, { cause: error });
  } finally {
    await system.stop();
  }
}

/** Whether nothing is lost, doubled or left open, and no process gave up. */
export function isGood({ lost, doubled, openTransactions, gaveUp }: Result): boolean {
  return lost === 0 && doubled === 0 && openTransactions.length === 0 && gaveUp.length === 0;
}
