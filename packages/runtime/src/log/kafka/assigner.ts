/**
 * Who of a group reads what: sticky, balanced, and the same whoever computes it.
 *
 * Partition p of all topics with the same number of partitions and the same subscribers is one unit, since tasks join such topics in place
 * and keep their state by partition. Units stay with their last owner as far as the balance allows; what it must give up are those of which
 * others have state. Each kind of unit is spread evenly, and what does not divide goes to whoever has least altogether.
 */
import type { HeldState, TopicPartition } from '../log.js';
import { type OwnedUnit, placeStandbys, Warmth } from '../standbys.js';

export interface GroupMember {
  readonly memberId: string;
  /** The same after a restart, unlike the member id: members take their turn by it, so that a group that starts anew is shared as before. */
  readonly name: string;
  readonly topics: readonly string[];
  /** What it had in `generation`, the last one that it took part in; -1 and nothing where it is new. */
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
  /** Copies of each partition's state that it wants in the group. */
  readonly standby: number;
  /** State that it has. */
  readonly held: readonly HeldState[];
}

/** What a member gets. */
export interface Share {
  /** Partitions by topic, ascending. */
  readonly partitions: Record<string, number[]>;
  /** Of which it keeps copies. */
  readonly standbys: readonly TopicPartition[];
}

/** Assignment by member id. Topics without a partition count are left out. */
export function assign(members: readonly GroupMember[], partitionCounts: ReadonlyMap<string, number>): Map<string, Share> {
  const sorted = [...members].sort((a, b) => compare(a.name, b.name) || compare(a.memberId, b.memberId));
  const assigned = new Map<string, Record<string, number[]>>(sorted.map(({ memberId }) => [memberId, {}]));
  const load = new Map<string, number>(sorted.map(({ memberId }) => [memberId, 0]));
  const owners = lastOwners(sorted);
  const warmth = new Warmth(sorted.map(({ memberId, held }) => ({ id: memberId, held })));
  const owned: OwnedUnit[] = [];
  for (const kind of kinds(sorted, partitionCounts)) {
    for (const [unit, memberId] of spread(kind, owners, load, warmth).entries()) {
      load.set(memberId, load.get(memberId)! + 1);
      const topics = assigned.get(memberId)!;
      for (const topic of kind.topics) (topics[topic] ??= []).push(unit);
      owned.push({ topics: kind.topics, partition: unit, owner: memberId, candidates: kind.subscribers });
    }
  }
  const standbys = placeStandbys(owned, Math.max(0, ...sorted.map(({ standby }) => standby)), warmth);
  return new Map([...assigned].map(([memberId, partitions]) => [memberId, { partitions, standbys: standbys.get(memberId) ?? [] }]));
}

/** Units of one kind: as many as `partitions`. */
interface Kind {
  readonly topics: readonly string[];
  readonly partitions: number;
  /** Member ids, in the members' order. */
  readonly subscribers: readonly string[];
}

function kinds(members: readonly GroupMember[], partitionCounts: ReadonlyMap<string, number>): Kind[] {
  const subscribers = new Map<string, string[]>();
  for (const { memberId, topics } of members)
    for (const topic of new Set(topics)) subscribers.set(topic, [...(subscribers.get(topic) ?? []), memberId]);
  const found = new Map<string, { topics: string[]; partitions: number; subscribers: string[] }>();
  for (const topic of [...subscribers.keys()].sort(compare)) {
    const partitions = partitionCounts.get(topic);
    if (partitions === undefined) continue;
    const key = JSON.stringify([partitions, subscribers.get(topic)]);
    const kind = found.get(key);
    if (kind === undefined) found.set(key, { topics: [topic], partitions, subscribers: subscribers.get(topic)! });
    else kind.topics.push(topic);
  }
  // The largest first: what follows evens out what it leaves.
  return [...found.values()].sort((a, b) => b.partitions - a.partitions || compare(a.topics[0], b.topics[0]));
}

/** Owner of each unit. */
function spread(kind: Kind, owners: ReadonlyMap<string, string>, load: ReadonlyMap<string, number>, warmth: Warmth): string[] {
  const { partitions, subscribers } = kind;
  const least = Math.floor(partitions / subscribers.length);
  let extras = partitions % subscribers.length;
  const had = new Map<string, number[]>(subscribers.map((memberId) => [memberId, []]));
  for (let unit = 0; unit < partitions; unit++) {
    const owner = unitOwner(kind, unit, owners);
    if (owner !== undefined) had.get(owner)!.push(unit);
  }
  // Who may keep one more than the least: those with least altogether, among them those who have more of this kind already; then in order.
  const byLoad = [...subscribers].sort((a, b) => load.get(a)! - load.get(b)! || had.get(b)!.length - had.get(a)!.length);
  const quota = new Map<string, number>();
  for (const memberId of byLoad) quota.set(memberId, extras-- > 0 ? least + 1 : least);
  const owned = new Array<string | undefined>(partitions).fill(undefined);
  const takers = subscribers.filter((memberId) => had.get(memberId)!.length < quota.get(memberId)!);
  for (const [memberId, units] of had) {
    // What it has too many of are those of which who may take them has most; among equals the last.
    const excess = Math.max(0, units.length - quota.get(memberId)!);
    const wanted = warmth.first(
      units.toReversed().map((partition) => ({ topics: kind.topics, partition })),
      takers,
    );
    for (const { partition } of wanted.slice(excess)) owned[partition] = memberId;
  }
  const room = byLoad.flatMap((memberId) =>
    new Array<string>(Math.max(0, quota.get(memberId)! - had.get(memberId)!.length)).fill(memberId),
  );
  // What nobody has had goes to whoever has most of its state.
  const left = owned.flatMap((owner, partition) => (owner === undefined ? [{ topics: kind.topics, partition }] : []));
  for (const { topics, partition } of warmth.first(left, subscribers)) {
    const taker = warmth.warmest(room, topics, partition);
    room.splice(room.indexOf(taker), 1);
    owned[partition] = taker;
  }
  return owned.map((owner) => owner!);
}

/** Whoever owned the unit's partition in one of its topics; topics that are new to the pipeline have had no owner. */
function unitOwner(kind: Kind, unit: number, owners: ReadonlyMap<string, string>): string | undefined {
  for (const topic of kind.topics) {
    const owner = owners.get(`${topic}-${unit}`);
    if (owner !== undefined && kind.subscribers.includes(owner)) return owner;
  }
  return undefined;
}

/** Owner of each partition in the newest generation in which somebody claims it: a member that was away claims what others have had since. */
function lastOwners(members: readonly GroupMember[]): Map<string, string> {
  const owners = new Map<string, string>();
  const since = new Map<string, number>();
  for (const { memberId, owned, generation } of members)
    for (const { topic, partition } of owned) {
      const key = `${topic}-${partition}`;
      if (generation <= (since.get(key) ?? -1)) continue;
      since.set(key, generation);
      owners.set(key, memberId);
    }
  return owners;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
