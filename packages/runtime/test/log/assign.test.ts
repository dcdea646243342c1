import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claimant, assignPartitions } from '../../src/log/embedded/assign.js';
import type { TopicPartition } from '../../src/log/log.js';

const counts = new Map([
  ['a', 12],
  ['b', 12],
  ['c', 4],
]);
const all = ['a', 'b', 'c'];
const claim = (id: string, owned: readonly TopicPartition[] = []): Claimant => ({ id, topics: all, owned, standby: 0, held: [] });

describe('the assignment of partitions', () => {
  it('gives everything to one member', () => {
    expect(assignPartitions([claim('x')], counts).get('x')?.partitions.length).toBe(28);
  });

  it('covers all, evenly, the same partition of all topics together, and moves no more than it must', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('join', 'leave'), { maxLength: 12 }), (changes) => {
        let members: Claimant[] = [claim('m0')];
        let born = 1;
        for (const change of ['join', ...changes]) {
          if (change === 'join') members.push(claim(`m${born++}`));
          else if (members.length > 1) members.shift();
          const before = new Map(members.flatMap((m) => m.owned.map((p) => [`${p.topic}-${p.partition}`, m.id])));
          const result = assignPartitions(members, counts);
          const owners = new Map([...result].flatMap(([id, { partitions }]) => partitions.map((p) => [`${p.topic}-${p.partition}`, id])));
          expect(owners.size).toBe(28);
          expect([...result.values()].flatMap(({ partitions }) => partitions).length).toBe(28);
          for (let p = 0; p < 12; p++) expect(owners.get(`a-${p}`)).toBe(owners.get(`b-${p}`));
          for (let p = 0; p < 4; p++) expect(owners.get(`a-${p}`)).toBe(owners.get(`c-${p}`));
          // No two differ by more than the heaviest number, which three topics have.
          const loads = [...result.values()].map(({ partitions }) => partitions.length);
          expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(3);
          // Whoever has no more than before gives only what it must.
          const moved = [...owners].filter(([key, id]) => before.has(key) && before.get(key) !== id).length;
          expect(moved).toBeLessThanOrEqual(change === 'join' ? Math.ceil(28 / members.length) + 3 * members.length : 3 * members.length);
          members = members.map((m) => ({ ...m, owned: result.get(m.id)?.partitions ?? [] }));
        }
      }),
    );
  });

  it('gives a topic only to who subscribes to it', () => {
    const result = assignPartitions(
      [
        { ...claim('x'), topics: ['a'] },
        { ...claim('y'), topics: ['c'] },
      ],
      counts,
    );
    expect(new Set(result.get('x')?.partitions.map((p) => p.topic))).toEqual(new Set(['a']));
    expect(new Set(result.get('y')?.partitions.map((p) => p.topic))).toEqual(new Set(['c']));
  });
});
