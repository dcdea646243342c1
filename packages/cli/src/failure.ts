/** An end of a command that people should read as one message, without a stack: exit code 1. `code` is stable, for scripts. */
export class Failure extends Error {
  override readonly name = 'Failure';
  constructor(
    readonly code: string,
    message: string,
    /** What to do about it. */
    readonly help?: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** A wrong command line that commander cannot see: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
