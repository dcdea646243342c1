/** Alerts: incidents are a function of the input, as everything else; and SEMANTICS rule 11, by hand. */
import type { Plan } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import { event, rowsOf, startRun } from './by-hand.js';
import { implementations } from './implementations.js';
import { SEED } from './settings.js';
import { expectLaw } from './yaml-law.js';
import { planOf } from './yaml-plan.js';

const FILTER = '\n- filter: points > -9';
const COUNTS = '\n- groupBy: user\n  window: { tumbling: 5ms }\n  aggregate: { n: count(), most: max(points) }';

const laws: Readonly<Record<string, readonly [steps: string, alerts: string]>> = {
  'rows of a stream, each by itself': [FILTER, '\na: { when: points > 1, notify: oncall }'],
  'rows of a stream that hold until the next one': [FILTER, '\na: { when: points > 1, for: 4ms, keepFiringFor: 3ms, notify: oncall }'],
  'a stream that falls silent': [FILTER, '\na: { when: points > 3, for: 2ms, noData: 6ms, notify: oncall }'],
  'a stream that falls silent, and incidents that are kept': [
    FILTER,
    '\na: { when: points > 1, keepFiringFor: 9ms, noData: 6ms, notify: oncall }',
  ],
  'closed windows of a table': [COUNTS, '\na: { when: n > 1 and most > 0, for: 5ms, notify: oncall }'],
  'closed windows that overlap, and are missing': [
    `${COUNTS.replace('tumbling: 5ms', 'hopping: 10ms, every: 5ms, grace: 3ms')}\n- derive: { twice: n * 2 }`,
    '\na: { when: twice > 2, for: 7ms, keepFiringFor: 5ms, noData: 20ms, notify: oncall }',
  ],
  'windows that are final': [`${COUNTS}\n  emit: final`, '\na: { when: n > 1, for: 5ms, keepFiringFor: 5ms, notify: oncall }'],
  sessions: [COUNTS.replace('tumbling', 'session'), '\na: { when: n > 2, notify: oncall }'],
  'sliding windows': [COUNTS.replace('tumbling', 'sliding'), '\na: { when: n > 2, for: 2ms, noData: 30ms, notify: oncall }'],
  'all rows as one': [
    '\n- window: { tumbling: 5ms }\n  aggregate: { n: count() }\n  emit: final\n- derive: { mean: avg(n) over previous 3 rows }',
    '\na: { when: n > mean ?? false, notify: oncall }',
  ],
  'several alerts': [
    COUNTS,
    '\na: { when: n > 1, for: 5ms, notify: oncall }\nb: { from: source, when: points > 2, keepFiringFor: 4ms, notify: [oncall] }\nc: { when: n > 9, noData: 10ms, notify: oncall }',
  ],
};

/** All transitions are looked at, not only the last of a key, which is what the topic keeps. */
const allTold = (plan: Plan): Plan => ({
  ...plan,
  sinks: plan.sinks.map((sink) => (sink.id === 'alerts' ? { ...sink, compacted: false } : sink)),
});

describe.each(implementations)(`alerts, %s (seed ${SEED})`, (name, kernelOf) => {
  it.each(Object.entries(laws))('%s', (_what, [steps, alerts]) => expectLaw(steps, [name, kernelOf], allTold, alerts));

  /** What is told of user k, at which time, by the windows that follow `steps` and the alert. */
  function told(steps: string, alert: string, events: readonly ReturnType<typeof event>[]): string[] {
    const plan = planOf(steps, true, 0, alert);
    const incidents = { ...plan, sinks: plan.sinks.filter(({ id }) => id === 'alerts') };
    const run = startRun(incidents, kernelOf, [events]);
    run.toEnd();
    return rowsOf(incidents, run).map(({ action, reason, since, opened_at, at }) => [action, reason, since, opened_at, at].join(' '));
  }

  const event9 = (at: number): ReturnType<typeof event> => event(at, { points: 9 });
  const high = (more: string): string => `\na: { when: (most ?? 0) > 5, ${more}notify: oncall }`;

  it('rule 11: closed windows are judged, not what they are on the way', () => {
    const counts = '\n- groupBy: user\n  window: { tumbling: 5ms }\n  aggregate: { n: count() }';
    const alone = '\na: { when: n == 1, notify: oncall }';
    expect(told(counts, alone, [event9(0), event9(1), event9(7), event9(8), event9(30)])).toEqual([]);
    expect(told(counts, alone, [event9(0), event9(1), event9(7), event9(30)])).toEqual(['trigger when 10 10 10', 'resolve when 10 10 15']);
  });

  it('a condition that holds for so long opens an incident at the end of the window where it has', () => {
    const events = [event9(0), event9(5), event9(10), event(15, { points: 1 }), event(90, { user: 'x' })];
    expect(told(COUNTS, high('for: 10ms, '), events)).toEqual(['trigger when 5 15 15', 'resolve when 5 15 20']);
    expect(told(COUNTS, high('for: 16ms, '), events)).toEqual([]);
  });

  it('a window without rows is one in which the condition does not hold', () => {
    const events = [event9(0), event9(10), event(90, { user: 'x' })];
    expect(told(COUNTS, high('for: 10ms, '), events)).toEqual([]);
    expect(told(COUNTS, high(''), events)).toEqual([
      'trigger when 5 5 5',
      'resolve when 5 5 10',
      'trigger when 15 15 15',
      'resolve when 15 15 20',
    ]);
  });

  it('an incident that is kept is the same one when the condition holds again', () => {
    const events = [event9(0), event(5, { points: 1 }), event9(10), event(90, { user: 'x' })];
    expect(told(COUNTS, high('keepFiringFor: 5ms, '), events)).toEqual(['trigger when 5 5 5', 'resolve when 5 5 25']);
    expect(told(COUNTS, high('keepFiringFor: 4ms, '), events)[1]).toBe('resolve when 5 5 14');
  });

  it('silence opens an incident, and the next row ends it', () => {
    const events = [event(0, { points: 1 }), event(40, { points: 1 }), event(90, { user: 'x' })];
    const silence = ['trigger noData 5 35 35', 'resolve when 5 35 45', 'trigger noData 45 75 75'];
    expect(told(COUNTS, high('noData: 30ms, '), events)).toEqual(silence);
  });

  it('rows that are no windows hold until the next one', () => {
    const events = [event9(0), event(20, { points: 1 }), event(90, { user: 'x' })];
    expect(told(FILTER, '\na: { when: points > 5, for: 10ms, notify: oncall }', events)).toEqual([
      'trigger when 0 10 10',
      'resolve when 0 10 20',
    ]);
  });
});
