import type { RejectCode } from '../stage-kernel.js';

/** A record value that cannot be read. */
export class BadValue extends Error {
  override readonly name = 'BadValue';
  constructor(
    readonly code: RejectCode,
    message: string,
  ) {
    super(message);
  }
}
