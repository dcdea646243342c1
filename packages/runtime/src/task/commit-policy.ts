/**
 * When to commit. Few dirty keys: often, for latency. Under lag: rarely enough that committing stays under a fifth of the time, at most a
 * second. A stage behind a repartition that has caught up commits at once, since its latency adds to the stage's before (SEMANTICS rule 27).
 */
export interface CommitPolicyOptions {
  /** Upper bound for a pipeline that keeps up, ms: at most 300 / hops. */
  readonly intervalMs: number;
  /** Upper bound while lagging, ms. */
  readonly maxIntervalMs: number;
}

export class CommitPolicy {
  private lastCommitAt: number;
  /** Moving average of what a commit costs this thread, ms. */
  private costMs = 0;

  constructor(
    private readonly options: CommitPolicyOptions,
    now: number,
  ) {
    this.lastCommitAt = now;
  }

  /** ms until the next commit is due; 0 or less: now. */
  dueIn(now: number, state: { readonly lagging: boolean; readonly downstreamIdle: boolean }): number {
    const { intervalMs, maxIntervalMs } = this.options;
    const interval = state.lagging
      ? Math.min(maxIntervalMs, Math.max(intervalMs, 5 * this.costMs))
      : state.downstreamIdle
        ? Math.min(intervalMs, Math.max(5, 2 * this.costMs))
        : intervalMs;
    return this.lastCommitAt + interval - now;
  }

  committed(at: number, costMs: number): void {
    this.lastCommitAt = at;
    this.costMs = this.costMs === 0 ? costMs : 0.7 * this.costMs + 0.3 * costMs;
  }
}
