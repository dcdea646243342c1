/**
 * The embedded log as one life sees it: everything waits for the scheduler, and commits and reads fail as the fault plan says. Groups,
 * commits and rows on the disk are the real ones.
 */
import type { RecordBatch } from '../../src/log/batch/record-batch.js';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.js';
import {
  LogError,
  type CommitRequest,
  type CommitResult,
  type CommittedOffset,
  type HeldState,
  type GroupMemberDescription,
  type IdleCommit,
  type Log,
  type Member,
  type MemberEvent,
  type MemberOptions,
  type OutputBatch,
  type PartitionOffsets,
  type TopicChange,
  type TopicDescription,
  type TopicPartition,
  type TopicSpec,
  tpKey,
} from '../../src/log/log.js';
import type { Faults } from './faults.js';
import { NOT_YET, type Life, type Scheduler } from './scheduler.js';

export class SimulatedLog implements Log {
  readonly kind = 'embedded';

  constructor(
    private readonly scheduler: Scheduler,
    private readonly life: Life,
    private readonly real: EmbeddedLog,
    private readonly faults: Faults,
  ) {}

  topics(): Promise<readonly TopicDescription[]> {
    return this.ask('topics', () => this.real.topics());
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.change('ensureTopics', () => this.real.ensureTopics(specs));
  }

  configureTopics(changes: readonly TopicChange[]): Promise<void> {
    return this.change('configureTopics', () => this.real.configureTopics(changes));
  }

  deleteTopics(names: readonly string[]): Promise<void> {
    return this.change('deleteTopics', () => this.real.deleteTopics(names));
  }

  offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.ask('offsets', () => this.real.offsets(topic));
  }

  async *read(topic: string, partition: number, from: number, to: number): AsyncGenerator<RecordBatch, void, undefined> {
    const batches = await this.ask('read', async () => {
      this.faults.read(topic);
      return collected(this.real, topic, partition, from, to, Infinity);
    });
    for (const batch of batches) {
      yield batch;
      if (this.scheduler.random(4) === 0) await this.ask('read on', async () => undefined);
    }
  }

  append(outputs: readonly OutputBatch[]): Promise<CommitResult> {
    return this.change('append', () => this.real.append(outputs));
  }

  deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    return this.change('deleteRecords', () => this.real.deleteRecords(topic, partition, offset));
  }

  async join(options: MemberOptions): Promise<Member> {
    const { scheduler, life, real, faults } = this;
    return this.change('join', async () => {
      faults.join();
      return new SimulatedMember(scheduler, life, real, await real.join(options), faults);
    });
  }

  groupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return this.ask('groupOffsets', () => this.real.groupOffsets(group, partitions));
  }

  groupMembers(group: string): Promise<readonly GroupMemberDescription[]> {
    return this.ask('groupMembers', () => this.real.groupMembers(group));
  }

  commitIdle(request: IdleCommit): Promise<CommitResult> {
    return this.change('commitIdle', () => this.real.commitIdle(request));
  }

  /** The log is the process's. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  private ask<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.scheduler.ask(this.life, what, work);
  }

  private change<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.ask(what, async () => {
      this.scheduler.changes++;
      return work();
    });
  }
}

/** The batches of [from, to), at most `most`. */
async function collected(
  log: EmbeddedLog,
  topic: string,
  partition: number,
  from: number,
  to: number,
  most: number,
): Promise<readonly RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of log.read(topic, partition, from, to)) {
    batches.push(batch);
    if (batches.length >= most) break;
  }
  return batches;
}

/** Group and commits are the real member's; what is fetched, and in which order, is drawn. */
class SimulatedMember implements Member {
  private epoch = -1;
  private assigned = new Set<string>();
  private positions = new Map<string, { readonly topic: string; readonly partition: number; next: number; paused: boolean }>();
  /** A commit was refused: from then on it must not be used, but to leave. */
  private failed: LogError | null = null;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly life: Life,
    private readonly log: EmbeddedLog,
    private readonly real: Member,
    private readonly faults: Faults,
  ) {}

  next(timeoutMs: number): Promise<MemberEvent | null> {
    const deadline = this.scheduler.monotonic + timeoutMs;
    return this.scheduler.ask(
      this.life,
      'next',
      async () => {
        const event = (await this.real.next(0)) ?? (await this.records());
        if (event !== null) {
          this.handled(event);
          return event;
        }
        return this.scheduler.passed(deadline) ? null : NOT_YET;
      },
      timeoutMs,
    );
  }

  start(topic: string, partition: number, offset: number): void {
    const key = tpKey(topic, partition);
    if (!this.assigned.has(key)) return;
    this.positions.set(key, { topic, partition, next: offset, paused: false });
    this.scheduler.changes++;
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.setPaused(partitions, true);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.setPaused(partitions, false);
    this.scheduler.changes++;
  }

  committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return this.scheduler.ask(this.life, 'committed', () => this.real.committed(partitions));
  }

  commit(request: CommitRequest): Promise<CommitResult> {
    return this.scheduler.ask(this.life, 'commit', async () => {
      if (this.failed !== null) throw new Error(`${this.life.name} commits after a commit that failed`);
      this.scheduler.changes++;
      try {
        return await this.faults.commit(() => this.real.commit(request));
      } catch (error) {
        this.failed = error as LogError;
        throw error;
      }
    });
  }

  holds(held: readonly HeldState[]): void {
    this.real.holds(held);
  }

  leave(): Promise<void> {
    return this.scheduler.ask(this.life, 'leave', async () => {
      this.scheduler.changes++;
      await this.real.leave();
    });
  }

  private handled(event: MemberEvent): void {
    if (event.type === 'assigned') {
      this.epoch = event.epoch;
      this.assigned = new Set(event.partitions.map((p) => tpKey(p.topic, p.partition)));
      this.positions = new Map();
    } else if (event.type !== 'records') {
      this.assigned = new Set();
      this.positions = new Map();
    }
    // Others wait until it has let go.
    if (event.type !== 'records') this.scheduler.changes++;
  }

  private async records(): Promise<MemberEvent | null> {
    const { random } = this.scheduler;
    const found = [];
    for (const position of this.positions.values()) {
      if (position.paused) continue;
      const range = (await this.log.offsets(position.topic))[position.partition];
      if (range.high > position.next) found.push({ position, high: range.high });
    }
    if (found.length === 0) return null;
    const { position, high } = found[random(found.length)];
    const { topic, partition, next } = position;
    try {
      this.faults.read(topic);
      const most = 1 + random(4);
      const batches = await collected(this.log, topic, partition, next, high, most);
      // Compaction may have left nothing up to the end.
      position.next = batches.length < most ? high : batches[batches.length - 1].lastOffset + 1;
      return { type: 'records', epoch: this.epoch, topic, partition, batches, nextOffset: position.next, stable: high };
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      return { type: 'failed', error };
    }
  }

  private setPaused(partitions: readonly TopicPartition[], paused: boolean): void {
    for (const { topic, partition } of partitions) {
      const position = this.positions.get(tpKey(topic, partition));
      if (position !== undefined) position.paused = paused;
    }
  }
}
