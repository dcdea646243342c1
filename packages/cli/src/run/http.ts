/** The HTTP side of a run. */
import { serveHttp, type HttpSide } from '@rta/serve';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';
import type { ConsoleFeed } from './console/console-feed.js';
import type { RunningPipeline } from './prepare.js';

export interface HttpAddress {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/** Rejects with Failure `cannot_listen`. */
export async function openHttp(
  context: CliContext,
  address: HttpAddress,
  pipelines: readonly RunningPipeline[],
  console: ConsoleFeed,
): Promise<HttpSide> {
  const { host, port } = address;
  return serveHttp({
    host,
    port,
    console,
    pipelines: pipelines.map(({ plan, run }) => ({ plan, snapshot: () => run.snapshot() })),
    onError: (error) => void context.stderr.write(`warning: http: ${error instanceof Error ? error.message : String(error)}\n`),
  }).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure('cannot_listen', `http: ${message}`, code === 'EADDRINUSE' ? 'another port, or 0 for a free one' : undefined, { cause: error }); // prettier-ignore
  });
}
