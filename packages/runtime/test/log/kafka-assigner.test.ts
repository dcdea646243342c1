import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assign as share, type GroupMember } from '../../src/log/kafka/assigner.js';
import type { TopicPartition } from '../../src/log/log.js';

const COUNTS = new Map([
  ['a', 8],
  ['b', 8],
  ['c', 3],
]);

const fresh = (memberId: string, topics: readonly string[] = ['a', 'b', 'c']): GroupMember => ({
  memberId,
  name: memberId,
  topics,
  owned: [],
  generation: -1,
  standby: 0,
  held: [],
});

/** Of each member the partitions alone. */
const assign = (members: readonly GroupMember[], counts: ReadonlyMap<string, number>): Map<string, Record<string, number[]>> =>
  new Map([...share(members, counts)].map(([id, { partitions }]) => [id, partitions]));

const owned = (assignment: Record<string, number[]>): TopicPartition[] =>
  Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })));

/** The members of the next generation, each with what it had. */
function next(assigned: ReadonlyMap<string, Record<string, number[]>>, generation: number, ids: readonly string[]): GroupMember[] {
  return ids.map((memberId) => {
    const had = assigned.get(memberId);
    return had === undefined ? fresh(memberId) : { ...fresh(memberId), owned: owned(had), generation };
  });
}

describe('the assigner', () => {
  test('topics of one partition count go together', () => {
    for (const assignment of assign([fresh('m1'), fresh('m2'), fresh('m3')], COUNTS).values())
      expect(assignment['a']).toEqual(assignment['b']);
  });

  test('every partition has one owner, evenly, whatever the order of members', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 12 }), fc.integer(), (ids, seed) => {
        const assigned = assign(
          ids.map((id) => fresh(id)),
          COUNTS,
        );
        const all = [...assigned.values()].flatMap(owned).map(({ topic, partition }) => `${topic}-${partition}`);
        expect(all.toSorted()).toEqual(
          [...COUNTS].flatMap(([topic, count]) => Array.from({ length: count }, (_, p) => `${topic}-${p}`)).toSorted(),
        );
        const units = [...assigned.values()].map((a) => (a['a'] ?? []).length + (a['c'] ?? []).length);
        expect(Math.max(...units) - Math.min(...units)).toBeLessThanOrEqual(1);
        const shuffled = ids.map((id, i) => [id, (i * 7919 + seed) % 13] as const).sort((x, y) => x[1] - y[1]);
        expect(
          assign(
            shuffled.map(([id]) => fresh(id)),
            COUNTS,
          ),
        ).toEqual(assigned);
      }),
    );
  });

  test('a member that comes takes only its share; one that goes leaves only its own', () => {
    const two = assign([fresh('m1'), fresh('m2')], COUNTS);
    const three = assign(next(two, 1, ['m1', 'm2', 'm3']), COUNTS);
    for (const id of ['m1', 'm2']) expect(two.get(id)!['a']).toEqual(expect.arrayContaining(three.get(id)!['a']));
    const again = assign(next(three, 2, ['m1', 'm3']), COUNTS);
    for (const id of ['m1', 'm3']) expect(again.get(id)!['a']).toEqual(expect.arrayContaining(three.get(id)!['a']));
    expect(assign(next(again, 3, ['m1', 'm3']), COUNTS)).toEqual(again);
  });

  test('a group that starts anew is shared as before, whatever its member ids', () => {
    const named = (memberId: string, name: string): GroupMember => ({ ...fresh(memberId), name });
    const before = assign([named('x', 'w1'), named('y', 'w2'), named('z', 'w3')], COUNTS);
    const after = assign([named('c', 'w1'), named('b', 'w2'), named('a', 'w3')], COUNTS);
    expect(['c', 'b', 'a'].map((id) => after.get(id))).toEqual(['x', 'y', 'z'].map((id) => before.get(id)));
  });

  test('who was away does not take back what others have had since', () => {
    const stale: GroupMember = { ...fresh('m1'), owned: [{ topic: 'a', partition: 0 }], generation: 3 };
    const current: GroupMember = { ...fresh('m2'), owned: [{ topic: 'a', partition: 0 }], generation: 5 };
    expect(assign([stale, current], COUNTS).get('m2')!['a']).toContain(0);
  });

  test('a topic goes only to its subscribers, and an unknown one to nobody', () => {
    const assigned = assign([fresh('m1', ['a']), fresh('m2', ['a', 'c', 'missing'])], COUNTS);
    expect(assigned.get('m1')!['c']).toBeUndefined();
    expect(assigned.get('m2')!['c']).toEqual([0, 1, 2]);
    expect([...assigned.values()].some((a) => 'missing' in a)).toBe(false);
  });
});
