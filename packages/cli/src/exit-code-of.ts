import { StagingError } from '@rta/runtime';
import { EXIT_CODES, type ExitCode } from './exit-codes.js';
import { Failure, UsageError } from './failure.js';

/** Codes of our errors that may be over by themselves. */
const PASSING: readonly unknown[] = [
  'unreachable',
  'unavailable',
  'aborted',
  'unknown',
  'in_use',
  'store_failed',
  'shutdown_timeout',
  'undelivered',
];

/** What the process ends with when a command ends with `error`. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT_CODES.usage.code;
  // An error wraps what it comes from; who came first knows best.
  const chain: { readonly code?: unknown; readonly retriable?: unknown }[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 10; cause = cause.cause)
    chain.push(cause as Error & { readonly code?: unknown });
  const says = (test: (error: { readonly code?: unknown; readonly retriable?: unknown }) => boolean): boolean => chain.some(test);
  if (error instanceof Failure && error.code === 'interrupted') return EXIT_CODES.interrupted.code;
  if (says(({ code }) => code === 'stalled')) return EXIT_CODES.stalled.code;
  if (says(({ code }) => code === 'corrupt')) return EXIT_CODES.damaged.code;
  if (says(({ code, retriable }) => retriable === true || PASSING.includes(code))) return EXIT_CODES.unavailable.code;
  if (error instanceof Failure || error instanceof StagingError || says(({ code }) => typeof code === 'string'))
    return EXIT_CODES.failed.code;
  return EXIT_CODES.internal.code;
}
