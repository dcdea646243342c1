/** What `rta worker` serves and tells of the pipelines that it runs for all to see, as these change. */
import { Deployments, pipelineOf, versionOf, type WorkerSnapshot } from '@rta/runtime';
import type { ServedPipeline } from '@rta/serve';
import type { Plan } from '@rta/dsl';
import type { Backend } from '../backend/backend.js';
import type { CliContext } from '../context.js';
import { compileDeployed } from '../project/compile-deployed.js';
import type { ConsoleFeed } from '../run/console/console-feed.js';
import { LatestRows } from '../run/latest-rows.js';
import { ProgressMeter } from '../run/progress.js';
import type { Crew, CrewRun } from './crew.js';

/** A version that is at work here. */
class ServedVersion implements ServedPipeline {
  readonly latest: LatestRows;
  readonly meter: ProgressMeter;
  /** As the console wants it. */
  readonly run: Pick<ServedPipeline, 'snapshot' | 'query'> = this;

  constructor(
    readonly key: string,
    readonly plan: Plan,
    private last: WorkerSnapshot,
    private readonly crew: Crew,
    { log, registry }: Backend,
  ) {
    this.latest = new LatestRows(plan, log, registry);
    this.meter = new ProgressMeter(plan, last.at);
  }

  /** The last one that there was. */
  snapshot(): WorkerSnapshot {
    return (this.last = this.crew.runs().find(({ key }) => key === this.key)?.snapshot ?? this.last);
  }

  query(query: Parameters<ServedPipeline['query']>[0]): ReturnType<ServedPipeline['query']> {
    return this.crew.query(this.key, query);
  }
}

export class ServedFleet {
  /** Always the same array, with those that run now. */
  readonly versions: ServedVersion[] = [];
  private readonly deployments: Deployments;
  private looking: Promise<void> | null = null;

  constructor(
    private readonly context: CliContext,
    private readonly backend: Backend,
    private readonly crew: Crew,
    private readonly onTrouble: (error: unknown) => void,
  ) {
    this.deployments = new Deployments(backend.log);
  }

  /** Pipelines that are to run here for all to see, and do not: they begin, or wait after a failure. */
  waiting(): string[] {
    return this.live()
      .filter(({ key, snapshot }) => snapshot === null || !this.versions.some((version) => version.key === key))
      .map(({ pipeline }) => pipeline);
  }

  /** Once a second: follows what runs, and tells the console. */
  look(feed: ConsoleFeed): void {
    this.looking ??= this.follow(feed)
      .catch(this.onTrouble)
      .finally(() => (this.looking = null));
  }

  /** Resolves when the look that is under way is over. */
  async settled(): Promise<void> {
    await this.looking;
  }

  private async follow(feed: ConsoleFeed): Promise<void> {
    const live = this.live();
    const gone = this.versions.filter(({ key }) => !live.some((run) => run.key === key));
    const come: ServedVersion[] = [];
    for (const { key, pipeline, version, snapshot } of live) {
      if (snapshot === null || this.versions.some((each) => each.key === key)) continue;
      const { applicationId, source } = versionOf(pipelineOf(await this.deployments.read(), pipeline), version);
      const plan = { ...compileDeployed(this.context, pipeline, source), applicationId };
      come.push(new ServedVersion(key, plan, snapshot, this.crew, this.backend));
    }
    if (gone.length + come.length > 0) {
      const all = [...this.versions.filter((each) => !gone.includes(each)), ...come];
      this.versions.splice(0, Infinity, ...all.sort((a, b) => (a.plan.pipeline < b.plan.pipeline ? -1 : 1)));
      feed.changed();
    }
    feed.progress(this.versions.map((each) => each.meter.measure(each.snapshot(), each.latest.views())));
    for (const { latest } of this.versions) void latest.refresh();
  }

  private live(): readonly CrewRun[] {
    return this.crew.runs().filter(({ mode }) => mode === 'live');
  }
}
