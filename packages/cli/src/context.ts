import type { ExitCode } from './exit-codes.js';

/** What a command has of the outside: tests hand in their own. */
export interface CliContext {
  readonly stdout: Output;
  readonly stderr: Output;
  /** What is piped in; not there where a command is run by another program. */
  readonly stdin?: AsyncIterable<string | Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where paths start. */
  readonly cwd: string;
  /** Aborted by the first SIGINT or SIGTERM: the command commits what it has and ends with 130. */
  readonly signal: AbortSignal;
}

/** A stream that is written to; `isTTY` decides over colours and the live table. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Runs with parsed options; resolves to the exit code. Rejects with Failure or UsageError for what has no output of its own. */
export type Action<Options> = (context: CliContext, args: readonly string[], options: Options) => Promise<ExitCode>;
