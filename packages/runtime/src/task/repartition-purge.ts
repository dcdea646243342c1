/** Deletes what was read of the repartition topics: their retention is unlimited. */
import { tpKey, type CommitRequest, type Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';

const PURGE_INTERVAL_MS = 30_000;

export class RepartitionPurge {
  /** The plan's repartition topics. */
  readonly topics: ReadonlySet<string>;
  /** By partition: what certain commits say was read. What was read since would be read again after a commit that fails. */
  private readonly read = new Map<string, CommitRequest['offsets'][number]>();

  /** @param lastAt wall clock, ms: the first purge comes an interval later */
  constructor(
    plan: PhysicalPlan,
    private readonly log: Log,
    private lastAt: number,
  ) {
    this.topics = new Set(plan.stages.flatMap((s) => s.inputs).flatMap((i) => (i.kind === 'repartition' ? [i.topic] : [])));
  }

  /** These input offsets are committed for certain. */
  confirmed(offsets: CommitRequest['offsets']): void {
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
