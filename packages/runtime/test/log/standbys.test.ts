/** What both assigners promise of state: only what must move moves, copies are even and never the owner's, and the warmest takes over. */
import { describe, expect, test } from 'vitest';
import { assignPartitions } from '../../src/log/embedded/assign.js';
import { assign } from '../../src/log/kafka/assigner.js';
import type { HeldState, TopicPartition } from '../../src/log/log.js';

const COUNTS = new Map([['t', 6]]);

interface Claim {
  readonly id: string;
  readonly owned: readonly TopicPartition[];
  readonly held?: readonly HeldState[];
}

interface Outcome {
  /** Partition numbers. */
  readonly owned: readonly number[];
  readonly standbys: readonly number[];
}

type Assign = (claims: readonly Claim[], standby?: number) => Map<string, Outcome>;

const numbers = (partitions: readonly TopicPartition[]): number[] => partitions.map(({ partition }) => partition).sort((a, b) => a - b);
const partitions = (of: readonly number[]): TopicPartition[] => of.map((partition) => ({ topic: 't', partition }));
const topics = ['t'];

const onEmbedded: Assign = (claims, standby = 0) => {
  const shares = assignPartitions(
    claims.map((claim) => ({ held: [], ...claim, topics, standby })),
    COUNTS,
  );
  return new Map([...shares].map(([id, share]) => [id, { owned: numbers(share.partitions), standbys: numbers(share.standbys) }]));
};

const onKafka: Assign = (claims, standby = 0) => {
  const members = claims.map(({ id, owned, held = [] }) => ({ memberId: id, name: id, topics, owned, held, generation: 1, standby }));
  const shares = [...assign(members, COUNTS)];
  return new Map(shares.map(([id, share]) => [id, { owned: share.partitions['t'] ?? [], standbys: numbers(share.standbys) }]));
};

describe.each([
  ['embedded', onEmbedded],
  ['Kafka', onKafka],
])('state and the assignment, %s', (_, shares) => {
  const next = (assigned: ReadonlyMap<string, Outcome>, ids: readonly string[]): Claim[] =>
    ids.map((id) => ({ id, owned: partitions(assigned.get(id)?.owned ?? []) }));
  const moves = (before: ReadonlyMap<string, Outcome>, after: ReadonlyMap<string, Outcome>): number =>
    [...after].reduce((sum, [id, { owned }]) => sum + owned.filter((p) => before.get(id)?.owned.includes(p) !== true).length, 0);

  test('6/0, 3/3, 2/2/2: only what must move moves', () => {
    const one = shares([{ id: 'a', owned: [] }]);
    const two = shares(next(one, ['a', 'b']));
    const three = shares(next(two, ['a', 'b', 'c']));
    expect([one, two, three].map((each) => [...each.values()].map(({ owned }) => owned.length))).toEqual([[6], [3, 3], [2, 2, 2]]);
    expect([moves(one, two), moves(two, three)]).toEqual([3, 2]);
    const back = shares(next(three, ['a', 'c']));
    expect(moves(three, back)).toBe(2);
    expect([...back.values()].map(({ owned }) => owned.length)).toEqual([3, 3]);
  });

  test('who comes with state is given the tasks that it is of, if it is given any', () => {
    const held = [0, 2, 4].map((partition) => ({ topic: 't', partition, offset: 10 }));
    for (const id of ['a', 'z']) {
      const all: Claim = { id: 'm', owned: partitions([0, 1, 2, 3, 4, 5]) };
      const two = shares([all, { id, owned: [], held }]);
      expect(two.get(id)!.owned).toEqual([0, 2, 4]);
      expect(two.get('m')!.owned).toEqual([1, 3, 5]);
      // Colder state counts for less.
      const colder = shares([all, { id, owned: [], held: [...held, { topic: 't', partition: 1, offset: 3 }] }]);
      expect(colder).toEqual(two);
    }
  });

  test('copies are even, as many as asked for, and never the owner’s', () => {
    for (const count of [1, 2, 3, 4])
      for (const standby of [0, 1, 2]) {
        const ids = ['a', 'b', 'c', 'd'].slice(0, count);
        const assigned = shares(
          ids.map((id) => ({ id, owned: [] })),
          standby,
        );
        const each = [...assigned.values()];
        for (const { owned, standbys } of each) expect(standbys.filter((p) => owned.includes(p))).toEqual([]);
        const copies = Math.min(standby, count - 1);
        for (let p = 0; p < 6; p++) expect(each.filter(({ standbys }) => standbys.includes(p)).length).toBe(copies);
        const sizes = each.map(({ standbys }) => standbys.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2);
      }
  });

  test('whoever has the warmest copy takes over, and a copy stays where it is', () => {
    const three = shares(next(shares([]), ['a', 'b', 'c']), 1);
    const lost = three.get('c')!.owned;
    const held = (id: string): HeldState[] => partitions(three.get(id)!.standbys).map((each) => ({ ...each, offset: 100 }));
    const [first, second] = lost;
    const claims = next(three, ['a', 'b']);
    // Each of the two has one of them; the colder copies of the other count for less.
    const of = (id: string, own: number, other: number): HeldState[] => [
      ...held(id).filter(({ partition }) => !lost.includes(partition)),
      { topic: 't', partition: own, offset: 100 },
      { topic: 't', partition: other, offset: 40 },
    ];
    for (const [a, b] of [
      [first, second],
      [second, first],
    ]) {
      const after = shares(
        [
          { ...claims[0], held: of('a', a, b) },
          { ...claims[1], held: of('b', b, a) },
        ],
        1,
      );
      expect(after.get('a')!.owned).toContain(a);
      expect(after.get('b')!.owned).toContain(b);
      expect(moves(three, after)).toBe(2);
    }
    const again = shares(
      next(three, ['a', 'b', 'c']).map((claim) => ({ ...claim, held: held(claim.id) })),
      1,
    );
    expect([...again.values()].map(({ standbys }) => standbys)).toEqual([...three.values()].map(({ standbys }) => standbys));
  });
});
