/** One version of a pipeline at work in this process, until it is told to stop; what fails is begun again after a while. */
import { setTimeout as delay } from 'node:timers/promises';
import { apply, gateRequestsOf } from '@rta/registry';
import {
  compileStage,
  ensureStaging,
  openPipeline,
  PipelineError,
  stagingRoute,
  takeOver,
  type Pipeline,
  type SourceLimit,
  type WorkerSnapshot,
} from '@rta/runtime';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { compileDeployed } from '../project/compile-deployed.js';
import { sinkSchemaIdsOf } from '../run/sink-schema-ids.js';
import type { Tracing } from '../run/trace/tracing.js';
import { epochOfRun, type WantedRun } from './wanted.js';

/** ms between tries, at most. */
const MAX_BACKOFF_MS = 30_000;
/** ms between questions whether the version before has ended. */
const ASK_MS = 300;

interface RunHooks {
  readonly started: (run: WantedRun) => void;
  readonly failed: (run: WantedRun, error: unknown, againInMs: number) => void;
  readonly warning: (run: WantedRun, message: string) => void;
}

export interface RunContext {
  readonly context: Pick<CliContext, 'cwd'>;
  readonly backend: Backend;
  readonly workerId: string;
  readonly partitions?: number;
  /** Who is told of commits and the like. */
  readonly tracing: Tracing | null;
  readonly hooks: RunHooks;
}

export class DeployedRun {
  /** Resolves when it has stopped. Never rejects. */
  readonly ended: Promise<void>;
  private readonly stopping = new AbortController();
  private pipeline: Pipeline | null = null;

  /** @param limit how far a shadow reads its sources */
  constructor(
    private readonly on: RunContext,
    readonly wanted: WantedRun,
    private readonly limit?: SourceLimit,
  ) {
    this.ended = this.untilStopped();
  }

  get applicationId(): string {
    return this.wanted.version.applicationId;
  }

  /** Null where it has not begun. */
  snapshot(): WorkerSnapshot | null {
    return this.pipeline?.worker.snapshot() ?? null;
  }

  /** Commits what was processed, and leaves. */
  stop(): void {
    this.stopping.abort();
    this.pipeline?.worker.stop();
  }

  private async untilStopped(): Promise<void> {
    const { signal } = this.stopping;
    for (let tries = 1; !signal.aborted; tries++) {
      const begun = performance.now();
      try {
        await this.once();
        return;
      } catch (error) {
        if (signal.aborted) return;
        // The record will soon say what else there is to do.
        const superseded = error instanceof PipelineError && error.code === 'superseded';
        if (performance.now() - begun > MAX_BACKOFF_MS) tries = 1;
        const pause = superseded ? 1000 : Math.min(MAX_BACKOFF_MS, 500 * 2 ** tries);
        if (!superseded) this.on.hooks.failed(this.wanted, error, pause);
        await this.pipeline?.worker.abandon().catch(() => undefined);
        await delay(pause, undefined, { signal }).catch(() => undefined);
      } finally {
        this.pipeline = null;
      }
    }
  }

  private async once(): Promise<void> {
    const { context, backend, workerId, partitions, hooks } = this.on;
    const { version, mode } = this.wanted;
    const { log, registry, stores } = backend;
    const epoch = epochOfRun(version, mode);
    const plan = compileDeployed(context, version.pipeline, version.source);
    const sinkSchemaIds = sinkSchemaIdsOf(plan, await apply(registry, gateRequestsOf(plan)));
    const { signal } = this.stopping;
    if (signal.aborted) return;
    const pipeline = await openPipeline({
      plan,
      log: this.on.tracing?.log(log, version.pipeline) ?? log,
      stores,
      schemas: registry,
      sinkSchemaIds,
      compileStage,
      createSources: log.kind === 'embedded',
      workerId,
      applicationId: version.applicationId,
      epoch,
      ...(partitions === undefined ? {} : { defaultPartitions: partitions }),
      ...(mode === 'handover' ? { limit: () => 0 } : this.limit === undefined ? {} : { limit: this.limit }),
      ...(mode === 'shadow' ? { route: stagingRoute } : {}),
      // While its inputs are held back it is not known whether they are quiet.
      ...(mode === 'live' ? {} : { judgesIdle: () => false }),
      onWarning: (message) => {
        hooks.warning(this.wanted, message);
      },
    });
    const { physical, worker } = pipeline;
    if (mode === 'shadow') await ensureStaging(log, physical);
    while ((await takeOver(log, physical, epoch)) === 'not_yet') await delay(ASK_MS, undefined, { signal });
    this.pipeline = pipeline;
    if (signal.aborted) return;
    hooks.started(this.wanted);
    if (mode !== 'handover') {
      await worker.run();
      return;
    }
    await worker.drainStages();
    await worker.finish();
  }
}
