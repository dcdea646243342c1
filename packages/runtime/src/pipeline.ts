import type { Plan } from '@rta/dsl';
import { loadFunctions } from './functions/load-functions.js';
import type { Log } from './log/log.js';
import type { KernelCompiler } from './kernel/stage-kernel.js';
import type { PhysicalPlan } from './plan/physical.js';
import { planStages } from './plan/plan-stages.js';
import type { StateStores } from './state/store.js';
import { systemClock, type Clock } from './task/clock.js';
import { PipelineError } from './task/errors.js';
import type { OutputRoute } from './task/output-route.js';
import type { JudgeWriterSchema } from './task/schema-change.js';
import type { SharedRun } from './task/shared-end.js';
import { SizeLimits } from './task/size-limits.js';
import type { WorkerSnapshot } from './task/snapshot.js';
import type { SourceLimit } from './task/source-limits.js';
import type { SinkSchemaIds } from './task/task-context.js';
import type { SchemaSource } from './task/writer-schema.js';
import { internalTopics, outputTopics, sourceTopics, stagePartitions, topicSpec } from './task/topology.js';
import { Worker } from './task/worker.js';

export interface PipelineOptions {
  readonly plan: Plan;
  readonly log: Log;
  readonly stores: StateStores;
  readonly schemas: SchemaSource;
  /** By sink id: from registering the sinks' schemas. */
  readonly sinkSchemaIds: Readonly<Record<string, SinkSchemaIds>>;
  /** Asked of each writer schema that the source's records come with. Default: all are read, and what cannot be read is a bad record. */
  readonly judgeWriterSchema?: JudgeWriterSchema;
  readonly compileStage: KernelCompiler;
  /** What the worker did whose place this one takes. */
  readonly earlier?: WorkerSnapshot;
  readonly clock?: Clock;
  /** Other workers share the pipeline, so that `drain` must wait for what they do too. */
  readonly shared?: SharedRun;
  /** Consumer group and prefix of internal topics. Default: `rta.<pipeline>`. */
  readonly applicationId?: string;
  /** Which version it is under the application id, see deployments/take-over.ts. Default: it was not deployed. */
  readonly epoch?: number;
  /** How far sources are read. Default: as far as they go. */
  readonly limit?: SourceLimit;
  /** Where outputs go. Default: to their topics. */
  readonly route?: (plan: PhysicalPlan) => OutputRoute;
  /** A URL at which this process answers for the tasks that it has, for those that look for them. */
  readonly address?: string;
  /** Distinguishes this worker among those of the pipeline; stable across its restarts. */
  readonly workerId?: string;
  /** Partitions of topics that have to be made and are not declared. */
  readonly defaultPartitions?: number;
  /** Whether missing source topics are made (embedded log) or an error (Kafka, where a typo would make a new empty topic). */
  readonly createSources: boolean;
  /** Bytes of typed state in memory, all tasks of the pipeline together. */
  readonly memoryLimit?: number;
  readonly commitIntervalMs?: number;
  readonly maxCommitIntervalMs?: number;
  /** Bytes of fetched records kept ahead of the worker. */
  readonly bufferBytes?: number;
  readonly sessionTimeoutMs?: number;
  readonly transactionTimeoutMs?: number;
  /** ms for which the consumer may deliver nothing of what the log has before it is replaced. Default 30,000. */
  readonly patienceMs?: number;
  readonly stateFlush?: { readonly flushMs?: number; readonly flushBytes?: number };
  readonly onWarning?: (message: string) => void;
  /** Whether `idle` holds now (for tests). Default: always. */
  readonly judgesIdle?: () => boolean;
}

export interface Pipeline {
  readonly physical: PhysicalPlan;
  readonly worker: Worker;
  /** Of all workers together. */
  readonly taskCount: number;
}

const DEFAULT_PARTITIONS = 4;
const DEFAULT_MEMORY = 1 << 30;
/** Brokers take 1 MiB a batch unless told otherwise; some is left for the frame. */
const MAX_BATCH_BYTES = 1_000_000;
const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;

/**
 * Makes a plan ready to run: stages, topics, and a worker that has not joined yet.
 *
 * @throws PipelineError `missing_topic` for a source that is not there, `partition_count` for an internal topic of another size,
 *   `transaction_timeout` where transactions could time out between two commits
 *   `invalid_function` for a function of the user's that cannot be loaded
 * @throws StagingError where the engine cannot run the plan
 */
export async function openPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { log } = options;
  const plan = await loadFunctions(options.plan);
  const clock = options.clock ?? systemClock;
  const physical = planStages(plan, options.applicationId === undefined ? {} : { applicationId: options.applicationId });
  const maxCommitIntervalMs = options.maxCommitIntervalMs ?? 1000;
  const transactionTimeoutMs = options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_TIMEOUT_MS;
  if (transactionTimeoutMs < 10 * maxCommitIntervalMs)
    throw new PipelineError(
      'transaction_timeout',
      `a transaction timeout of ${String(transactionTimeoutMs)} ms is too short for commits up to ${String(maxCommitIntervalMs)} ms apart: a pause would lose ` +
        `the transaction; use at least ${String(10 * maxCommitIntervalMs)} ms`,
      false,
    );
  const defaultPartitions = options.defaultPartitions ?? DEFAULT_PARTITIONS;
  const partitions = new Map((await log.topics()).map((t) => [t.name, t.partitions]));
  await ensureSources(options, physical, partitions, defaultPartitions);
  const stages = stagePartitions(physical, (topic) => partitions.get(topic) ?? defaultPartitions);
  const policies = { late: plan.late, errors: plan.errors };
  for (const spec of internalTopics(physical, stages)) {
    const existing = partitions.get(spec.name);
    if (existing !== undefined && existing !== spec.partitions)
      throw new PipelineError(
        'partition_count',
        `${spec.name} has ${String(existing)} partitions, the pipeline needs ${String(spec.partitions)}: the source's partition count changed; ` +
          'deploy the pipeline under a new name, or reset it',
        false,
      );
    if (existing === undefined) {
      await log.ensureTopics([spec]);
      partitions.set(spec.name, spec.partitions);
    }
  }
  for (const spec of outputTopics(physical, policies, plan.topics, defaultPartitions))
    if (!partitions.has(spec.name)) {
      await log.ensureTopics([spec]);
      partitions.set(spec.name, spec.partitions);
    }
  const taskCount = stages.reduce((sum, n) => sum + n, 0);
  const worker = new Worker({
    plan: physical,
    compileStage: options.compileStage,
    transactionalId: `${physical.applicationId}-${options.workerId ?? '0'}`,
    context: {
      pipeline: plan.pipeline,
      applicationId: physical.applicationId,
      epoch: options.epoch ?? 0,
      log,
      stores: options.stores,
      schemas: options.schemas,
      ...(options.judgeWriterSchema ? { judgeWriterSchema: options.judgeWriterSchema } : {}),
      sinkSchemaIds: options.sinkSchemaIds,
      policies,
      clock,
      partitionsOf: (topic) => partitions.get(topic) ?? defaultPartitions,
      stagePartitions: stages,
      memoryLimit: (options.memoryLimit ?? DEFAULT_MEMORY) / Math.max(1, taskCount),
      limits: await sizeLimits(log),
      ...(options.stateFlush ? { stateFlush: options.stateFlush } : {}),
      onWarning: options.onWarning ?? (() => undefined),
    },
    ...(options.commitIntervalMs !== undefined ? { commitIntervalMs: options.commitIntervalMs } : {}),
    maxCommitIntervalMs,
    ...(plan.standby !== undefined ? { standby: plan.standby } : {}),
    ...(options.bufferBytes !== undefined ? { bufferBytes: options.bufferBytes } : {}),
    ...(options.sessionTimeoutMs !== undefined ? { sessionTimeoutMs: options.sessionTimeoutMs } : {}),
    transactionTimeoutMs,
    ...(options.patienceMs !== undefined ? { patienceMs: options.patienceMs } : {}),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.route === undefined ? {} : { route: options.route(physical) }),
    ...(options.address !== undefined ? { address: options.address } : {}),
    ...(options.shared !== undefined ? { shared: options.shared } : {}),
    ...(options.earlier !== undefined ? { earlier: options.earlier } : {}),
    ...(options.judgesIdle ? { judgesIdle: options.judgesIdle } : {}),
  });
  return { physical, worker, taskCount };
}

/** What each topic takes, now that all of them are there. */
async function sizeLimits(log: Log): Promise<SizeLimits> {
  const known = (await log.topics()).flatMap(({ name, maxBatchBytes }) => (maxBatchBytes === null ? [] : [[name, maxBatchBytes] as const]));
  return new SizeLimits(new Map(known), MAX_BATCH_BYTES);
}

async function ensureSources(
  options: PipelineOptions,
  physical: PhysicalPlan,
  partitions: Map<string, number>,
  defaultPartitions: number,
): Promise<void> {
  for (const topic of sourceTopics(physical)) {
    if (partitions.has(topic)) continue;
    const declared = options.plan.topics.find((t) => t.name === topic);
    if (!options.createSources && !declared)
      throw new PipelineError(
        'missing_topic',
        `the source topic "${topic}" does not exist; create it, or declare it under \`topics:\` with its partitions`,
        false,
      );
    const spec = topicSpec(topic, declared, { partitions: defaultPartitions, compacted: false });
    await options.log.ensureTopics([spec]);
    partitions.set(topic, spec.partitions);
  }
}
