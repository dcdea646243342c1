/**
 * Which member of a group gets which partitions. What moves together is a partition *number*: a task is (stage, partition), and its
 * inputs are that partition of each of the stage's topics, so partition i of all topics goes to one member. Sticky: who had a number keeps
 * it as long as the members' shares differ by no more than one number's weight.
 */
import type { HeldState, TopicPartition } from '../log.js';
import { placeStandbys, Warmth } from '../standbys.js';

export interface Claimant {
  readonly id: string;
  readonly topics: readonly string[];
  /** What it had before. */
  readonly owned: readonly TopicPartition[];
  /** Copies of each partition's state that it wants in the group. */
  readonly standby: number;
  /** State that it has. */
  readonly held: readonly HeldState[];
}

/** What a member gets. */
export interface Share {
  readonly partitions: TopicPartition[];
  /** Of which it keeps copies. */
  readonly standbys: readonly TopicPartition[];
}

interface Unit {
  readonly partition: number;
  readonly topics: string[];
  readonly claimants: readonly string[];
}

/**
 * The new assignment by member id; every member has an entry, and every partition of a topic that someone has subscribed to has one owner.
 * The result depends on the members' ids and what they owned and have alone.
 */
export function assignPartitions(members: readonly Claimant[], partitionCounts: ReadonlyMap<string, number>): Map<string, Share> {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const load = new Map(sorted.map((member) => [member.id, 0]));
  const previous = new Map<string, string>();
  for (const member of sorted) for (const { topic, partition } of member.owned) previous.set(`${topic}\0${partition}`, member.id);
  const result = new Map<string, TopicPartition[]>(sorted.map((member) => [member.id, []]));
  const units = unitsOf(sorted, partitionCounts);
  const owners = new Map<Unit, string>();
  const warmth = new Warmth(sorted);
  // First each keeps what it had,
  for (const unit of units) {
    const owner = unit.topics.map((topic) => previous.get(`${topic}\0${unit.partition}`)).find((id) => id !== undefined);
    if (owner === undefined || !unit.claimants.includes(owner)) continue;
    owners.set(unit, owner);
    load.set(owner, load.get(owner)! + unit.topics.length);
  }
  // then what nobody has goes to whoever has least, among them to whoever has most of its state,
  const ids = sorted.map(({ id }) => id);
  for (const unit of warmth.first(units, ids)) {
    if (owners.has(unit)) continue;
    const lowest = load.get(least(unit.claimants, load))!;
    const idle = unit.claimants.filter((id) => load.get(id) === lowest);
    const owner = warmth.warmest(idle, unit.topics, unit.partition);
    owners.set(unit, owner);
    load.set(owner, load.get(owner)! + unit.topics.length);
  }
  // then units move from the most to the least loaded while that evens them out, first those of which the taker has most.
  const even = [...load.values()].reduce((sum, each) => sum + each, 0) / ids.length;
  const takers = ids.filter((id) => load.get(id)! < even);
  const excess = (unit: Unit): number => load.get(owners.get(unit)!)! - load.get(least(unit.claimants, load))! - unit.topics.length;
  for (let moved = true; moved;) {
    moved = false;
    for (const unit of warmth.first(units, takers)) {
      if (excess(unit) <= 0) continue;
      const [from, to] = [owners.get(unit)!, least(unit.claimants, load)];
      owners.set(unit, to);
      load.set(from, load.get(from)! - unit.topics.length);
      load.set(to, load.get(to)! + unit.topics.length);
      moved = true;
    }
  }
  for (const unit of units) for (const topic of unit.topics) result.get(owners.get(unit)!)!.push({ topic, partition: unit.partition });
  const owned = units.map((unit) => ({ ...unit, owner: owners.get(unit)!, candidates: unit.claimants }));
  const standbys = placeStandbys(owned, Math.max(0, ...sorted.map(({ standby }) => standby)), warmth);
  return new Map([...result].map(([id, partitions]) => [id, { partitions, standbys: standbys.get(id) ?? [] }]));
}

/** Partition numbers, each with the topics that have it; topics that other members subscribe to are units of their own. */
function unitsOf(members: readonly Claimant[], partitionCounts: ReadonlyMap<string, number>): Unit[] {
  const units = new Map<string, Unit>();
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
  for (const topic of topics) {
    const claimants = members.filter((member) => member.topics.includes(topic)).map((member) => member.id);
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
      const key = `${partition}\0${claimants.join('\0')}`;
      const unit = units.get(key);
      if (unit === undefined) units.set(key, { partition, topics: [topic], claimants });
      else unit.topics.push(topic);
    }
  }
  return [...units.values()].sort((a, b) => b.topics.length - a.topics.length || a.partition - b.partition);
}

function least(candidates: readonly string[], load: ReadonlyMap<string, number>): string {
  let best = candidates[0];
  for (const id of candidates) if (load.get(id)! < load.get(best)!) best = id;
  return best;
}
