import { tpKey, type Member, type TopicPartition } from '../log/log.js';

/** Why a partition is not read for now. */
export type HoldReason = 'drift' | 'schema' | 'limit';

/** Partitions of one member that are not read for now; each goes on when the last reason is gone. */
export class HeldPartitions {
  private readonly reasons = new Map<string, Set<HoldReason>>();

  hold(member: Member, partition: TopicPartition, reason: HoldReason): void {
    const key = tpKey(partition.topic, partition.partition);
    const reasons = this.reasons.get(key);
    if (reasons !== undefined) {
      reasons.add(reason);
      return;
    }
    this.reasons.set(key, new Set([reason]));
    member.pause([partition]);
  }

  release(member: Member, partition: TopicPartition, reason: HoldReason): void {
    const key = tpKey(partition.topic, partition.partition);
    const reasons = this.reasons.get(key);
    if (reasons?.delete(reason) !== true || reasons.size > 0) return;
    this.reasons.delete(key);
    member.resume([partition]);
  }

  /**
   * Reads no more of a partition until its writer schema has come. Rejects with what kept it from coming.
   * @param counts whether the partition is still this member's: afterwards nothing is done, and nothing said
   * @param before called before it is read again
   */
  async until(schema: Promise<void>, member: Member, partition: TopicPartition, counts: () => boolean, before: () => void): Promise<void> {
    this.hold(member, partition, 'schema');
    try {
      await schema;
    } catch (error) {
      if (counts()) throw error;
    }
    if (!counts()) return;
    before();
    this.release(member, partition, 'schema');
  }

  /** @param key `topic-partition` @param reason default: whichever */
  has(key: string, reason?: HoldReason): boolean {
    const reasons = this.reasons.get(key);
    return reason === undefined ? reasons !== undefined : reasons?.has(reason) === true;
  }

  /** Whether part of a fetched batch is still to be processed. */
  get waitsForSchema(): boolean {
    return [...this.reasons.values()].some((reasons) => reasons.has('schema'));
  }

  /** The assignment is over: pauses went with it. */
  clear(): void {
    this.reasons.clear();
  }
}
