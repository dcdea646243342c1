/** Aggregates over tables where what is left has to be looked at by hand; the laws have the rest. */
import type { Accumulator } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import { StagingError } from '../../src/plan/stage-builder.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { columnOf, count, event, foldOf, history, pipelineOf, startRun } from './by-hand.js';
import { implementations } from './implementations.js';
import { column, compare, LONG, nullable, STRING } from './typed-expressions.js';

const perUser = foldOf({ n: count }, { group: ['user'] });
const few = { type: 'filter', condition: compare('<', column('n', LONG), 2) } as const;
const counts = { users: count, greatest: { fn: 'max', arg: columnOf('user'), where: null, type: nullable(STRING) } } as const;

describe.each(implementations)('%s', (_name, kernelOf) => {
  it('keeps the row of the one global group when the table has become empty (rule 13)', () => {
    const plan = pipelineOf([perUser, few, foldOf(counts)]);
    const events = ['a', 'b', 'b', 'a'].map((user, i) => event(i, { user }));
    const run = startRun(plan, kernelOf, [events]);
    for (const _ of events) {
      for (const [stage, records] of [1, 10, 10].entries()) {
        run.task(stage, 0).read(0, records);
        run.task(stage, 0).flush();
      }
    }
    expect(history(plan, run)).toEqual(['users=1 greatest="a"', 'users=2 greatest="b"', 'users=1 greatest="a"', 'users=0 greatest=null']);
  });

  it('follows sessions that merge, and keeps what those that are over gave', () => {
    const sessions = foldOf({ n: count }, { group: ['user'], window: { gapMs: 10 } });
    const events: Accumulator = { fn: 'sum', arg: column('n', LONG), where: null, type: LONG };
    const plan = pipelineOf([sessions, foldOf({ sessions: count, events })], { latenessMs: 100 });
    const input = [event(0), event(11), event(6), event(1000), event(1001)];
    const run = startRun(plan, kernelOf, [input]);
    for (const _ of input) {
      for (const [stage, records] of [1, 10, 10].entries()) {
        run.task(stage, 0).read(0, records);
        run.task(stage, 0).flush();
      }
    }
    const counts = [1, 2, 1, 2, 2].map((n, i) => `sessions=${n} events=${i + 1}`);
    expect(history(plan, run)).toEqual(counts);
  });
});

describe('aggregates over tables that cannot be', () => {
  it.each([
    ['emit: every', { ...perUser, emit: { mode: 'every', everyMs: 5 } } as const, foldOf(counts)],
    ['ttl', perUser, foldOf(counts, { ttlMs: 5 })],
  ])('are refused with advice: %s', (what, first, second) => {
    const staging = (): unknown => planStages(pipelineOf([first, second]));
    expect(staging).toThrow(StagingError);
    expect(staging).toThrow(what);
  });
});
