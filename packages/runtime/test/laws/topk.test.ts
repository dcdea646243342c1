/** `topK` as it is compiled from YAML: incremental equals recomputed, kernel equals interpreter; and what it means, by hand. */
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser } from './arbitrary.js';
import { event, history, startRun } from './by-hand.js';
import { expectFinal } from './check-case.js';
import { rawOf } from './events.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { SEED } from './settings.js';
import { runPipeline } from './stage-runner.js';
import { planOf } from './yaml-plan.js';
import { expectLaw } from './yaml-law.js';

const pipelines: Readonly<Record<string, string>> = {
  'the best row of each group': `
- groupBy: user
  topK: { k: 1, by: [points desc, at] }`,
  'the best rows of all': `
- topK: { k: 3, by: [amount desc, bonus nulls first], rank: rnk }
- filter: points > -2`,
  'ranked per group, with a ttl': `
- groupBy: { named: team ?? "none" }
  topK: { k: 2, by: bonus desc, rank: rnk }
  ttl: 9ms
- groupBy: rnk
  aggregate: { n: count(), sum: sum(points), users: count(distinct user), last: max(user) }`,
  'ties of all time': `
- groupBy: user
  topK: { k: 1, by: points desc, ties: all, rank: rnk, take: [points, { share: amount / 2 }] }`,
  'the best of windows, all that tie': `
- window: { tumbling: 10ms, grace: 2ms }
  topK: { k: 1, by: points desc, ties: all }
  emit: final
- select: [user, at, points, window_end]`,
  'windows that overlap, when they close': `
- groupBy: { named: team ?? "none" }
  window: { hopping: 20ms, every: 5ms, grace: 2ms }
  topK: { k: 2, by: [points desc, bonus nulls first], ties: all, rank: rnk }
  emit: final`,
  'windows that overlap, as they change': `
- groupBy: user
  window: { hopping: 20ms, every: 5ms }
  topK: { k: 2, by: [amount, points desc], rank: rnk }
- groupBy: rnk
  topK: { k: 3, by: [amount desc, window_start, user], rank: place }`,
  'the best of sessions': `
- groupBy: user
  window: { session: 6ms }
  topK: { k: 2, by: points desc, rank: rnk }
- filter: rnk > 1 or points > 0`,
  'sessions that are over, as lists': `
- groupBy: user
  window: { session: 4ms, grace: 1ms }
  topK: { k: 2, by: [bonus desc nulls first, points], list: rows, rank: rnk, take: [points, bonus] }
  emit: final
- derive: { n: length(rows) }`,
  'lists of windows that grow': `
- groupBy: user
  window: { cumulate: 12ms, every: 4ms }
  topK: { k: 3, by: '$time desc', list: latest, take: [points, { half: points / 2 ?? 0.0 }], ties: all }
  emit: { every: 3ms }`,
  'ranks of windows now and then': `
- groupBy: { named: team ?? "none" }
  window: { tumbling: 20ms }
  topK: { k: 3, by: points, rank: rnk }
  emit: { every: 3ms }`,
  'the most frequent of each window': `
- groupBy: user
  window: { hopping: 10ms, every: 5ms, grace: 1ms }
  aggregate: { n: count() }
  emit: final
- groupBy: [window_start, window_end]
  topK: { k: 1, by: n desc, ties: all, rank: rnk }
  emit: final
- select: [rnk, user, n, window_end]`,
  'boards of closed windows that change until they close': `
- groupBy: user
  window: { tumbling: 10ms, grace: 2ms }
  aggregate: { n: count(), sum: sum(points) }
  emit: final
- groupBy: [window_start, window_end]
  topK: { k: 2, by: [n desc, sum], rank: rnk }
- groupBy: [window_start, window_end]
  aggregate: { leaders: count(), most: max(n) }
  emit: final`,
  'a list of each board of a table': `
- groupBy: user
  aggregate: { team: max(team ?? "none"), n: count(), sum: sum(points) }
  ttl: 15ms
- groupBy: team
  topK: { k: 2, by: [n desc, sum], list: best, rank: rnk, take: [user, { mean: sum / n }] }`,
  'lists of boards when their windows close': `
- groupBy: user
  window: { tumbling: 10ms }
  aggregate: { n: count() }
- groupBy: [window_start, window_end]
  topK: { k: 2, by: n desc, ties: all, list: users, take: [user, n] }
  emit: final
- derive: { size: length(users) }`,
  'a board per expression': `
- groupBy: user
  aggregate: { n: count(), top: max(points) }
- groupBy: { odd: n % 2 }
  topK: { k: 2, by: [top desc, user], rank: rnk }`,
  'a board of some columns': `
- groupBy: user
  aggregate: { n: count(), top: max(points), team: max(team ?? "none") }
- groupBy: team
  topK: { k: 2, by: n desc, take: [user, { twice: n * 2 }] }`,
  'aggregates of windows that are open': `
- groupBy: [user, { named: team ?? "none" }]
  window: { tumbling: 10ms, grace: 1ms }
  aggregate: { n: count(), top: max(points) }
- filter: n > 1 or top > 0
- groupBy: [window_start, window_end, named]
  aggregate: { users: count(), all: sum(n), best: 'argMax(user, top)' }
  emit: final
- groupBy: [window_start, window_end]
  aggregate: { names: count(), all: sum(all) }
  emit: final`,
  'sessions with the same bounds': `
- groupBy: user
  window: { session: 3ms }
  aggregate: { n: count() }
  emit: final
- groupBy: [window_start, window_end]
  aggregate: { users: count(), all: sum(n) }
  emit: final`,
};

describe.each(implementations)(`topK, %s (seed ${SEED})`, (name, kernelOf) => {
  it.each(Object.entries(pipelines))('%s', (_what, steps) => {
    expectLaw(steps, [name, kernelOf]);
  });

  const rowsOf = (steps: string, partitions: Parameters<typeof startRun>[2], latenessMs = 0): string[] => {
    const plan = planOf(steps, false, latenessMs);
    const run = startRun(plan, kernelOf, partitions);
    run.toEnd();
    return history(plan, run);
  };

  it('of equals the earlier row is first, by event time, partition and offset', () => {
    const steps = '\n- window: { tumbling: 20ms }\n  topK: { k: 3, by: points desc, rank: rnk }\n  emit: final\n- select: [rnk, at, bonus]';
    const partitions = [
      [event(9, { bonus: 1 }), event(7, { bonus: 2 }), event(60)],
      [event(7, { bonus: 3 }), event(5, { points: -1 }), event(60)],
    ];
    expect(rowsOf(steps, partitions, 20)).toEqual(['rnk=1 at=7 bonus=2', 'rnk=2 at=7 bonus=3', 'rnk=3 at=9 bonus=1']);
  });

  it('a row that is taken back does not count for the time of a group, whatever memory forgot of it', () => {
    const plan = planOf(pipelines['ranked per group, with a ttl'], true, 0);
    const partitions = [
      [event(2, { user: '～', team: '' }), event(10, { user: 'end0' })],
      [
        ...[event(0, { user: 'a', team: 'y' }), event(1, { user: 'a', team: 'y' })],
        ...[event(0, { user: 'a', team: 'x' }), event(10, { user: 'end1' })],
      ],
    ];
    const result = runPipeline({
      plan: planStages(plan),
      kernelOf: (stage) => lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
      input: partitions.map((events) => events.map(rawOf)),
      // Found by the law above: where the list of a team is evicted between two of its events.
      choose: chooser(-811130763),
      steps: 40,
      downstreamPartitions: 1,
      preAggregation: false,
      restarts: false,
      eviction: true,
    });
    expectFinal(plan, partitions, result);
  });

  it('what is kept of a window goes when it closes, and so does what is made of its results', () => {
    const steps = `
- groupBy: user
  window: { tumbling: 10ms }
  aggregate: { n: count() }
- groupBy: [window_start, window_end]
  topK: { k: 2, by: n desc, rank: rnk }
- groupBy: [window_start, window_end]
  aggregate: { leaders: count() }`;
    const plan = planOf(steps, false, 0);
    const times = Array.from({ length: 30 }, (_, i) => event(i * 10, { user: `u${i % 3}` }));
    const run = startRun(plan, kernelOf, [times]);
    run.toEnd();
    const entries = planStages(plan).stages.map(({ id }) => run.task(id, 0).logEntries);
    expect(Math.max(...entries), entries.join()).toBeLessThanOrEqual(2);
  });
});
