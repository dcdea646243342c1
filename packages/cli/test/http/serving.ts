/** `rta run --http` in this process, for tests that ask it over HTTP. */
import { afterAll } from 'vitest';
import { rta, type RtaOptions, type RtaResult } from '../support/cli.js';

export interface Serving {
  readonly url: string;
  /** What it has printed so far. */
  printed(): string;
  /** As Ctrl-C. */
  stop(): Promise<RtaResult>;
}

/** Resolves when it listens; rejects when it ends before. Stopped after the tests of the file. */
export async function serve(args: readonly string[], options: Omit<RtaOptions, 'signal' | 'onStdout'> = {}): Promise<Serving> {
  const ending = new AbortController();
  let stdout = '';
  let listening: (url: string) => void = () => undefined;
  const url = new Promise<string>((resolve) => (listening = resolve));
  const ended = rta(['run', ...args, '--http', '0', '--json'], {
    ...options,
    signal: ending.signal,
    onStdout: (text) => {
      stdout += text;
      const [, found] = /"http":"([^"]+)"/.exec(stdout) ?? [];
      if (found !== undefined) listening(found);
    },
  });
  const stop = (): Promise<RtaResult> => {
    ending.abort();
    return ended;
  };
  afterAll(stop);
  const early = ended.then(({ code, stderr }) => {
    throw new Error(`ended with ${String(code)} before it listened: ${stderr}`);
  });
  return { url: await Promise.race([url, early]), printed: () => stdout, stop };
}

/** Asks until what comes satisfies; rejects with what came last after ten seconds. */
export async function eventually<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean): Promise<T> {
  const until = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    if (Date.now() > until) throw new Error(`not so after ten seconds: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
