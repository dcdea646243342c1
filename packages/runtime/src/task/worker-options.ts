import type { KernelCompiler } from '../kernel/stage-kernel.js';
import type { PhysicalPlan } from '../plan/physical.js';
import type { TaskContext } from './task.js';

export interface WorkerOptions {
  readonly plan: PhysicalPlan;
  readonly context: Omit<TaskContext, 'onStoreFailed' | 'onProgress' | 'stopping'>;
  readonly compileStage: KernelCompiler;
  /** One transactional producer per worker; the id is stable across restarts of this worker. */
  readonly transactionalId: string;
  /** Commit at least so often while keeping up, ms; divided by the number of transactional hops. */
  readonly commitIntervalMs?: number;
  /** Commit at least so often while lagging, ms. */
  readonly maxCommitIntervalMs?: number;
  readonly bufferBytes?: number;
  readonly sessionTimeoutMs?: number;
  readonly transactionTimeoutMs?: number;
  /** Whether `idle` holds now. Default: always. Tests let it hold when all that was sent has been read. */
  readonly judgesIdle?: () => boolean;
}
