/** The judge of the crash tests must see a row that is lost, given twice or wrong. */
import { describe, expect, it } from 'vitest';
import { events, type Event } from './events.js';
import { judge, type Output } from './judge.js';

const INPUT: readonly Event[] = take(2000);

function take(count: number): Event[] {
  const source = events(1);
  return Array.from({ length: count }, () => source.next().value);
}

const ALL_LOST = judge(INPUT, {}).lost;
const copies: readonly Output[] = INPUT.filter(({ kind }) => kind === 'buy').map((event) => ({ key: null, value: { ...event } }));

/** Every change of the users' totals. */
function totals(): Output[] {
  const sums = new Map<string, { n: number; total: number }>();
  return INPUT.map(({ user, amount }) => {
    const sum = sums.get(user) ?? { n: 0, total: 0 };
    sums.set(user, { n: sum.n + 1, total: sum.total + amount });
    return { key: user, value: { user, ...sums.get(user) } };
  });
}

describe('the judge', () => {
  it('has events of every kind, some twice', () => {
    expect(new Set(INPUT.map(({ id }) => id)).size).toBeLessThan(INPUT.length);
    expect(copies.length).toBeGreaterThan(300);
  });

  it('takes what is right', () => {
    expect(judge(INPUT, { copy: copies })).toMatchObject({ lost: ALL_LOST - copies.length, doubled: 0 });
    const users = new Set(INPUT.map(({ user }) => user)).size;
    expect(judge(INPUT, { totals: totals() })).toMatchObject({ lost: ALL_LOST - users, doubled: 0 });
  });

  it('sees a copy that is lost, and one too many', () => {
    expect(judge(INPUT, { copy: copies.slice(1) })).toMatchObject({ lost: ALL_LOST - copies.length + 1, doubled: 0 });
    expect(judge(INPUT, { copy: [...copies, copies[0]] })).toMatchObject({ lost: ALL_LOST - copies.length, doubled: 1 });
  });

  it('sees a total that is no prefix sum, one that goes back, and one that does not come to its end', () => {
    const right = judge(INPUT, { totals: totals() }).lost;
    const [first, ...rest] = totals();
    const wrong = { key: first.key, value: { ...first.value, total: 1000 } };
    expect(judge(INPUT, { totals: [wrong, ...rest] })).toMatchObject({ lost: right, doubled: 1 });
    expect(judge(INPUT, { totals: [...totals(), first] })).toMatchObject({ lost: right, doubled: 1 });
    expect(judge(INPUT, { totals: totals().slice(0, -1) })).toMatchObject({ lost: right + 1, doubled: 0 });
  });
});
