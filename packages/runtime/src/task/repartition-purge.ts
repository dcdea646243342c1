/** Deletes what was read of the repartition topics: their retention is unlimited. */
import { tpKey, type CommitRequest, type CommitResult, type Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { repartitionTopics } from './topology.js';

const PURGE_INTERVAL_MS = 30_000;

export class RepartitionPurge {
  /** The plan's repartition topics. */
  readonly topics: ReadonlySet<string>;
  /** By partition: what certain commits say was read. What was read since would be read again after a commit that fails. */
  private readonly read = new Map<string, CommitRequest['offsets'][number]>();

  /** Where our own commits ended in those topics, by partition. */
  readonly written = new Map<string, number>();

  /** @param lastAt wall clock, ms: the first purge comes an interval later */
  constructor(
    plan: PhysicalPlan,
    private readonly log: Log,
    private lastAt: number,
  ) {
    this.topics = new Set(repartitionTopics(plan));
  }

  /** This is committed for certain. */
  confirmed({ offsets, outputs }: Omit<CommitRequest, 'epoch'>, baseOffsets: CommitResult['baseOffsets']): void {
    for (const [i, { topic, partition, recordCount }] of outputs.entries())
      if (this.topics.has(topic)) this.written.set(tpKey(topic, partition), baseOffsets[i] + recordCount);
    for (const offset of offsets) if (this.topics.has(offset.topic)) this.read.set(tpKey(offset.topic, offset.partition), offset);
  }

  /** Does something once in a while. Never rejects. */
  async at(now: number): Promise<void> {
    if (now - this.lastAt < PURGE_INTERVAL_MS) return;
    this.lastAt = now;
    for (const { topic, partition, offset } of [...this.read.values()])
      await this.log.deleteRecords(topic, partition, offset).catch(() => undefined);
  }
}
