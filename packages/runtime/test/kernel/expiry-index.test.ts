import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiryIndex } from '../../src/kernel/run/expiry-index.js';

type Step =
  | { readonly do: 'new' | 'earlier' | 'later'; readonly slot: number; readonly by: number }
  | { readonly do: 'free'; readonly slot: number }
  | { readonly do: 'advance'; readonly by: number }
  | { readonly do: 'next' };

const slot = fc.nat(5);
const by = fc.nat(300);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('new' as const, 'earlier' as const, 'later' as const), slot, by }),
  fc.record({ do: fc.constant('free' as const), slot }),
  fc.record({ do: fc.constant('advance' as const), by }),
  fc.record({ do: fc.constant('next' as const) }),
);

describe('ExpiryIndex', () => {
  it('says what is due, and when something is, whatever moves in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(1, 64, 640, 64_000), (steps, ttl) => {
        const index = new ExpiryIndex(ttl);
        const dues = new Map<number, number>();
        let now = 0;
        for (const s of steps) {
          switch (s.do) {
            case 'new':
              if (dues.has(s.slot)) break;
              dues.set(s.slot, now + s.by);
              index.add(s.slot, now + s.by);
              break;
            case 'later': // Told to nobody.
              if (dues.has(s.slot)) dues.set(s.slot, dues.get(s.slot)! + s.by);
              break;
            case 'earlier':
              if (!dues.has(s.slot)) break;
              dues.set(s.slot, dues.get(s.slot)! - s.by);
              index.add(s.slot, dues.get(s.slot)!);
              break;
            case 'free':
              dues.delete(s.slot);
              index.remove(s.slot);
              break;
            case 'advance': {
              now += s.by;
              const expired: number[] = [];
              index.expire(
                now,
                (x) => dues.get(x) ?? Infinity,
                (x) => expired.push(x),
              );
              const expected = [...dues].filter(([, due]) => due <= now).map(([x]) => x);
              expect(expired.sort()).toEqual(expected.sort());
              for (const x of expired) dues.delete(x);
              break;
            }
            case 'next':
              expect(index.next((x) => dues.get(x) ?? Infinity)).toBe(Math.min(Infinity, ...dues.values()));
          }
        }
      }),
      { numRuns: 5000 },
    );
  });
});
