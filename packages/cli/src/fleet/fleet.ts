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
  type WorkerSnapshot,
} from '@rta/runtime';
import { compileDeployed } from '../project/compile-deployed.js';
import { DeployedRun, type RunContext } from './deployed-run.js';
import { deployRebuild } from './own-rebuild.js';
import { epochOfRun, runKey, wantedRuns, type WantedRun } from './wanted.js';

/** ms between looks at the record. */
const LOOK_MS = 500;
/** ms after which a hand-over that had come to its end here is looked at again: another worker may have died over its part. */
const AGAIN_MS = 5_000;

export interface FleetHooks {
  readonly stopped: (run: WantedRun) => void;
  /** A rebuild has come to its next phase, or, with null, has taken over. */
  readonly advanced: (pipeline: string, version: number, phase: string | null) => void;
  /** Something that is tried again. */
  readonly trouble: (error: unknown) => void;
}

interface Rebuilding {
  readonly key: string;
  readonly watch: RebuildWatch;
  /** A look under way. */
  looking: boolean;
}

export class Fleet {
  private readonly deployments: Deployments;
  private readonly runs = new Map<string, DeployedRun>();
  private readonly rebuilds = new Map<string, Rebuilding>();
  /** When hand-overs came to their end here, by key. */
  private readonly handedOver = new Map<string, number>();
  /** Pipelines that cannot be run as they are recorded, by the revision that was complained of. */
  private readonly broken = new Map<string, number>();
  private snapshot: DeploymentsSnapshot = { pipelines: new Map() };

  /** @param by who promotes, for people */
  constructor(
    private readonly on: RunContext,
    private readonly hooks: FleetHooks,
    private readonly by: string,
  ) {
    this.deployments = new Deployments(on.backend.log);
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
          this.hooks.trouble(error);
        }
        looked();
        // Workers that look at the same moments would get in each other's way when they change something.
        await delay(LOOK_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      }
    } finally {
      for (const run of this.runs.values()) run.stop();
      await Promise.all([...this.runs.values()].map(({ ended }) => ended));
    }
  }

  /** Of what runs, by `pipeline version mode`. */
  snapshots(): { readonly key: string; readonly wanted: WantedRun; readonly snapshot: WorkerSnapshot }[] {
    return [...this.runs].flatMap(([key, run]) => {
      const snapshot = run.snapshot();
      return snapshot === null ? [] : [{ key, wanted: run.wanted, snapshot }];
    });
  }

  private reconcile(): void {
    const wanted = new Map(
      [...this.snapshot.pipelines.values()].flatMap((pipeline) => this.wanted(pipeline)).map((run) => [runKey(run), run]),
    );
    for (const [key, run] of this.runs) if (!wanted.has(key)) run.stop();
    // Of one application id one thing runs at a time: what is not wanted any more ends first.
    const busy = new Set([...this.runs.values()].map(({ applicationId }) => applicationId));
    const now = performance.now();
    for (const [key, run] of wanted) {
      if (this.runs.has(key) || busy.has(run.version.applicationId)) continue;
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
      if (this.broken.get(pipeline.pipeline) !== pipeline.revision) this.hooks.trouble(error);
      this.broken.set(pipeline.pipeline, pipeline.revision);
      return [];
    }
  }

  private start(key: string, wanted: WantedRun): void {
    const limit = wanted.mode === 'shadow' ? this.rebuilds.get(wanted.version.pipeline)?.watch.limit : undefined;
    // A shadow without a limit would read too far.
    if (wanted.mode === 'shadow' && limit === undefined) return;
    const rebuildWith = deployRebuild(this.deployments, wanted.version, this.by);
    const run = new DeployedRun(this.on, wanted, rebuildWith, limit);
    this.runs.set(key, run);
    void run.ended.then(() => {
      this.runs.delete(key);
      if (wanted.mode === 'handover') this.handedOver.set(key, performance.now());
      this.hooks.stopped(wanted);
    });
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
        this.hooks.trouble(error);
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
