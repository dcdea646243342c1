/**
 * A consumer group inside this process.
 *
 * ```
 *            join, leave, topics changed                      all have let go, or REVOKE_TIMEOUT_MS
 *   stable ------------------------------> revoking ---------------------------------------------> stable (epoch + 1)
 * ```
 * While revoking, each member that had partitions is told so by its next `next()`; until then it may still commit. After that, or after
 * the timeout, its epoch is void and a commit under it is fenced.
 */
import { LogError } from '../log.js';
import { assignPartitions } from './assign.js';
import type { EmbeddedMember } from './member.js';

/** How long a rebalance waits for a member that does not call `next()`. */
const REVOKE_TIMEOUT_MS = 3000;

export class Group {
  private readonly members = new Map<string, EmbeddedMember>();
  private epoch = 0;
  /** Members that have not let go yet; null while stable. */
  private holding: Set<EmbeddedMember> | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    readonly name: string,
    /** Partition count of a topic; undefined where there is none. */
    private readonly partitionsOf: (topic: string) => number | undefined,
  ) {}

  get memberIds(): readonly string[] {
    return [...this.members.keys()];
  }

  join(member: EmbeddedMember): void {
    this.members.set(member.id, member);
    this.rebalance();
  }

  /** Expels whoever has this transactional id: another has come with it. */
  fence(transactionalId: string): void {
    for (const member of [...this.members.values()])
      if (member.transactionalId === transactionalId)
        this.expel(member, `another member has joined with the transactional id ${transactionalId} of ${member.id}`);
  }

  leave(member: EmbeddedMember): void {
    if (!this.members.delete(member.id)) return;
    this.holding?.delete(member);
    this.rebalance();
  }

  /** Takes a member out for good; it hears of it by a `failed` event. */
  expel(member: EmbeddedMember, why: string): void {
    member.fail(new LogError('fenced', why, false));
    this.leave(member);
  }

  /** Members of which nothing was heard for their session timeout go, if there is someone to take over. `stoodStill`: ms without a turn. */
  expire(now: number, stoodStill: number): void {
    for (const member of this.members.values()) member.excuse(stoodStill);
    if (this.members.size < 2) return;
    for (const member of [...this.members.values()])
      if (member.isSilent(now)) this.expel(member, `member ${member.id} of group ${this.name} was silent for its session timeout`);
  }

  topicsChanged(topic: string): void {
    if ([...this.members.values()].some((member) => member.topics.includes(topic))) this.rebalance();
  }

  /** The member has been told that it has nothing any more. */
  released(member: EmbeddedMember): void {
    if (this.holding?.delete(member) === true && this.holding.size === 0) this.assign();
  }

  /** Every member fails with `error`. */
  close(error: LogError): void {
    for (const member of this.members.values()) member.fail(error);
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.members.clear();
  }

  private rebalance(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.members.size === 0) {
      this.holding = null;
      return;
    }
    this.holding = new Set([...this.members.values()].filter((member) => member.revoke()));
    if (this.holding.size === 0) this.assign();
    else {
      this.timer = setTimeout(() => {
        this.assign();
      }, REVOKE_TIMEOUT_MS);
      this.timer.unref();
    }
  }

  private assign(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.holding = null;
    this.epoch++;
    const members = [...this.members.values()];
    const counts = new Map<string, number>();
    for (const topic of members.flatMap((member) => member.topics)) counts.set(topic, this.partitionsOf(topic) ?? 0);
    const claimants = members.map(({ id, topics, lastAssigned, standby, held }) => ({ id, topics, owned: lastAssigned, standby, held }));
    const assignment = assignPartitions(claimants, counts);
    for (const member of members) {
      const { partitions, standbys } = assignment.get(member.id) ?? { partitions: [], standbys: [] };
      member.assign(this.epoch, partitions, standbys);
    }
  }
}
