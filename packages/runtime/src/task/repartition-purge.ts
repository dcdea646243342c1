/** Deletes what was read of the repartition topics: their retention is unlimited. */
import type { Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import type { Task } from './task.js';

const PURGE_INTERVAL_MS = 30_000;

export class RepartitionPurge {
  /** The plan's repartition topics. */
  readonly topics: ReadonlySet<string>;

  /** @param lastAt wall clock, ms: the first purge comes an interval later */
  constructor(
    plan: PhysicalPlan,
    private readonly log: Log,
    private lastAt: number,
  ) {
    this.topics = new Set(plan.stages.flatMap((s) => s.inputs).flatMap((i) => (i.kind === 'repartition' ? [i.topic] : [])));
  }

  /** To be called when all that `tasks` have read is committed; does something once in a while. Never rejects. */
  async after(now: number, tasks: Iterable<Task>): Promise<void> {
    if (now - this.lastAt < PURGE_INTERVAL_MS) return;
    this.lastAt = now;
    for (const task of tasks)
      for (const { topic, partition } of task.inputs())
        if (this.topics.has(topic)) await this.log.deleteRecords(topic, partition, task.positionOf(topic)).catch(() => undefined);
  }
}
