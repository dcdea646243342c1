/** The laws of pipelines with several streams: unions within a stage and across stages, branches, diamonds, several sinks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';
import { expectRecomputed, inputsOf, planOf, run, someRun } from './several-sources.js';

const pipelines: Readonly<Record<string, { readonly topics: readonly string[]; readonly text: string }>> = {
  'a union of sources, copied': {
    topics: ['one', 'two'],
    text: `
streams:
  all: { from: [one, two], steps: [ filter: points > 0 ] }
sink: { topic: out }`,
  },
  'counts over a union of three sources': {
    topics: ['one', 'two', 'three'],
    text: `
streams:
  all:
    from: [one, two, three]
    steps:
      - derive: { rich: '(bonus ?? 0) > 1' }
      - groupBy: user
        aggregate: { n: count(), rich: count() where rich, sum: sum(amount) }
sink: { topic: out }`,
  },
  'windows over branches of one source and another one': {
    topics: ['one', 'two'],
    text: `
streams:
  low: { from: one, steps: [ filter: points < 2, select: [user, { what: points }] ] }
  high: { from: one, steps: [ filter: points >= 1, select: [user, { what: points * 2 }] ] }
  more: { from: two, steps: [ select: [user, { what: points }] ] }
  all:
    from: [low, more, high]
    steps:
      - filter: what < 1000
      - groupBy: user
        window: { hopping: 20ms, every: 10ms, grace: 3ms }
        aggregate: { n: count(), most: max(what) }
        emit: final
sinks:
  all: { from: all, topic: out }
  low: { from: low, topic: low }`,
  },
  'a union of a stream and closed windows, in windows again': {
    topics: ['one', 'two'],
    text: `
streams:
  closed:
    from: one
    steps:
      - groupBy: user
        window: { tumbling: 5ms, grace: 2ms }
        aggregate: { n: count() }
        emit: final
      - select: [user, n]
  single: { from: two, steps: [ filter: bonus != null, select: [user, { n: bonus }] ] }
  all:
    from: [closed, single]
    steps:
      - window: { tumbling: 20ms }
        aggregate: { rows: count(), all: sum(n), top: max(user) }
        emit: final
  board:
    from: [single, closed]
    steps:
      - groupBy: user
        aggregate: { all: sum(n) }
      - topK: { k: 2, by: [all desc, user], rank: rnk }
sinks:
  all: { from: all, topic: out }
  board: { from: board, topic: board }`,
  },
  'what came before in a union of sources, and the first and last of it': {
    topics: ['one', 'two'],
    text: `
streams:
  low: { from: one, steps: [ filter: points < 2, select: [user, { what: points }] ] }
  high: { from: one, steps: [ filter: points >= 1, select: [user, { what: points * 2 }] ] }
  more: { from: two, steps: [ select: [user, { what: points }] ] }
  trailing:
    from: [low, more, high]
    steps:
      - groupBy: user
        derive: { recent: sum(what) over 10ms, before: max(what) over previous 2 rows }
      - filter: what > -3
  firsts: { from: [more, low], steps: [ { groupBy: user, dedupe: { within: 6ms } } ] }
  newest: { from: trailing, steps: [ { groupBy: user, dedupe: { keep: last } } ] }
  ends: { from: trailing, steps: [ { groupBy: user, aggregate: { opened: first(what), closed: last(recent) } } ] }
sinks:
  trailing: { from: trailing, topic: out }
  firsts: { from: firsts, topic: firsts }
  newest: { from: newest, topic: newest }
  ends: { from: ends, topic: ends }`,
  },
};

describe.each(implementations)(`%s (seed ${SEED})`, (name, kernelOf) => {
  it.each(Object.entries(pipelines))('%s', (_what, { topics, text }) => {
    fc.assert(
      fc.property(inputsOf(topics), fc.constantFrom(0, 5), fc.constantFrom(0, 20), someRun, (inputs, one, two, variant) => {
        const plan = planOf(text, { one, two });
        const result = run(plan, inputs, variant, (stage) =>
          lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
        );
        expectRecomputed(plan, inputs, result);
      }),
      { numRuns: Math.ceil(RUNS / 2), seed: SEED },
    );
  });
});

describe('stages', () => {
  it('a union of branches is fed twice, one of sources has an input from each', () => {
    const { stages } = planStages(planOf(pipelines['windows over branches of one source and another one'].text));
    expect(stages.map(({ inputs }) => inputs.map(({ topic }) => topic))).toEqual([
      ['one'],
      ['two'],
      ['rta.law-2-repartition', 'rta.law-2-1-repartition'],
    ]);
    expect(stages[2].nodes[0]).toMatchObject({ op: 'fold', mode: 'merge', from: { input: 0 }, merges: [{ input: 1 }] });
  });
});
