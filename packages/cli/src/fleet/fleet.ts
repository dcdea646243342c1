/** Runs what the record of deployments says, and follows it. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  changedBy,
  currentOf,
  DeploymentError,
  Deployments,
  LogError,
  planStages,
  promoted,
  pipelineOf,
  RebuildWatch,
  versionOf,
  type DeploymentsSnapshot,
  type PhysicalPlan,
  type PipelineDeployments,
  type StoreAnswer,
  type StoreQuery,
} from '@rta/runtime';
import { compileDeployed } from '../project/compile-deployed.js';
import type { Crew, CrewHooks, CrewRun } from './crew.js';
import { DeployedRun, type RunContext } from './deployed-run.js';
import { Leftovers } from './leftovers.js';
import { deployRebuild } from './own-rebuild.js';
import { epochOfRun, nameOf, runKey, wantedRuns, type WantedRun } from './wanted.js';

/** ms between looks at the record. */
const LOOK_MS = 500;
/** ms after which a hand-over that had come to its end here is looked at again: another worker may have died over its part. */
const AGAIN_MS = 5_000;

interface Rebuilding {
  readonly key: string;
  readonly watch: RebuildWatch;
  /** A look under way. */
  looking: boolean;
}

export class Fleet implements Crew {
  private readonly deployments: Deployments;
  private readonly leftovers: Leftovers;
  private readonly running = new Map<string, DeployedRun>();
  private readonly rebuilds = new Map<string, Rebuilding>();
  /** When hand-overs came to their end here, by key. */
  private readonly handedOver = new Map<string, number>();
  /** Pipelines that cannot be run as they are recorded, by the revision that was complained of. */
  private readonly broken = new Map<string, number>();
  private snapshot: DeploymentsSnapshot = { pipelines: new Map() };

  /** @param by who promotes, for people */
  constructor(
    private readonly on: RunContext,
    private readonly hooks: CrewHooks,
    private readonly by: string,
  ) {
    const { log, removeState } = on.backend;
    this.deployments = new Deployments(log);
    this.leftovers = new Leftovers(log, removeState, (error) => {
      this.trouble(error);
    });
  }

  /** Until the signal comes; then everything has committed and left. `looked` is called after each look, and may throw. */
  async run(signal: AbortSignal, looked: () => void): Promise<void> {
    try {
      while (!signal.aborted) {
        try {
          this.snapshot = await this.deployments.read();
          this.reconcile();
        } catch (error) {
          if (!(error instanceof LogError) || !error.retriable) throw error;
          this.trouble(error);
        }
        looked();
        // Workers that look at the same moments would get in each other's way when they change something.
        await delay(LOOK_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      }
    } finally {
      for (const run of this.running.values()) run.stop();
      await Promise.all([...this.running.values()].map(({ ended }) => ended));
      await this.leftovers.settled();
    }
  }

  runs(): CrewRun[] {
    return [...this.running].map(([key, run]) => ({ key, ...nameOf(run.wanted), snapshot: run.snapshot() }));
  }

  query(key: string, query: StoreQuery): Promise<readonly StoreAnswer[]> {
    return this.running.get(key)?.query(query) ?? Promise.resolve([]);
  }

  private reconcile(): void {
    const wanted = new Map(
      [...this.snapshot.pipelines.values()].flatMap((pipeline) => this.wanted(pipeline)).map((run) => [runKey(run), run]),
    );
    for (const [key, run] of this.running) if (!wanted.has(key)) run.stop();
    // Of one application id one thing runs at a time: what is not wanted any more ends first.
    const busy = new Set([...this.running.values()].map(({ applicationId }) => applicationId));
    this.leftovers.look(this.snapshot, busy);
    const now = performance.now();
    for (const [key, run] of wanted) {
      if (this.running.has(key) || busy.has(run.version.applicationId)) continue;
      if (run.mode !== 'handover' || now - (this.handedOver.get(key) ?? -Infinity) > AGAIN_MS) this.start(key, run);
    }
  }

  /** Of one that cannot be understood nothing is run, and the others go on. */
  private wanted(pipeline: PipelineDeployments): WantedRun[] {
    try {
      this.advance(pipeline);
      const runs = wantedRuns(pipeline);
      this.broken.delete(pipeline.pipeline);
      return runs;
    } catch (error) {
      if (this.broken.get(pipeline.pipeline) !== pipeline.revision) this.trouble(error);
      this.broken.set(pipeline.pipeline, pipeline.revision);
      return [];
    }
  }

  private start(key: string, wanted: WantedRun): void {
    const limit = wanted.mode === 'shadow' ? this.rebuilds.get(wanted.version.pipeline)?.watch.limit : undefined;
    // A shadow without a limit would read too far.
    if (wanted.mode === 'shadow' && limit === undefined) return;
    const rebuildWith = deployRebuild(this.deployments, wanted.version, this.by);
    const run = new DeployedRun(this.on, this.hooks, wanted, rebuildWith, limit);
    this.running.set(key, run);
    void run.ended.then(() => {
      this.running.delete(key);
      if (wanted.mode === 'handover') this.handedOver.set(key, performance.now());
      this.hooks.stopped(nameOf(wanted));
    });
  }

  /** Something that is tried again. */
  private trouble(error: unknown): void {
    this.hooks.warning(null, error instanceof Error ? error.message : String(error));
  }

  private advance(pipeline: PipelineDeployments): void {
    const { rebuild, pipeline: name } = pipeline;
    if (rebuild === null) {
      this.rebuilds.delete(name);
      return;
    }
    const key = `${String(pipeline.current)} ${String(rebuild.version)}`;
    let rebuilding = this.rebuilds.get(name);
    if (rebuilding?.key !== key) {
      rebuilding = { key, watch: this.watchOf(pipeline, rebuild.version), looking: false };
      this.rebuilds.set(name, rebuilding);
    }
    const one = rebuilding;
    if (one.looking) return;
    one.looking = true;
    void this.look(pipeline, one)
      .catch((error: unknown) => {
        this.trouble(error);
      })
      .finally(() => (one.looking = false));
  }

  private async look(pipeline: PipelineDeployments, { watch }: Rebuilding): Promise<void> {
    const { rebuild, pipeline: name } = pipeline;
    if (rebuild === null) return;
    const over = await watch.look(rebuild.phase, Date.now());
    if (!over || (rebuild.phase === 'rebuilding' && (rebuild.manual || pipeline.state === 'paused'))) return;
    try {
      const seen = { pipelines: new Map([[name, pipeline]]) };
      const after = await this.deployments.append(seen, [promoted(pipeline, changedBy(this.by, Date.now()))]);
      this.hooks.advanced(name, rebuild.version, pipelineOf(after, name).rebuild?.phase ?? null);
    } catch (error) {
      // Another worker was quicker, or somebody has deployed something else.
      if (!(error instanceof DeploymentError)) throw error;
    }
  }

  private watchOf(pipeline: PipelineDeployments, version: number): RebuildWatch {
    const next = versionOf(pipeline, version);
    return new RebuildWatch(
      this.on.backend.log,
      this.physical(pipeline.pipeline, pipeline.current),
      this.physical(pipeline.pipeline, version),
      epochOfRun(next, 'live'),
      () => this.othersTopics(pipeline.pipeline),
    );
  }

  private physical(name: string, version: number): PhysicalPlan {
    const { pipelines } = this.snapshot;
    const { applicationId, source } = versionOf(pipelineOf({ pipelines }, name), version);
    return planStages(compileDeployed(this.on.context, name, source), { applicationId });
  }

  /** Topics that other deployed pipelines have to do with. */
  private othersTopics(name: string): ReadonlySet<string> {
    return new Set(
      [...this.snapshot.pipelines.values()].filter((each) => each.pipeline !== name).flatMap((each) => currentOf(each).topics),
    );
  }
}
