import type { Member } from '../log/log.js';
import { commitDueIn } from './assignment.js';
import { CommitPolicy } from './commit-policy.js';
import type { KnownCommits } from './known-commits.js';
import { Latencies } from './latencies.js';
import { routed, tellConfirmed } from './output-route.js';
import type { RepartitionPurge } from './repartition-purge.js';
import type { Task, TaskCommit } from './task.js';
import { commitIntervals, type WorkerOptions } from './worker-options.js';

interface CommitEvents {
  /** A commit is certain, and the tasks have been told. */
  readonly confirmed: () => void;
  /** What a commit failed with, or what a task met on hearing that it is certain. */
  readonly failed: (error: unknown) => void;
}

/** The commits of a worker: one transaction of all its tasks at a time, sent while they process the next batches. */
export class Commits {
  readonly latencies = new Latencies();
  count = 0;
  /** Wall clock, ms. */
  lastAt: number | null = null;
  private readonly policy: CommitPolicy;
  private sending: Promise<void> | null = null;

  constructor(
    private readonly options: WorkerOptions,
    private readonly purge: RepartitionPurge,
    private readonly known: KnownCommits,
    private readonly events: CommitEvents,
  ) {
    this.policy = new CommitPolicy(commitIntervals(options), options.context.clock.now());
  }

  get underWay(): boolean {
    return this.sending !== null;
  }

  /** Resolves when none is under way; never rejects. */
  async settled(): Promise<void> {
    if (this.sending !== null) await this.sending;
  }

  /** ms until the next one is due; Infinity: there is nothing to commit. @param stable last stable offsets, by partition */
  dueIn(tasks: Iterable<Task>, byInput: ReadonlyMap<string, Task>, stable: ReadonlyMap<string, number>): number {
    return commitDueIn(this.policy, this.options.context.clock.now(), [...tasks], byInput, stable);
  }

  /** Does what processes records, whose time is weighed against that of commits. */
  processing<T>(work: () => T): T {
    const { clock } = this.options.context;
    const started = clock.now();
    const result = work();
    this.policy.processed(clock.now() - started);
    return result;
  }

  /** Starts one of everything that is dirty. None may be under way. */
  begin(member: Member, epoch: number, tasks: Iterable<Task>): void {
    const dirty = [...tasks].filter((task) => task.needsCommit);
    if (dirty.length === 0) return;
    const { clock } = this.options.context;
    const started = clock.now();
    const commits = dirty.map((task) => task.flush());
    const outputs = commits.flatMap((commit) => commit.outputs);
    const flushed = clock.now();
    const { sent, all } = routed(outputs, this.options.route);
    const request = { flushMs: flushed - started, epoch, outputs: sent, offsets: commits.flatMap((commit) => commit.offsets) };
    this.sending = member
      .commit(request)
      .then((result) => {
        this.sending = null;
        this.known.remember(request.offsets);
        this.confirmed(commits, all(result), started, flushed);
      })
      // Also of what a confirmed commit meets: a store that has failed meanwhile takes nothing.
      .catch((error: unknown) => {
        this.sending = null;
        this.events.failed(error);
      });
  }

  private confirmed(commits: readonly TaskCommit[], baseOffsets: readonly number[], started: number, flushed: number): void {
    const now = this.options.context.clock.now();
    this.count++;
    this.lastAt = now;
    this.policy.committed(flushed, flushed - started);
    this.events.confirmed();
    tellConfirmed(commits, baseOffsets, this.purge, (eventTime) => this.latencies.record(eventTime, now));
    this.latencies.commit(now - started);
  }
}
