/** What is answered instead of what was asked for. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly statusCode: number,
    /** For programs: `unknown_pipeline`. */
    readonly code: string,
    message: string,
    /** After so many seconds it may be tried again. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}
