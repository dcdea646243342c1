/** Which members of a group keep copies of other members' state, and who of them has how much: the same whoever computes it. */
import { tpKey, type HeldState, type TopicPartition } from './log.js';

/** Partition `partition` of all these topics: what one task reads, and what moves together. */
export interface OwnedUnit {
  readonly partition: number;
  readonly topics: readonly string[];
  readonly owner: string;
  /** Members that may own it; in an order that does not change. */
  readonly candidates: readonly string[];
}

/** How far the members' copies go. */
export class Warmth {
  private readonly byMember = new Map<string, ReadonlyMap<string, number>>();

  constructor(members: readonly { readonly id: string; readonly held: readonly HeldState[] }[]) {
    for (const { id, held } of members)
      this.byMember.set(id, new Map(held.map(({ topic, partition, offset }) => [tpKey(topic, partition), offset])));
  }

  /** 0: the member has nothing of it. */
  of(member: string, topics: readonly string[], partition: number): number {
    const held = this.byMember.get(member);
    return topics.reduce((sum, topic) => sum + (held?.get(tpKey(topic, partition)) ?? 0), 0);
  }

  /** The first of those that have most. @param members at least one */
  warmest(members: readonly string[], topics: readonly string[], partition: number): string {
    let best = members[0];
    for (const member of members) if (this.of(member, topics, partition) > this.of(best, topics, partition)) best = member;
    return best;
  }

  /** Those of which somebody has most come first; else the order is kept. */
  first<T extends { readonly topics: readonly string[]; readonly partition: number }>(
    units: readonly T[],
    members: readonly string[],
  ): T[] {
    const most = ({ topics, partition }: T): number => Math.max(0, ...members.map((member) => this.of(member, topics, partition)));
    return [...units].sort((a, b) => most(b) - most(a));
  }
}

/**
 * The partitions of which each member keeps a copy: at most `copies` members for each unit, never its owner. Who has a copy already keeps
 * it as far as they are even.
 */
export function placeStandbys(units: readonly OwnedUnit[], copies: number, warmth: Warmth): Map<string, TopicPartition[]> {
  const members = [...new Set(units.flatMap(({ candidates }) => candidates))];
  const placed = new Map<string, OwnedUnit[]>(members.map((member) => [member, []]));
  const rounds = Math.min(copies, members.length - 1);
  for (let copy = 0; copy < rounds; copy++) {
    const share = Math.ceil((units.length * (copy + 1)) / members.length);
    for (const unit of warmth.first(units, members)) {
      const free = unit.candidates.filter((member) => member !== unit.owner && !placed.get(member)!.includes(unit));
      if (free.length === 0) continue;
      const byLoad = free.toSorted((a, b) => placed.get(a)!.length - placed.get(b)!.length);
      const room = byLoad.filter((member) => placed.get(member)!.length < share);
      const member = warmth.warmest(room.length > 0 ? room : byLoad.slice(0, 1), unit.topics, unit.partition);
      placed.get(member)!.push(unit);
    }
  }
  return new Map([...placed].map(([member, kept]) => [member, kept.flatMap(partitionsOf)]));
}

function partitionsOf({ topics, partition }: OwnedUnit): TopicPartition[] {
  return topics.map((topic) => ({ topic, partition }));
}
