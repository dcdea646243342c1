/** What of the errors that a worker meets it may get over, and what it ends with where it may not. */
import { LogError } from '../log/log.js';
import { StateStoreError } from '../state/store.js';
import { PipelineError } from './errors.js';

/** What a new member with restored tasks may get over: lost commits and members, and stores, which are rebuilt where damaged. */
export function mayPass(error: unknown): error is LogError | StateStoreError {
  if (error instanceof LogError) return error.retriable || ['fenced', 'aborted', 'unknown'].includes(error.code);
  return error instanceof StateStoreError && (error.code === 'corrupt' || error.code === 'io');
}

export function asPipelineError(error: unknown): Error {
  if (error instanceof LogError) return new PipelineError('log_failed', error.message, error.retriable, { cause: error });
  if (error instanceof StateStoreError) return new PipelineError('store_failed', error.message, false, { cause: error });
  return toError(error);
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
