import { TOO_DEEP } from '../max-recursion.js';
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

/** A value in which a record stands in itself too often. */
export class TooDeep extends BadValue {
  constructor() {
    super('not_avro', TOO_DEEP);
  }
}
