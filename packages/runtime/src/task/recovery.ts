/** What of the errors that a worker meets it may get over, and what it ends with where it may not. */
import { LogError } from '../log/log.js';
import { StateStoreError } from '../state/store.js';
import { PipelineError } from './errors.js';

/** A store that another has may be its new owner's, of an assignment that this worker has not heard of; or of a process that stays. */
const LOCKED_REJOINS = 4;
/** An offset may be out of range because a reset made its topic anew under a worker that stood still; what is committed says where to go on. */
const OUT_OF_RANGE_REJOINS = 2;

/**
 * What a new member with restored tasks may get over: lost commits and members, and stores, which are rebuilt where damaged.
 * @param rejoins how many there were in a row, this one included
 */
export function mayPass(error: unknown, rejoins: number): error is LogError | StateStoreError {
  if (error instanceof LogError && error.code === 'offset_out_of_range') return rejoins <= OUT_OF_RANGE_REJOINS;
  if (error instanceof LogError) return error.retriable || ['fenced', 'aborted', 'unknown'].includes(error.code);
  if (!(error instanceof StateStoreError)) return false;
  return error.code === 'corrupt' || error.code === 'io' || (error.code === 'locked' && rejoins <= LOCKED_REJOINS);
}

/**
 * Of a worker that ends in any case: whoever has its partitions now does again what it could not commit any more, so that losing them is no
 * failure. Throws PipelineError of anything else.
 */
export function endWith(failure: unknown, onWarning: (message: string) => void): void {
  if (!(failure instanceof LogError && failure.code === 'fenced')) throw asPipelineError(failure);
  onWarning(`${failure.code}: ${failure.message}; what it has not committed is left to the new owner`);
}

export function asPipelineError(error: unknown): Error {
  if (error instanceof LogError) return new PipelineError('log_failed', error.message, error.retriable, { cause: error });
  if (error instanceof StateStoreError) return new PipelineError('store_failed', error.message, false, { cause: error });
  return toError(error);
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
