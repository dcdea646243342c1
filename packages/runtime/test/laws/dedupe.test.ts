/** `dedupe` as it is compiled from YAML: incremental equals recomputed, kernel equals interpreter; and what it means, by hand. */
import { describe, expect, it } from 'vitest';
import { event, history, startRun } from './by-hand.js';
import { implementations } from './implementations.js';
import { SEED } from './settings.js';
import { planOf } from './yaml-plan.js';
import { expectLaw } from './yaml-law.js';

const pipelines: Readonly<Record<string, string>> = {
  'the first row': `
- groupBy: user
  dedupe: { keep: first }`,
  'the first row within': `
- groupBy: { named: team ?? "none" }
  dedupe: { within: 6ms }
- groupBy: named
  aggregate: { n: count(), sum: sum(points) }`,
  'the first row with a ttl, twice': `
- groupBy: [user, points]
  dedupe: { keep: first, within: 20ms }
  ttl: 9ms
- groupBy: team ?? "none"
  dedupe: { keep: first }`.replace('groupBy: team ?? "none"', 'groupBy: { named: team ?? "none" }'),
  'the last row': `
- groupBy: user
  dedupe: { keep: last }`,
  'the last row, ranked': `
- groupBy: { named: team ?? "none" }
  dedupe: { keep: last }
  ttl: 8ms
- filter: points > -2
- topK: { k: 2, by: [amount desc, user], rank: rnk }`,
  'the last of trailing means': `
- groupBy: user
  derive: { short: avg(points) over 4ms, long: avg(points) over 20ms }
- groupBy: user
  dedupe: { keep: last }
  ttl: 15ms
- derive: { hotness: short / long }
- topK: { k: 3, by: ['round(hotness, 6) desc', user], rank: rnk }
- select: [rnk, user, short, long, hotness]`,
  'the last result of windows': `
- groupBy: user
  window: { tumbling: 5ms, grace: 2ms }
  aggregate: { n: count(), sum: sum(points) }
  emit: final
- groupBy: n
  dedupe: { keep: last }`,
};

describe.each(implementations)(`dedupe, %s (seed ${SEED})`, (name, kernelOf) => {
  it.each(Object.entries(pipelines))('%s', (_what, steps) => {
    expectLaw(steps, [name, kernelOf]);
  });

  const rowsOf = (steps: string, partitions: Parameters<typeof startRun>[2], latenessMs = 0): string[] => {
    const plan = planOf(`${steps}\n- select: [user, at, points]`, false, latenessMs);
    const run = startRun(plan, kernelOf, partitions);
    run.toEnd();
    return history(plan, run);
  };

  it('rule 4: first is by event time, whichever partition is read first, and a late record is not the first', () => {
    const steps = '\n- groupBy: user\n  dedupe: { keep: first }';
    const partitions = [
      [event(9, { points: 1 }), event(3, { points: 2 }), event(50, { user: 'end' })],
      [event(7, { points: 3 }), event(50, { user: 'end' })],
    ];
    expect(rowsOf(steps, partitions)).toEqual(['user="k" at=7 points=3']);
    expect(rowsOf(steps, partitions, 10)).toEqual(['user="k" at=3 points=2']);
  });

  it('within counts from the row before, kept or not, and includes its end', () => {
    const steps = '\n- groupBy: user\n  dedupe: { keep: first, within: 10ms }';
    const times = [0, 10, 20, 31, 50].map((at) => event(at));
    expect(rowsOf(steps, [[...times, event(99)]])).toEqual([
      'user="k" at=0 points=0',
      'user="k" at=31 points=0',
      'user="k" at=50 points=0',
    ]);
  });

  it('last is by event time, partition and offset', () => {
    const steps = '\n- groupBy: user\n  dedupe: { keep: last }';
    const partitions = [[event(5, { points: 1 })], [event(5, { points: 2 }), event(5, { points: 3 }), event(4, { points: 4 })]];
    expect(rowsOf(steps, partitions, 10).at(-1)).toBe('user="k" at=5 points=3');
  });
});
