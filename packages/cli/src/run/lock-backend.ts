import { lockDirectory } from '@rta/state-rocks';
import type { BackendSettings } from '../backend/backend.js';
import { Failure } from '../failure.js';

/** Keeps other processes that run pipelines out of the directory; the result lets them in again. Rejects with Failure `in_use`. */
export function lockBackend({ directory }: BackendSettings): Promise<() => Promise<void>> {
  return lockDirectory(directory).catch((error: unknown) => {
    const { code, message } = error as Error & { readonly code?: unknown };
    if (code !== 'locked') throw error;
    throw new Failure('in_use', message, 'end that process, or give this one a --dir of its own: state and transactional id come from it');
  });
}
