/** `unnest` as it is compiled from YAML: incremental equals recomputed, kernel equals interpreter; and what it means, by hand. */
import { describe, expect, it } from 'vitest';
import { event, history, startRun } from './by-hand.js';
import { implementations } from './implementations.js';
import { SEED } from './settings.js';
import { planOf } from './yaml-plan.js';
import { expectLaw } from './yaml-law.js';

const pipelines: Readonly<Record<string, string>> = {
  'rows of items': `
- unnest: { x: '[points, bonus, 7]' }
- filter: x != null
- select: [user, x]`,
  'nulls and nothing': `
- unnest: { part: 'if(team != null, split(team ?? "", "x"))' }
- filter: part != ""
- groupBy: part
  aggregate: { n: count() }`,
  'aggregated, and ranked': `
- unnest: { x: '[points, bonus, points * 2]' }
- groupBy: [{ name: user }, { y: x ?? 0 }]
  aggregate: { n: count(), opened: first(at), sum: sum(amount) }
  ttl: 15ms
- topK: { k: 3, by: [n desc, name, y], rank: rnk }`,
  'first, last and lists of items': `
- unnest: { x: '[points, bonus, 3]' }
- groupBy: { named: team ?? "none" }
  aggregate: { one: first(x), other: last(x), some: 'collect(x, 4)', best: 'argMax(x, amount)' }
  ttl: 12ms`,
  'in windows, late ones too': `
- unnest: { x: '[points, bonus]' }
- groupBy: user
  window: { hopping: 20ms, every: 5ms, grace: 3ms }
  aggregate: { n: count(x), sum: sum(x) }
  emit: final`,
  'looking back': `
- unnest: { x: '[points, bonus, 5]' }
- filter: (x ?? 0) > -3
- groupBy: user
  derive: { recent: sum(x) over 6ms, before: max(x) over previous 2 rows }
- select: [user, x, recent, before]`,
  'looking back, then taken apart, then first and last': `
- groupBy: user
  derive: { recent: sum(points) over 6ms }
- unnest: { x: '[recent, points]' }
- groupBy: { named: team ?? "none" }
  aggregate: { one: first(x), other: last(x) }`,
  'items of items': `
- unnest: { xs: '[[points, 1], [bonus, 2, 3]]' }
- unnest: { x: xs }
- filter: x != 2
- groupBy: { named: team ?? "none" }
  aggregate: { one: first(x), other: last(x), some: 'collect(x, 5)' }`,
  'items of items, looking back': `
- unnest: { xs: '[[points, 1], [bonus, 2, 3]]' }
- filter: length(xs) > 2 or points > 0
- unnest: xs
- groupBy: user
  derive: { n: count() over 3 rows, sum: sum(xs) over 3 rows }
- select: [user, xs, n, sum]`,
  'of closed windows': `
- groupBy: user
  window: { tumbling: 5ms, grace: 2ms }
  aggregate: { teams: 'collect(team, 3)', n: count() }
  emit: final
- unnest: { team: teams }
- groupBy: team
  derive: { recent: sum(n) over 20ms }
- select: [user, team, recent]`,
  'some fail': `
- unnest: { x: '[points, bonus, 1]' }
- derive: { y: 'int((x ?? 0) * 1000000000)' }
- groupBy: user
  aggregate: { n: count(), sum: sum(y) }`,
};

describe.each(implementations)(`unnest, %s (seed ${SEED})`, (name, kernelOf) => {
  it.each(Object.entries(pipelines))('%s', (_what, steps) => {
    expectLaw(steps, [name, kernelOf]);
  });

  const runOf = (steps: string, partitions: Parameters<typeof startRun>[2]) => {
    const plan = planOf(steps, false, 0);
    const run = startRun(plan, kernelOf, partitions);
    run.toEnd();
    return { rows: history(plan, run), run };
  };

  it('a record has all of its rows or none', () => {
    const steps = `
- unnest: { x: '[1, 2, points]' }
- derive: { y: int(x) }
- select: [user, y]`;
    const { rows, run } = runOf(steps, [[event(1, { points: 3 }), event(2, { points: 3_000_000_000 }), event(3, { points: 4 })]]);
    expect(rows).toEqual(['1', '2', '3', '1', '2', '4'].map((y) => `user="k" y=${y}`));
    expect(run.rejected).toHaveLength(1);
  });

  it('items of one record go by their number: first, last, lists', () => {
    const steps = `
- unnest: { x: '[9, 5, points, 5]' }
- groupBy: user
  aggregate: { one: first(x), other: last(x), some: 'collect(x, 3)' }`;
    const { rows } = runOf(steps, [[event(1, { points: 7 })]]);
    expect(rows.at(-1)).toBe('user="k" one=9 other=5 some=[9, 5, 7]');
  });

  it('a late record is late once', () => {
    const steps = `
- unnest: { x: '[1, 2, 3]' }
- groupBy: x
  window: { tumbling: 10ms }
  aggregate: { n: count() }`;
    const { run } = runOf(steps, [[event(50), event(5)]]);
    expect(run.late).toHaveLength(1);
  });
});
