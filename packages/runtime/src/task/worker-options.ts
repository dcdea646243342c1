import type { KernelCompiler } from '../kernel/stage-kernel.js';
import type { HeldState, MemberOptions } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import type { OutputRoute } from './output-route.js';
import type { SharedRun } from './shared-end.js';
import type { WorkerSnapshot } from './snapshot.js';
import type { SourceLimit } from './source-limits.js';
import type { TaskContext } from './task-context.js';
import { depth, inputTopics } from './topology.js';

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
  /** Copies of each task's state that other workers keep. Default 0. */
  readonly standby?: number;
  /** A URL at which this process answers for the tasks that it has. */
  readonly address?: string;
  /** Other workers share the pipeline, so that `drain` must wait for what they do too. */
  readonly shared?: SharedRun;
  /** What a worker did whose place this one takes: counts go on from there. */
  readonly earlier?: WorkerSnapshot;
  /** How far sources are read. Default: as far as they go. */
  readonly limit?: SourceLimit;
  /** Where outputs go. Default: to their topics. */
  readonly route?: OutputRoute;
  /** ms for which the consumer may deliver nothing of what the log has before it is replaced. Default 30,000. */
  readonly patienceMs?: number;
  /** Whether `idle` holds now. Default: always. Tests let it hold when all that was sent has been read. */
  readonly judgesIdle?: () => boolean;
}

/** What the worker joins its group with. @param held state that it has from before */
export function memberOptions(options: WorkerOptions, held: readonly HeldState[]): MemberOptions {
  const { plan, context, transactionalId, standby, address, bufferBytes, sessionTimeoutMs, transactionTimeoutMs } = options;
  return {
    group: context.applicationId,
    topics: inputTopics(plan),
    transactionalId,
    held,
    ...(standby !== undefined ? { standby } : {}),
    ...(address !== undefined ? { address } : {}),
    ...(bufferBytes !== undefined ? { bufferBytes } : {}),
    ...(sessionTimeoutMs !== undefined ? { sessionTimeoutMs } : {}),
    ...(transactionTimeoutMs !== undefined ? { transactionTimeoutMs } : {}),
  };
}

/** ms between commits, while keeping up and while lagging (SEMANTICS rule 27). */
export function commitIntervals(options: WorkerOptions): { readonly intervalMs: number; readonly maxIntervalMs: number } {
  const hops = 1 + Math.max(0, ...options.plan.stages.map((stage) => depth(options.plan, stage)));
  return {
    intervalMs: Math.max(10, Math.floor(Math.min(options.commitIntervalMs ?? 100, 300 / hops))),
    maxIntervalMs: options.maxCommitIntervalMs ?? 1000,
  };
}
