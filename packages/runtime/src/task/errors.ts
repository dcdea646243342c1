import type { RejectCode } from '../kernel/stage-kernel.js';

/** Why a pipeline stopped. `code` is stable; supervisors and tests match on it. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
  constructor(
    readonly code: PipelineErrorCode,
    message: string,
    /** Whether starting again may help without anybody changing anything. */
    readonly retriable: boolean,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

export type PipelineErrorCode =
  | 'bad_record'
  | 'missing_topic'
  | 'partition_count'
  | 'position_mismatch'
  | 'offset_lost'
  | 'state_lost'
  | 'reset_unfinished'
  | 'superseded'
  | 'log_failed'
  | 'store_failed'
  | 'registry_failed'
  | 'transaction_timeout'
  | 'record_too_large'
  | 'invalid_function';

/** A bad record under `errors: fail`. */
export class BadRecordError extends PipelineError {
  constructor(
    readonly reason: RejectCode,
    readonly topic: string,
    readonly partition: number,
    readonly offset: number,
    step: string,
    detail: string,
  ) {
    super(
      'bad_record',
      `${topic}-${String(partition)} offset ${String(offset)}: ${reason}: ${detail} (step ${step}); ` +
        'the pipeline says `errors: fail`; use `errors: { topic: … }` to put such records aside, or `errors: skip`',
      false,
    );
  }
}
