import { BatchTooLargeError, tpKey, type Member, type MemberEvent, type TopicPartition } from '../log/log.js';
import type { KernelFactory } from '../kernel/stage-kernel.js';
import { closeAll, inputPartitions, isReadTo, needsCommit, restoreTasks, tasksOf } from './assignment.js';
import { pause } from './clock.js';
import { Commits } from './commits.js';
import { drain, drainStages, type Drained } from './drain.js';
import { HeldPartitions } from './held-partitions.js';
import { IdleSources } from './idle-sources.js';
import { KnownCommits } from './known-commits.js';
import { asPipelineError, endWith, mayPass, toError } from './recovery.js';
import { RepartitionPurge } from './repartition-purge.js';
import { Restoration } from './restoration.js';
import { SchemaChangedError } from './schema-change.js';
import { endedSnapshot, snapshotOf, statusOf, type WorkerSnapshot } from './snapshot.js';
import { SourceDrift } from './source-drift.js';
import { SourceLimits } from './source-limits.js';
import { allStartsCommitted, mayReadAgain, requireNeverRead } from './start-offsets.js';
import { Standbys } from './standbys.js';
import type { Task } from './task.js';
import type { TaskContext } from './task-context.js';
import { Undelivered } from './undelivered.js';
import { hasUnread } from './unread.js';
import { queryTasks, type StoreAnswer, type StoreQuery } from '../inspect/store-query.js';
import { memberOptions, type WorkerOptions } from './worker-options.js';

/** Joining again after a lost commit or a fence: so many times in a row without a commit in between. */
const MAX_REJOINS = 20;

/**
 * Runs the tasks of one pipeline that the consumer group gives to this member: fetch, process, and commit outputs, changelogs and offsets
 * in one transaction. A commit is sent while the next batches are processed; at most one is under way. Whatever is not certain (a fence,
 * an abort, an unknown outcome) drops all tasks, and a new member restores them from what is committed.
 */
export class Worker {
  private member: Member | null = null;
  private readonly factories = new Map<number, KernelFactory>();
  private tasks = new Map<string, Task>();
  /** Task of each input partition. */
  private byInput = new Map<string, Task>();
  private epoch = -1;
  /** Set when the commit under way failed. */
  private failure: unknown = null;
  private ending: SchemaChangedError | null = null; // what it ends with when all is committed
  private readonly known = new KnownCommits();
  private readonly commits: Commits;
  private stopping = false;
  /** Aborted by `stop`: what waits for brokers before there is a member need not go on. */
  private readonly stopped = new AbortController();
  /** Raised whenever something goes on, or nothing has to. */
  private progress = 0;
  private readonly purge: RepartitionPurge;
  /** Last stable offsets as fetched, or asked for, by partition. */
  private readonly stable = new Map<string, number>();
  private rejoins = 0;
  /** Tasks are restored, but others have not committed where they start. */
  private awaitsStarts = false;
  private replayed = 0;
  /** What there was to say when tasks were last closed: counts go on from there. */
  private earlier: WorkerSnapshot | null = null;
  private readonly taskContext: TaskContext;
  private readonly held = new HeldPartitions();
  private readonly limits: SourceLimits;
  private readonly drift: SourceDrift;
  private readonly idle: IdleSources;
  private readonly undelivered: Undelivered;
  private readonly standbys: Standbys;
  /** Until it is done the tasks have no kernels. */
  private restoration: Restoration | null = null;
  private closing = -Infinity;

  constructor(private readonly options: WorkerOptions) {
    const { log, clock } = options.context;
    this.purge = new RepartitionPurge(options.plan, log, clock.now());
    this.commits = new Commits(options, this.purge, this.known, { confirmed: this.confirmed, failed: this.fail });
    this.limits = new SourceLimits(options.limit, this.held);
    this.drift = new SourceDrift(options.plan, options.context, this.held);
    this.idle = new IdleSources(options.plan, clock, options.judgesIdle ?? (() => true), this.drift);
    this.undelivered = new Undelivered(log, clock, this.held, this.stable, options.patienceMs);
    this.taskContext = {
      ...options.context,
      onStoreFailed: this.fail,
      onProgress: () => this.progress++,
      stopping: () => this.stopping,
    };
    this.standbys = new Standbys(options.plan, this.taskContext, (held) => this.member?.holds(held));
    for (const stage of options.plan.stages) this.factories.set(stage.id, options.compileStage(stage));
  }

  private readonly fail = (error: unknown): void => {
    if (!(error instanceof SchemaChangedError)) this.failure ??= error;
    else [this.ending, this.stopping] = [error, true];
  };

  private readonly confirmed = (): void => {
    this.progress++;
    this.rejoins = 0;
  };

  /** Runs until `stop`. Rejects with PipelineError or LogError when it cannot go on. */
  async run(): Promise<void> {
    await this.loop(() => false);
    await this.finish();
  }

  /**
   * Processes everything that the inputs hold now, downstream stages included, and commits it. The worker stays open.
   * @param watermark event time (ms) that the watermarks of all sources are then moved to; `close` for the end of the last open window
   */
  async drain(watermark?: number | 'close'): Promise<void> {
    await drain(this.drained(), watermark);
  }

  /** Processes what is on its way between stages, with sources that a limit keeps from being read, and commits it. The worker stays open. */
  async drainStages(): Promise<void> {
    const reached = (targets: ReadonlyMap<string, number>): boolean =>
      this.restoration === null && this.epoch >= 0 && !this.held.waitsForSchema && isReadTo(this.byInput, targets);
    await drainStages({ ...this.drained(), reached });
  }

  private drained(): Drained {
    const { options } = this;
    const [loop, reached, close] = [this.loop.bind(this), this.reached.bind(this), this.close.bind(this)];
    const inputs = inputPartitions(options.plan, options.context.stagePartitions);
    const hasAll = (): boolean => inputs.every(({ topic, partition }) => this.byInput.has(tpKey(topic, partition)));
    return { options, tasks: () => [...this.tasks.values()], stopping: () => this.stopping, loop, reached, hasAll, close };
  }

  /** Moves the watermarks of source tasks, of those that are yet to come too, to where all windows close. */
  private close(watermark: number): void {
    this.closing = watermark;
    for (const task of this.tasks.values()) if (task.stage.inputs.every((i) => i.kind === 'source')) task.forceWatermark(watermark);
  }

  /** Asks `run` to end: commits what was processed, leaves the group. */
  stop(): void {
    this.stopping = true;
    this.stopped.abort();
  }

  /** Commits what was processed, leaves the group and releases state; rejects with SchemaChangedError where it met one. After `drain`; `run` does it. */
  async finish(): Promise<void> {
    this.stopping = true;
    try {
      await this.commits.settled();
      if (this.failure === null) {
        this.commit();
        await this.commits.settled();
      }
      if (this.failure !== null) endWith(this.failure, this.options.context.onWarning);
    } finally {
      // Whatever becomes of the stores: a member that stays would keep its partitions.
      await this.closeTasks(this.failure !== null).finally(() => this.leave());
    }
    if (this.ending !== null) throw this.ending;
  }

  /** Drops everything at once, as a crash would, without a last commit. For tests and for giving up after an error. */
  async abandon(): Promise<void> {
    this.stopping = true;
    await this.closeTasks(true);
    await this.leave();
  }

  private async leave(): Promise<void> {
    const member = this.member;
    this.member = null;
    await this.standbys.drop();
    await member?.leave();
  }

  /** Rows of a store, by the tasks that this worker has; of what is committed. Rejects with StateStoreError. */
  readonly query = (query: StoreQuery): Promise<StoreAnswer[]> => queryTasks(this.options.plan, this.tasks.values(), query);

  /** As things are; after `finish`, as they were then. */
  snapshot(): WorkerSnapshot {
    if (this.stopping && this.tasks.size === 0 && this.earlier !== null) return endedSnapshot(this.earlier);
    return snapshotOf({
      now: this.options.context.clock.now(),
      plan: this.options.plan,
      tasks: [...this.tasks.values()].filter((task) => task.running),
      earlier: this.earlier ?? this.options.earlier ?? null,
      stable: this.stable,
      commits: this.commits.count,
      status: statusOf(this.stopping, this.epoch >= 0, this.restoration === null && !this.awaitsStarts),
      progress: [this.stopping ? null : this.progress],
      lastCommitAt: this.commits.lastAt,
      latencies: this.commits.latencies,
      rejoins: this.rejoins,
      replayed: this.replayed,
      standbys: this.standbys.snapshot(),
    });
  }

  /** Handles events and commits until stopped, or until `done` says that nothing more is awaited and all of it is committed. */
  private async loop(done: () => boolean): Promise<void> {
    while (!this.stopping) {
      try {
        if (await this.turn(done)) return;
      } catch (error) {
        // Of one that has not joined there is nothing to commit.
        if (this.stopped.signal.aborted && this.member === null) return;
        await this.recover(error);
      }
    }
  }

  /** One event at most, and a commit where it is due. Resolves to whether everything is done. */
  private async turn(done: () => boolean): Promise<boolean> {
    if (this.failure !== null) throw toError(this.failure);
    const member = this.member ?? (await this.join());
    if (this.restoration !== null && !(await this.begin(member, this.restoration))) {
      const meanwhile = await member.next(0);
      if (meanwhile !== null) await this.handle(meanwhile);
      return false;
    }
    const draining = done();
    const event = await member.next(draining || this.undelivered.suspects ? 0 : this.waitMs());
    if (event !== null) await this.handle(event);
    else this.undelivered.judge();
    if (this.restoration !== null) return false;
    if (this.awaitsStarts && this.member !== null) await this.startReading(this.member);
    if (event !== null || (!this.commits.underWay && !hasUnread(this.byInput, this.stable, this.held))) this.progress++;
    this.limits.advance(member, this.byInput);
    this.drift.advance(member, this.byInput, this.stable);
    this.idle.advance(this.tasks.values(), this.stable);
    if (!this.awaitsStarts) this.undelivered.look(this.byInput);
    const ending = draining && event === null;
    if (!this.commits.underWay && (ending ? needsCommit(this.tasks.values()) : this.due() <= 0)) {
      for (const task of this.tasks.values()) await task.room();
      this.commit();
    }
    if (event !== null) return false;
    if (ending) {
      if (this.commits.underWay) await this.commits.settled();
      else if (this.failure === null && done()) return true;
    }
    await this.purge.at(this.options.context.clock.now());
    return false;
  }

  private readonly timeReached = (topic: string, partition: number): number =>
    this.byInput.get(tpKey(topic, partition))?.timeReached(topic) ?? -Infinity;

  private async join(): Promise<Member> {
    this.failure = null;
    await this.standbys.look();
    const { signal } = this.stopped;
    return (this.member = await this.options.context.log.join({
      ...memberOptions(this.options, this.standbys.held()),
      signal,
      timeReached: this.timeReached,
    }));
  }

  private async handle(event: MemberEvent): Promise<void> {
    switch (event.type) {
      case 'assigned':
        await this.assigned(event.epoch, event.partitions, event.standbys);
        break;
      case 'revoked':
        await this.commits.settled();
        await this.closeTasks(false);
        this.member?.holds(this.standbys.held());
        break;
      case 'records': {
        // What was started under an assignment that is over may come under the next: not before `startReading` says from where.
        if (event.epoch !== this.epoch || this.restoration !== null || this.awaitsStarts) return;
        const key = tpKey(event.topic, event.partition);
        const task = this.byInput.get(key);
        const below = task && this.member ? this.limits.below(this.member, event, task) : event;
        if (below === null) return;
        this.stable.set(key, below.stable);
        const waiting = task && this.commits.processing(() => task.process(below.topic, below.batches, below.nextOffset));
        if (!waiting) event.release?.();
        else if (task && this.member) this.holdFor(waiting, task, this.member, event);
        break;
      }
      case 'failed':
        this.failure = event.error;
        break;
    }
  }

  /** Reads no more of a partition until its writer schema has come: the others, heartbeats and commits go on (SEMANTICS rule 26). */
  private holdFor(schema: Promise<void>, task: Task, member: Member, partition: TopicPartition): void {
    const before = (): void => this.drift.advance(member, this.byInput, this.stable);
    this.held.until(schema, member, partition, () => task.running && !this.stopping, before).catch(this.fail);
  }

  private async assigned(epoch: number, partitions: readonly TopicPartition[], standbys: readonly TopicPartition[]): Promise<void> {
    const { member, options } = this;
    if (!member) return;
    await this.commits.settled();
    await this.closeTasks(false);
    this.epoch = epoch;
    const tasks = tasksOf(options.plan, partitions, this.taskContext, this.factories);
    for (const task of tasks) {
      this.tasks.set(task.id, task);
      for (const input of task.inputs()) this.byInput.set(tpKey(input.topic, input.partition), task);
    }
    await this.standbys.assigned(tasks, standbys);
    const { log, clock } = options.context;
    this.restoration = new Restoration(restoreTasks(tasks, member, log, options.plan, this.taskContext, this.known), clock);
  }

  /** Not before the start offsets of all partitions are committed, by whoever has them (SEMANTICS rule 23). */
  private async startReading(member: Member): Promise<void> {
    const { plan, context } = this.options;
    if (this.awaitsStarts && !(await allStartsCommitted(member, plan, context.stagePartitions))) return;
    this.awaitsStarts = false;
    for (const task of this.tasks.values())
      for (const input of task.inputs()) member.start(input.topic, input.partition, task.positionOf(input.topic));
    this.drift.advance(member, this.byInput, this.stable); // what is too far ahead already waits from the start
  }

  /** Lets the tasks begin when they have been restored; whether that is so. */
  private async begin(member: Member, restoration: Restoration): Promise<boolean> {
    const restored = await restoration.forAWhile();
    if (restored === null) return false;
    this.restoration = null;
    const { fresh, begun, replayed } = restored;
    this.replayed += replayed;
    const { plan, context } = this.options;
    await requireNeverRead(fresh, plan, member, context.log);
    const again = await mayReadAgain(fresh, plan, context.log);
    if (again !== null) context.onWarning(again);
    if (fresh.length > 0) {
      const offsets = fresh.flatMap((task) => task.startOffsets());
      await member.commit({ epoch: this.epoch, outputs: [], offsets });
      this.known.remember(offsets);
    }
    this.awaitsStarts = !begun && this.tasks.size > 0;
    await this.startReading(member);
    this.close(this.closing);
    return true;
  }

  private due(): number {
    return this.commits.dueIn(this.tasks.values(), this.byInput, this.stable);
  }

  private waitMs(): number {
    return this.commits.underWay ? 20 : Math.max(0, Math.min(200, this.due(), this.drift.patienceMs));
  }

  /** Starts a commit of everything that is dirty, unless one is under way. */
  private commit(): void {
    if (this.member && !this.commits.underWay && this.failure === null) this.commits.begin(this.member, this.epoch, this.tasks.values());
  }

  /**
   * After a failed commit, a lost member or a record that stops the pipeline: nothing in memory is certain any more, so it is dropped. Where
   * that may help, the next turn joins again and restores; else this rejects.
   */
  private async recover(error: unknown): Promise<void> {
    await this.commits.settled();
    await this.closeTasks(true);
    this.failure = null;
    await this.leave().catch(() => undefined);
    this.rejoins++;
    this.progress++;
    if (error instanceof BatchTooLargeError) this.options.context.limits.learn(error);
    if (!mayPass(error, this.rejoins) || this.rejoins > MAX_REJOINS) {
      this.stopping = true;
      throw asPipelineError(error);
    }
    this.options.context.onWarning(`${error.code}: ${error.message}; joining again`);
    await pause(this.options.context.clock, Math.min(2000, 20 * 2 ** this.rejoins));
  }

  private async closeTasks(discard: boolean): Promise<void> {
    const tasks = [...this.tasks.values()];
    if (tasks.length > 0) this.earlier = this.snapshot();
    this.tasks = new Map();
    this.byInput = new Map();
    this.restoration = null;
    this.stable.clear();
    this.awaitsStarts = false;
    this.held.clear();
    this.limits.clear();
    this.drift.clear();
    this.undelivered.clear();
    this.epoch = -1;
    await closeAll(tasks, discard).finally(() => this.standbys.remember(tasks));
  }

  /** All inputs read to `targets`, and repartitions to where we wrote. */
  private reached(targets: ReadonlyMap<string, number>): boolean {
    if (this.restoration !== null || this.epoch < 0 || (this.tasks.size === 0 && this.options.shared === undefined)) return false;
    return isReadTo(this.byInput, targets) && isReadTo(this.byInput, this.purge.written);
  }
}
