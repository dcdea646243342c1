/** The Log port over Kafka. */
import type { RecordBatch } from '../batch/record-batch.js';
import {
  type CommitResult,
  type CommittedOffset,
  type GroupMemberDescription,
  type IdleCommit,
  type Log,
  LogError,
  type Member,
  type MemberOptions,
  type OutputBatch,
  type PartitionOffsets,
  type TopicChange,
  type TopicDescription,
  type TopicPartition,
  type TopicSpec,
} from '../log.js';
import { committedOffsets, configureTopics, describeTopics, ensureTopics, partitionOffsets, removeRecords, removeTopics } from './admin.js';
import { Appender } from './appender.js';
import { Brokers } from './brokers.js';
import { toLogError } from './errors.js';
import { commitIdle, groupMembers } from './idle-commit.js';
import { KafkaMember } from './member.js';
import { type KafkaLogOptions, type KafkaSettings, withDefaults } from './options.js';
import { readPartition } from './reader.js';
import { SharedReads } from './shared-reads.js';

/**
 * Connects to Kafka (2.5 or newer). Rejects with LogError: `unreachable` when no broker answers within `retryMs`, `configuration` when it
 * refuses the credentials, `unsupported` when it is too old or another KafkaJS than ours is installed.
 * @param signal ends the waiting for brokers, as if `retryMs` were over
 */
export async function openKafkaLog(options: KafkaLogOptions, signal?: AbortSignal): Promise<Log> {
  const settings = withDefaults(options);
  if (settings.brokers.length === 0) throw new LogError('configuration', 'no Kafka brokers are named', false);
  const odd = settings.brokers.find((broker) => !/^[^\s,]+:\d{1,5}$/.test(broker));
  if (odd !== undefined) throw new LogError('configuration', `${JSON.stringify(odd)} is no broker address: expected host:port`, false);
  const brokers = new Brokers(settings);
  try {
    await brokers.retrying([], () => brokers.refresh([]), brokers.deadline(settings.retryMs, signal));
  } catch (error) {
    await brokers.close();
    throw toLogError(error);
  }
  return new KafkaLog(settings, brokers);
}

class KafkaLog implements Log {
  readonly kind = 'kafka';
  private readonly appender: Appender;
  private readonly members = new Set<Member>();
  private readonly reads = new SharedReads();
  private closed = false;

  constructor(
    private readonly settings: KafkaSettings,
    private readonly brokers: Brokers,
  ) {
    this.appender = new Appender(brokers, settings.compression);
  }

  topics(): Promise<readonly TopicDescription[]> {
    return this.mapped(() => describeTopics(this.brokers));
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.mapped(() => ensureTopics(this.brokers, specs));
  }

  configureTopics(changes: readonly TopicChange[]): Promise<void> {
    return this.mapped(() => configureTopics(this.brokers, changes));
  }

  deleteTopics(names: readonly string[]): Promise<void> {
    return this.mapped(() => removeTopics(this.brokers, names));
  }

  offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.mapped(() => partitionOffsets(this.brokers, topic));
  }

  async *read(
    topic: string,
    partition: number,
    from: number,
    to: number,
    signal?: AbortSignal,
  ): AsyncGenerator<RecordBatch, void, undefined> {
    this.requireOpen();
    try {
      yield* readPartition(this.brokers, { topic, partition, from, to, signal });
    } catch (error) {
      throw toLogError(error);
    }
  }

  append(outputs: readonly OutputBatch[]): Promise<CommitResult> {
    return this.mapped(() => this.appender.append(outputs));
  }

  deleteRecords(topic: string, partition: number, offset: number): Promise<void> {
    return this.mapped(() => removeRecords(this.brokers, topic, partition, offset));
  }

  join(options: MemberOptions): Promise<Member> {
    return this.mapped(async () => {
      const member = await KafkaMember.join(this.settings, options, this.reads, () => this.members.delete(member));
      this.members.add(member);
      return member;
    });
  }

  groupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]> {
    return this.mapped(() => committedOffsets(this.brokers, group, partitions));
  }

  groupMembers(group: string): Promise<readonly GroupMemberDescription[]> {
    return this.mapped(() => groupMembers(this.brokers, group));
  }

  commitIdle(request: IdleCommit): Promise<CommitResult> {
    return this.mapped(() => commitIdle(this.settings, this.brokers, request));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.all([...this.members].map((member) => member.leave()));
    await this.brokers.close();
  }

  private async mapped<T>(work: () => Promise<T>): Promise<T> {
    this.requireOpen();
    try {
      return await work();
    } catch (error) {
      throw this.closed ? new LogError('closed', 'the log was closed meanwhile', false, { cause: error }) : toLogError(error);
    }
  }

  private requireOpen(): void {
    if (this.closed) throw new LogError('closed', 'the log is closed', false);
  }
}
