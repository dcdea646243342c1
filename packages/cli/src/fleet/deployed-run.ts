/** One version of a pipeline at work in this process, until it is told to stop; what fails is begun again after a while. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Plan } from '@rta/dsl';
import { apply, gateRequestsOf } from '@rta/registry';
import {
  compileStage,
  ensureStaging,
  stagingRoute,
  takeOver,
  type SourceLimit,
  type StoreAnswer,
  type StoreQuery,
  type WorkerSnapshot,
} from '@rta/runtime';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { compileDeployed, deployedCompiler } from '../project/compile-deployed.js';
import { openRun, type LocalPipelineRun } from '../run/pipeline-run.js';
import { currentPlans, requireCompatible } from '../run/prepare.js';
import { sinkSchemaIdsOf } from '../run/sink-schema-ids.js';
import { SourceChanges, type RebuildWith } from '../run/source-changes.js';
import type { Tracing } from '../run/trace/tracing.js';
import type { CrewHooks } from './crew.js';
import { epochOfRun, nameOf, type WantedRun } from './wanted.js';

/** ms between tries, at most. */
const MAX_BACKOFF_MS = 30_000;
/** ms between questions whether the version before has ended. */
const ASK_MS = 300;

export interface RunContext {
  readonly context: Pick<CliContext, 'cwd'>;
  readonly backend: Pick<Backend, 'log' | 'registry' | 'stores' | 'removeState'>;
  readonly workerId: string;
  readonly partitions?: number;
  /** A URL at which the process answers for the tasks that it has. */
  readonly address?: string;
  /** Who is told of commits and the like; not there: nobody. */
  readonly tracing?: Tracing;
}

export class DeployedRun {
  /** Resolves when it has stopped. Never rejects. */
  readonly ended: Promise<void>;
  private readonly stopping = new AbortController();
  private pipeline: LocalPipelineRun | null = null;

  /**
   * @param rebuildWith what becomes of it where a source's new schema needs other state
   * @param limit how far a shadow reads its sources
   */
  constructor(
    private readonly on: RunContext,
    private readonly hooks: Pick<CrewHooks, 'started' | 'failed' | 'warning'>,
    readonly wanted: WantedRun,
    private readonly rebuildWith: RebuildWith,
    private readonly limit?: SourceLimit,
  ) {
    this.ended = this.untilStopped();
  }

  get applicationId(): string {
    return this.wanted.version.applicationId;
  }

  /** Null where it has not begun. */
  snapshot(): WorkerSnapshot | null {
    return this.pipeline?.snapshot() ?? null;
  }

  /** Rows of a store, by the tasks that are here; rejects where that cannot be said now. */
  query(query: StoreQuery): Promise<readonly StoreAnswer[]> {
    return this.pipeline?.query(query) ?? Promise.reject(new Error('it is just being started'));
  }

  /** Commits what was processed, and leaves. */
  stop(): void {
    this.stopping.abort();
    this.pipeline?.stop();
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
        const { code } = error as { readonly code?: unknown };
        // The record will soon say what else there is to do.
        const superseded = code === 'superseded';
        if (performance.now() - begun > MAX_BACKOFF_MS) tries = 1;
        const pause = superseded ? 1000 : code === 'incompatible_schema' ? MAX_BACKOFF_MS : Math.min(MAX_BACKOFF_MS, 500 * 2 ** tries);
        if (!superseded) this.hooks.failed(nameOf(this.wanted), error instanceof Error ? error.message : String(error), pause);
        await this.pipeline?.abandon().catch(() => undefined);
        await delay(pause, undefined, { signal }).catch(() => undefined);
      } finally {
        this.pipeline = null;
      }
    }
  }

  private async once(): Promise<void> {
    const { context, backend, workerId, partitions, address } = this.on;
    const { version, mode } = this.wanted;
    const { log, registry, stores } = backend;
    const epoch = epochOfRun(version, mode);
    const onWarning = (message: string): void => {
      this.hooks.warning(version.pipeline, message);
    };
    const compile = deployedCompiler(context, version.pipeline, version.source);
    const changes = new SourceChanges(registry, compile, onWarning, this.rebuildWith);
    const plan = await this.runnable(changes, onWarning);
    const requests = gateRequestsOf(plan);
    // What it reads no more of may have a schema by now that it could not read.
    const ids = await apply(registry, mode === 'handover' ? { ...requests, sources: [] } : requests);
    const sinkSchemaIds = sinkSchemaIdsOf(plan, ids);
    const { signal } = this.stopping;
    if (signal.aborted) return;
    const { run, physical } = await openRun(
      {
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
        ...(address === undefined ? {} : { address }),
        ...(mode === 'handover' ? { limit: () => 0 } : this.limit === undefined ? {} : { limit: this.limit }),
        ...(mode === 'shadow' ? { route: stagingRoute } : {}),
        // While its inputs are held back it is not known whether they are quiet.
        ...(mode === 'live' ? {} : { judgesIdle: () => false }),
        onWarning,
      },
      (now) => (source, schemaId, schema) => changes.judge(now, { source, schemaId, schema }),
    );
    if (mode === 'shadow') await ensureStaging(log, physical);
    while ((await takeOver(log, physical, epoch)) === 'not_yet') await delay(ASK_MS, undefined, { signal });
    this.pipeline = run;
    if (signal.aborted) return;
    this.hooks.started(nameOf(this.wanted));
    await run.run({ when: mode === 'handover' ? 'handed_over' : 'stopped' });
  }

  /** The version as it can be run with the schemas that there are. Rejects with Failure `incompatible_schema`. */
  private async runnable(changes: SourceChanges, onWarning: (message: string) => void): Promise<Plan> {
    const { version, mode } = this.wanted;
    const declared = compileDeployed(this.on.context, version.pipeline, version.source);
    if (mode === 'handover') return declared;
    const [plan] = await currentPlans(this.on.backend, [declared], () => changes);
    await requireCompatible(this.on.backend, [plan], (_, message) => {
      onWarning(message);
    });
    return plan;
  }
}
