/** Sliding windows, step by step. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser } from './arbitrary.js';
import { count, event, foldOf, history, maxPoints, pipelineOf, startRun, sumAmount, sumPoints } from './by-hand.js';
import { expectFinal } from './check-case.js';
import { rawOf } from './events.js';
import { forgetful, withoutDue } from './forgetful.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { SEED } from './settings.js';
import { runPipeline } from './stage-runner.js';
import { column, LONG } from './typed-expressions.js';

const FINAL = { mode: 'final' } as const;
const slide = (sizeMs: number, graceMs = 0) =>
  foldOf({ n: count, sum: sumPoints, max: maxPoints }, { group: ['user'], window: { kind: 'sliding', sizeMs, graceMs }, emit: FINAL });

describe('long windows', () => {
  const someEvents = fc.array(
    fc.record({ at: fc.integer({ min: 0, max: 400 }), amount: fc.constantFrom(0.1, 1e308, -1e308, 3), points: fc.nat(9) }),
    {
      minLength: 100,
      maxLength: 300,
    },
  );

  it.each([
    [true, null],
    [false, null],
    [true, 0],
    [false, 2],
  ])(
    `kernel, interpreter and recomputation agree (seed ${SEED}), restarts: %s, evicting with a store so many flushes behind: %s`,
    (restarts, lag) => {
      const fold = foldOf(
        { n: count, sum: sumAmount, max: maxPoints },
        { group: ['user'], window: { kind: 'sliding', sizeMs: 60 }, emit: FINAL },
      );
      const plan = pipelineOf([fold], { key: 'user', latenessMs: 20 });
      fc.assert(
        fc.property(someEvents, fc.integer(), (fields, seed) => {
          // Events are in order, but for some milliseconds.
          const events = fields.map((f, i) => event(Math.floor((f.at % 40) + i * 1.5), { ...f, at: Math.floor((f.at % 40) + i * 1.5) }));
          const result = runPipeline({
            plan: planStages(plan),
            kernelOf: (stage) =>
              lag === null
                ? lockstep(stage, compileStage(stage), interpretStage(stage), ['kernel', 'interpreter'])
                : lockstep(stage, withoutDue(stage), forgetful(stage, lag), ['interpreter', 'kernel']),
            input: [events.map(rawOf)],
            downstreamPartitions: 1,
            choose: chooser(seed),
            steps: 150,
            preAggregation: true,
            restarts,
          });
          expectFinal(plan, [events], result);
        }),
        { numRuns: 20, seed: SEED },
      );
    },
  );
});

describe.each(implementations)('%s', (_name, kernelOf) => {
  it('give a row per event, over [t - size, t] with both ends, in event-time order', () => {
    const plan = pipelineOf([slide(10)], { latenessMs: 100 });
    const points = [
      [20, 4],
      [0, 1],
      [10, 2],
      [21, 8],
      [31, 16],
    ];
    const run = startRun(plan, kernelOf, [[...points.map(([at, p]) => event(at, { points: p })), event(1000, { user: 'x' })]]);
    run.toEnd();
    expect(history(plan, run).sort()).toEqual([
      'user="k" window_start=-10 window_end=0 n=1 sum=1 max=1',
      'user="k" window_start=0 window_end=10 n=2 sum=3 max=2',
      'user="k" window_start=10 window_end=20 n=2 sum=6 max=4',
      'user="k" window_start=11 window_end=21 n=2 sum=12 max=8',
      'user="k" window_start=21 window_end=31 n=2 sum=24 max=16',
    ]);
    // The windows are in the key, so the rows are in two partitions.
    for (const partition of [0, 1]) {
      const times = run.sinks.get('sink0')!.flatMap((row) => (row.partition === partition ? [row.timestamp] : []));
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  it('events of one time see each other, and each gives a row', () => {
    const plan = pipelineOf([slide(10)]);
    const run = startRun(plan, kernelOf, [
      [event(5, { points: 1 }), event(7, { points: 2 }), event(50)],
      [event(5, { points: 4 }), event(50)],
    ]);
    run.toEnd();
    expect(history(plan, run)).toEqual([
      'user="k" window_start=-5 window_end=5 n=2 sum=5 max=4',
      'user="k" window_start=-5 window_end=5 n=2 sum=5 max=4',
      'user="k" window_start=-3 window_end=7 n=3 sum=7 max=4',
    ]);
  });

  it('rule 4: an event older than its own partition’s watermark is late; one as old as it is not, and is waited for', () => {
    const plan = pipelineOf([slide(10)], { key: 'user' });
    const run = startRun(plan, kernelOf, [[event(20), event(19), event(20), event(21, { user: 'x' })]]);
    run.task(0, 0).read(0, 3);
    run.task(0, 0).flush();
    expect(run.late).toEqual([{ partition: 0, offset: 1, step: 's0', windows: [{ start: 9, end: 19 }] }]);
    expect(history(plan, run)).toEqual([]);
    run.task(0, 0).read();
    run.task(0, 0).flush();
    expect(history(plan, run)).toHaveLength(2);
  });

  it('a row that was given is not given again after a restart, and what later rows need is still there', () => {
    const plan = pipelineOf([slide(10)], { key: 'user' });
    const run = startRun(plan, kernelOf, [[event(0), event(5), event(10), event(11), event(22, { user: 'x' }), event(100, { user: 'x' })]]);
    for (let i = 0; i < 6; i++) {
      run.task(0, 0).read();
      run.task(0, 0).flush();
      run.task(0, 0).restart();
    }
    expect(history(plan, run).filter((row) => row.startsWith('user="k"'))).toEqual([
      'user="k" window_start=-10 window_end=0 n=1 sum=0 max=0',
      'user="k" window_start=-5 window_end=5 n=2 sum=0 max=0',
      'user="k" window_start=0 window_end=10 n=3 sum=0 max=0',
      'user="k" window_start=1 window_end=11 n=3 sum=0 max=0',
    ]);
    // The event at 100, whose row is still to be given.
    expect(run.task(0, 0).logEntries).toBe(1);
  });

  it('rule 7: rows are in time for the next window', () => {
    const next = foldOf(
      { rows: count, most: { fn: 'max', arg: column('n', LONG), where: null, type: { kind: 'nullable', of: LONG } } },
      { window: { sizeMs: 10 }, emit: FINAL },
    );
    const plan = pipelineOf([slide(5, 3), next]);
    const run = startRun(plan, kernelOf, [[event(1), event(4), event(9), event(12), event(11), event(100)]], 2);
    run.toEnd();
    expect(run.late).toEqual([]);
    expect(history(plan, run)).toEqual(['window_start=0 window_end=10 rows=3 most=2', 'window_start=10 window_end=20 rows=2 most=3']);
  });
});
