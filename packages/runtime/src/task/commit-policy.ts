/**
 * When to commit. Few dirty keys: often, for latency. Under lag: rarely enough that committing stays under a fifth of the pipeline's own
 * time, however many share the thread with it, at most a second. A stage behind a repartition that has caught up commits at once, since its
 * latency adds to the stage's before (SEMANTICS rule 27).
 */
export interface CommitPolicyOptions {
  /** Upper bound for a pipeline that keeps up, ms: at most 300 / hops. */
  readonly intervalMs: number;
  /** Upper bound while lagging, ms. */
  readonly maxIntervalMs: number;
}

/** What a commit costs this thread, in times of what writing its records costs: sealing and sending them come on top. */
const COST_OF_WRITING = 2;
/** Processing to each commit, in times of its cost: a fifth of the time is the commit's. */
const PROCESSING_PER_COST = 4;

export class CommitPolicy {
  private lastCommitAt: number;
  /** Moving average of what writing a commit's records costs this thread, ms. */
  private writingMs = 0;
  /** Since the last commit. */
  private processingMs = 0;

  constructor(
    private readonly options: CommitPolicyOptions,
    now: number,
  ) {
    this.lastCommitAt = now;
  }

  /** ms until the next commit is due; 0 or less: now. */
  dueIn(now: number, state: { readonly lagging: boolean; readonly downstreamIdle: boolean }): number {
    const { intervalMs, maxIntervalMs } = this.options;
    const elapsed = now - this.lastCommitAt;
    if (state.lagging) {
      const processing = PROCESSING_PER_COST * COST_OF_WRITING * this.writingMs - this.processingMs;
      return Math.min(maxIntervalMs - elapsed, Math.max(intervalMs - elapsed, processing));
    }
    return (state.downstreamIdle ? Math.min(intervalMs, Math.max(5, 2 * this.writingMs)) : intervalMs) - elapsed;
  }

  /** So much time went into records. */
  processed(ms: number): void {
    this.processingMs += ms;
  }

  /** @param writingMs what it took to write its records */
  committed(at: number, writingMs: number): void {
    this.lastCommitAt = at;
    this.processingMs = 0;
    this.writingMs = this.writingMs === 0 ? writingMs : 0.7 * this.writingMs + 0.3 * writingMs;
  }
}
