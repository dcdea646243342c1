/**
 * How a rebuilt version takes the place of the current one, so that each record's rows are written by one of them: rows that arise from
 * records up to the *hand-over point* (where the current version stopped reading) by the current one, all later rows by the new one. Rows of
 * tables are made the new version's at that point, in one transaction.
 *
 * ```
 *  rebuilding  the new version reads what the current one has committed, no more, and writes to staging topics
 *  handover    the current version reads no more; what is on its way in it is written; it is fenced. The new one comes to the same point
 *  switching   nobody runs; what differs is written to the sinks, and the new version may begin: one commit
 * ```
 * Each step can be done again, by any worker: whatever was killed in between, another goes on.
 */
import type { Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { sourceTopics } from '../task/topology.js';
import { epochOf } from '../task/epoch.js';
import type { SourceLimit } from '../task/source-limits.js';
import { committedOf, isDrained } from './drained.js';
import type { RebuildPhase } from './record.js';
import { ownTopics, stagingTopics } from './staging.js';
import { tableDifferences } from './table-differences.js';
import { takeOver } from './take-over.js';

/** Looks for which the new version must have had all that there was at the first. */
const LOOKS = 4;

export class RebuildWatch {
  private limits = new Map<string, number>();
  private frozen = false;
  /** Ends as they were, oldest first. */
  private readonly looks: ReadonlyMap<string, number>[] = [];

  /**
   * @param epoch of the new version once it has taken over
   * @param shared sink topics that other pipelines write to
   */
  constructor(
    private readonly log: Log,
    private readonly current: PhysicalPlan,
    private readonly next: PhysicalPlan,
    private readonly epoch: number,
    private readonly shared: () => ReadonlySet<string>,
  ) {}

  /** How far the new version may read. */
  readonly limit: SourceLimit = (topic, partition) => this.limits.get(`${topic}-${String(partition)}`) ?? 0;

  /** Looks how far both are. Resolves to whether the phase is over. Rejects with LogError. */
  async look(phase: RebuildPhase, now: number): Promise<boolean> {
    switch (phase) {
      case 'rebuilding':
        return this.caughtUp();
      case 'handover':
        return this.handedOver();
      case 'switching':
        return this.switched(now);
    }
  }

  private async caughtUp(): Promise<boolean> {
    await this.moveLimits();
    this.looks.push(this.limits);
    if (this.looks.length > LOOKS) this.looks.shift();
    if (this.looks.length < LOOKS) return false;
    const [then] = this.looks;
    const sources = new Set(sourceTopics(this.next));
    const committed = (await committedOf(this.log, this.next)).filter(({ topic }) => sources.has(topic));
    // It has begun, and is not beyond the current one (`start: latest` may be).
    const within = committed.every(({ topic, partition, offset }) => offset !== null && offset <= this.limit(topic, partition));
    return (
      within && (await isDrained(this.log, this.next, committed, (topic, partition) => then.get(`${topic}-${String(partition)}`) ?? 0))
    );
  }

  private async handedOver(): Promise<boolean> {
    this.frozen = true;
    const { log, current, next, epoch } = this;
    const before = await committedOf(log, current);
    if (epochOf(before) !== epoch) {
      if ((await log.groupMembers(current.applicationId)).length > 0) {
        await this.moveLimits();
        return false;
      }
      // What was seen to be drained is what is fenced: `expected`.
      if (!(await isDrained(log, current, before)) || (await takeOver(log, current, epoch, { expected: before })) === 'not_yet')
        return false;
    }
    await this.moveLimits();
    return isDrained(log, next, await committedOf(log, next), this.limit);
  }

  private async switched(now: number): Promise<boolean> {
    const { log, next, epoch } = this;
    const expected = await committedOf(log, next);
    if (epochOf(expected) !== epoch) {
      if ((await log.groupMembers(next.applicationId)).length > 0) return false;
      const outputs = tableDifferences(log, next, { shared: this.shared(), now });
      if ((await takeOver(log, next, epoch, { expected, outputs })) === 'not_yet') return false;
    }
    await this.cleanUp();
    return true;
  }

  /** Deletes what nobody reads any more: the staging topics, and the state of the version before. */
  private async cleanUp(): Promise<void> {
    const there = new Set((await this.log.topics()).map(({ name }) => name));
    const stale = [...stagingTopics(this.next).values(), ...ownTopics(this.current)];
    await this.log.deleteTopics(stale.filter((topic) => there.has(topic)));
  }

  /** To what the current version has committed; of topics that it does not read to their ends, and when it ends, no further. */
  private async moveLimits(): Promise<void> {
    const limits = new Map(this.limits);
    const read = new Set(sourceTopics(this.current));
    for (const { topic, partition, offset } of await committedOf(this.log, this.current))
      if (read.has(topic)) limits.set(`${topic}-${String(partition)}`, offset ?? 0);
    for (const topic of sourceTopics(this.next))
      if (!read.has(topic) && !this.frozen)
        for (const { partition, stable } of await this.log.offsets(topic)) limits.set(`${topic}-${String(partition)}`, stable);
    this.limits = limits;
  }
}
