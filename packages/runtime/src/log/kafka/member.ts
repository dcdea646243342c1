/** A member of a consumer group that commits in transactions: the worker's side of `group.ts`, `fetcher.ts` and `transaction.ts`. */
import { messageOf } from '@rta/dsl/message-of';
import {
  type CommitRequest,
  type CommitResult,
  type CommittedOffset,
  type HeldState,
  type IdleCommit,
  LogError,
  type Member,
  type MemberEvent,
  type MemberOptions,
  type TopicPartition,
  tpKey,
} from '../log.js';
import { committedOffsets } from './admin.js';
import { Brokers } from './brokers.js';
import { check, toLogError } from './errors.js';
import { Fetcher } from './fetcher.js';
import { type Generation, GroupMembership } from './group.js';
import type { KafkaSettings } from './options.js';
import { heartbeat } from './requests.js';
import type { SharedReads } from './shared-reads.js';
import { type Offsets, TransactionalProducer } from './transaction.js';

const DEFAULT_BUFFER_BYTES = 16 * 1024 * 1024;
const DEFAULT_SESSION_MS = 10_000;
const DEFAULT_TRANSACTION_MS = 20_000;
/** ms that a rebalance waits for members; those that are gone have timed out of their session before. */
const REBALANCE_MS = 30_000;
/** ms that the worker gets to see a revocation, and a commit under way to end, before the group goes on without asking. */
const RELEASE_MS = 5_000;
/** ms that `leave` waits for a commit under way. */
const LAST_COMMIT_MS = 5_000;

/** Of commits for a group in which nobody else runs the outputs may come in parts. */
type Request = Omit<CommitRequest, 'outputs'> & Pick<IdleCommit, 'outputs'>;

export class KafkaMember implements Member {
  private readonly producer: TransactionalProducer;
  private readonly membership: GroupMembership;
  private readonly fetcher: Fetcher;
  /** Events that go before records. */
  private control: MemberEvent[] = [];
  private wake: (() => void) | undefined;
  private epoch = 0;
  /** What commits are made under; null between assignments. */
  private generation: Generation | null = null;
  private assigned = new Set<string>();
  /** The worker has been given `assigned` and not yet `revoked`. */
  private workerHasPartitions = false;
  /** Resolves what waits until the worker has let go. */
  private released: (() => void) | undefined;
  private committing: Promise<unknown> | undefined;
  /** What is known to be committed, by partition: a transaction without offsets repeats one of them to prove its generation. */
  private readonly lastCommitted = new Map<string, Offsets[number]>();
  private unusable: LogError | undefined;
  private leaving: Promise<void> | undefined;

  /**
   * Fences whoever has the transactional id, then joins the group.
   * @param reads what members of the process have fetched
   */
  static async join(settings: KafkaSettings, options: MemberOptions, reads: SharedReads, onLeft: () => void): Promise<KafkaMember> {
    if (options.topics.length === 0) throw new LogError('configuration', `group ${options.group} has no topics to read`, false);
    const brokers = new Brokers(settings);
    const giveUp = (): void => void brokers.close();
    options.signal?.addEventListener('abort', giveUp, { once: true });
    try {
      options.signal?.throwIfAborted();
      const member = new KafkaMember(brokers, settings, options, reads, onLeft);
      member.holds(options.held ?? []);
      for (const topic of options.topics) await brokers.retrying([topic], () => brokers.partitionCount(topic));
      await member.producer.init(brokers.deadline());
      member.membership.start();
      return member;
    } catch (error) {
      await brokers.close();
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', giveUp);
    }
  }

  private constructor(
    private readonly brokers: Brokers,
    settings: KafkaSettings,
    private readonly options: MemberOptions,
    reads: SharedReads,
    private readonly onLeft: () => void,
  ) {
    const sessionTimeoutMs = options.sessionTimeoutMs ?? DEFAULT_SESSION_MS;
    this.producer = new TransactionalProducer(brokers, {
      transactionalId: options.transactionalId,
      group: options.group,
      timeoutMs: options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_MS,
      compression: settings.compression,
    });
    const events = { available: () => this.wake?.(), failed: (error: unknown) => this.fail(error) };
    this.fetcher = new Fetcher(brokers, reads, options.bufferBytes ?? DEFAULT_BUFFER_BYTES, events, options.timeReached);
    this.membership = new GroupMembership(
      brokers,
      {
        group: options.group,
        name: options.transactionalId,
        topics: options.topics,
        standby: options.standby ?? 0,
        address: options.address ?? null,
        sessionTimeoutMs,
        rebalanceTimeoutMs: Math.max(REBALANCE_MS, sessionTimeoutMs),
      },
      {
        assigned: (generation, partitions, standbys) => this.assign(generation, partitions, standbys),
        release: () => this.release(),
        lost: () => this.lose(),
        failed: (error) => this.fail(error),
      },
    );
  }

  holds(held: readonly HeldState[]): void {
    this.membership.held = held;
  }

  async next(timeoutMs: number): Promise<MemberEvent | null> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      // A worker that always finds something must not keep heartbeats and sockets from their turn.
      await new Promise(setImmediate);
      const event = this.take();
      if (event !== undefined) return event;
      const remaining = end - performance.now();
      if (remaining <= 0 || this.leaving !== undefined) return null;
      await this.something(remaining);
    }
  }

  start(topic: string, partition: number, offset: number): void {
    // A rebalance may have taken it while the worker restored; it will be told.
    if (this.assigned.has(tpKey(topic, partition)) && this.workerHasPartitions) this.fetcher.start(topic, partition, offset);
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.fetcher.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.fetcher.resume(partitions);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    this.requireUsable();
    try {
      const offsets = await committedOffsets(this.brokers, this.options.group, partitions);
      for (const { topic, partition, offset, metadata } of offsets)
        if (offset !== null) this.lastCommitted.set(tpKey(topic, partition), { topic, partition, offset, metadata });
      return offsets;
    } catch (error) {
      throw toLogError(error);
    }
  }

  async commit(request: Request): Promise<CommitResult> {
    this.requireUsable();
    if (this.committing !== undefined) throw new LogError('configuration', 'a commit is under way already: one at a time', false);
    const generation = this.generation;
    if (generation === null || request.epoch !== this.epoch)
      throw new LogError('fenced', `a commit under epoch ${request.epoch} came too late: the partitions of that epoch are lost`, false);
    const { outputs, offsets } = request;
    if (!(Symbol.asyncIterator in outputs) && outputs.length === 0 && offsets.length === 0) return { baseOffsets: [] };
    const commit = this.commitUnder(generation, request);
    this.committing = commit.catch(() => undefined);
    try {
      return { baseOffsets: await commit };
    } catch (error) {
      this.unusable = error instanceof LogError ? error : new LogError('aborted', messageOf(error), false, { cause: error });
      throw this.unusable;
    } finally {
      this.committing = undefined;
      this.settleRelease();
    }
  }

  leave(): Promise<void> {
    this.leaving ??= this.leaveOnce();
    return this.leaving;
  }

  private async leaveOnce(): Promise<void> {
    this.wake?.();
    if (this.committing !== undefined) await Promise.race([this.committing, timeout(LAST_COMMIT_MS)]);
    this.fetcher.close();
    await this.membership.leave();
    await this.brokers.close();
    this.released?.();
    await this.membership.ended();
    this.onLeft();
  }

  private async commitUnder(generation: Generation, request: Request): Promise<number[]> {
    let offsets: Offsets = request.offsets;
    if (offsets.length === 0) {
      // Only with an offset does the coordinator check the generation: one is said again that is committed anyway.
      const known = [...this.lastCommitted.values()].find(({ topic, partition }) => this.assigned.has(tpKey(topic, partition)));
      if (known !== undefined) offsets = [known];
      else await this.proveGeneration(generation);
    }
    const baseOffsets = await this.producer.commit(request.outputs, offsets, generation);
    // After a rebalance meanwhile they may be another's, who goes on from there.
    if (this.generation === generation) for (const offset of offsets) this.lastCommitted.set(tpKey(offset.topic, offset.partition), offset);
    return baseOffsets;
  }

  /** Where the group has no offset of ours to repeat: as good as it can be done, though not in one step with the commit. */
  private async proveGeneration({ generationId, memberId }: Generation): Promise<void> {
    const { group, transactionalId } = this.options;
    const beat = { groupId: group, groupGenerationId: generationId, memberId, groupInstanceId: transactionalId };
    try {
      await this.brokers.retrying([], async () => {
        const coordinator = await this.brokers.coordinator('group', group);
        const { errorCode } = await this.brokers.send(coordinator, heartbeat(beat), 'group');
        if (errorCode !== REBALANCE_IN_PROGRESS) check(errorCode, `the membership in group ${group}`);
      });
    } catch (error) {
      const mapped = toLogError(error);
      throw mapped instanceof LogError && mapped.code === 'fenced'
        ? mapped
        : new LogError('aborted', messageOf(error), true, { cause: error });
    }
  }

  /** The next event, if there is one. */
  private take(): MemberEvent | undefined {
    if (this.leaving !== undefined) return undefined;
    const event = this.control.shift();
    if (event !== undefined) {
      if (event.type === 'assigned') {
        this.workerHasPartitions = true;
        this.fetcher.clear(); // started while the revocation was on its way
      }
      if (event.type === 'revoked') {
        this.workerHasPartitions = false;
        // After this the worker has nothing left to commit; a commit all the same is fenced.
        if (event.epoch === this.epoch) this.generation = null;
        this.settleRelease();
      }
      return event;
    }
    const chunk = this.workerHasPartitions ? this.fetcher.take() : undefined;
    if (chunk === undefined) return undefined;
    const { topic, partition, batches, nextOffset, stable, release } = chunk;
    return { type: 'records', epoch: this.epoch, topic, partition, batches, nextOffset, stable, release };
  }

  private async something(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.wake = undefined;
  }

  private assign(generation: Generation, partitions: readonly TopicPartition[], standbys: readonly TopicPartition[]): void {
    this.epoch++;
    this.generation = generation;
    this.assigned = new Set(partitions.map(({ topic, partition }) => tpKey(topic, partition)));
    this.control.push({ type: 'assigned', epoch: this.epoch, partitions, standbys });
    this.wake?.();
  }

  /** The worker is told that it loses its partitions; until it has seen that it may still commit. */
  private revoke(): void {
    this.fetcher.clear();
    this.lastCommitted.clear();
    // What it has not seen it need not lose.
    const unseen = this.control.findIndex(({ type }) => type === 'assigned');
    if (unseen >= 0) {
      this.control.splice(unseen, 1);
      if (!this.control.some(({ type }) => type === 'revoked')) this.generation = null;
    }
    if (this.workerHasPartitions && !this.control.some(({ type }) => type === 'revoked'))
      this.control.push({ type: 'revoked', epoch: this.epoch });
    this.wake?.();
  }

  private async release(): Promise<void> {
    this.revoke();
    const done = new Promise<void>((resolve) => {
      this.released = resolve;
    });
    this.settleRelease();
    await Promise.race([done, timeout(RELEASE_MS)]);
    this.released = undefined;
  }

  private settleRelease(): void {
    if (this.committing === undefined && !this.control.some(({ type }) => type === 'revoked')) this.released?.();
  }

  private lose(): void {
    this.revoke();
    this.generation = null;
    this.assigned.clear();
  }

  private fail(error: unknown): void {
    const mapped = toLogError(error);
    const failure = mapped instanceof LogError ? mapped : new LogError('unreachable', messageOf(error), false, { cause: error });
    this.unusable ??= failure;
    this.fetcher.clear();
    this.control.push({ type: 'failed', error: failure });
    this.wake?.();
  }

  private requireUsable(): void {
    if (this.leaving !== undefined) throw new LogError('closed', 'the member has left its group', false);
    if (this.unusable !== undefined)
      throw new LogError(this.unusable.code, `the member is unusable since: ${this.unusable.message}`, false, { cause: this.unusable });
  }
}

const REBALANCE_IN_PROGRESS = 27;

/** Does not keep the process alive. */
function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
