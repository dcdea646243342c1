/** What `rta worker` serves and tells of the pipelines that it runs for all to see, as these change. */
import type { WorkerSnapshot } from '@rta/runtime';
import type { ServedPipeline } from '@rta/serve';
import type { Plan } from '@rta/dsl';
import type { Backend } from '../backend/backend.js';
import type { ConsoleFeed } from '../run/console/console-feed.js';
import { LatestRows } from '../run/latest-rows.js';
import { ProgressMeter } from '../run/progress.js';
import type { Crew } from './crew.js';
import type { LiveVersion } from './live-versions.js';

/** A version that is at work here. */
class ServedVersion implements ServedPipeline {
  readonly plan: Plan;
  readonly latest: LatestRows;
  readonly meter: ProgressMeter;
  /** As the console wants it. */
  readonly run: Pick<ServedPipeline, 'snapshot' | 'query'> = this;

  constructor(
    readonly live: LiveVersion,
    private readonly crew: Crew,
    { log, registry }: Backend,
  ) {
    this.plan = live.plan;
    this.latest = new LatestRows(live.plan, log, registry);
    this.meter = new ProgressMeter(live.plan, live.snapshot().at);
  }

  snapshot(): WorkerSnapshot {
    return this.live.snapshot();
  }

  query(query: Parameters<ServedPipeline['query']>[0]): ReturnType<ServedPipeline['query']> {
    return this.crew.query(this.live.key, query);
  }
}

export class ServedFleet {
  /** Always the same array, with those that run now. */
  readonly versions: ServedVersion[] = [];

  constructor(
    private readonly backend: Backend,
    private readonly crew: Crew,
  ) {}

  /** Pipelines that are to run here for all to see, and do not: they begin, or wait after a failure. */
  waiting(): string[] {
    return this.crew
      .runs()
      .filter(
        ({ mode, key, snapshot }) => mode === 'live' && (snapshot === null || !this.versions.some((version) => version.live.key === key)),
      )
      .map(({ pipeline }) => pipeline);
  }

  /** Once a second: serves what runs, and tells the console. */
  follow(live: readonly LiveVersion[], feed: ConsoleFeed): void {
    const kept = this.versions.filter((version) => live.includes(version.live));
    const come = live.filter((one) => !kept.some((version) => version.live === one));
    if (kept.length < this.versions.length || come.length > 0) {
      const all = [...kept, ...come.map((one) => new ServedVersion(one, this.crew, this.backend))];
      this.versions.splice(0, Infinity, ...all.sort((a, b) => (a.plan.pipeline < b.plan.pipeline ? -1 : 1)));
      feed.changed();
    }
    feed.progress(this.versions.map((each) => each.meter.measure(each.snapshot(), each.latest.views())));
    for (const { latest } of this.versions) void latest.refresh();
  }
}
