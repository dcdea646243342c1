/** Trailing aggregates: incremental equals recomputed, kernel equals interpreter; and the cases of SEMANTICS.md, one test each. */
import type { Accumulator, Frame, NamedExpr, OverAccumulator, OverTransform, Transform } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import type { Stage } from '../../src/plan/physical.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { type Case, input } from './arbitrary.js';
import { columnOf, count, event, foldOf, history, maxPoints, pipelineOf, startRun, sumAmount, sumPoints } from './by-hand.js';
import { expectRecomputed, runCase } from './check-case.js';
import { EVENT_COLUMNS, eventSource } from './events.js';
import { forgetful, withoutDue } from './forgetful.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import type { StepSpec } from './plan-builder.js';
import { RUNS, SEED } from './settings.js';
import { showEvents, showStep } from './show.js';
import { accumulator, binary, bits, cast, column, compare, DOUBLE, LONG, nullable, STRING, TIMESTAMP } from './typed-expressions.js';

const minUser: Accumulator = { fn: 'min', arg: columnOf('user'), where: null, type: nullable(STRING) };
const maxAmount: Accumulator = { fn: 'max', arg: columnOf('amount'), where: null, type: nullable(DOUBLE) };
const bonuses: Accumulator = { fn: 'count', arg: columnOf('bonus'), where: compare('>', columnOf('points'), 0), type: LONG };
const squares: Accumulator = {
  fn: 'sum',
  arg: binary('*', columnOf('points'), columnOf('points'), LONG),
  where: compare('<', columnOf('points'), 5),
  type: LONG,
};

const nullableBonus = cast(columnOf('bonus'), nullable(LONG));
/** Of those that keep values, or counts of them. */
const keeping: readonly Accumulator[] = [
  { fn: 'variance', arg: columnOf('amount'), where: null, type: nullable(DOUBLE) },
  { fn: 'variance', arg: cast(columnOf('points'), DOUBLE), where: compare('>', columnOf('points'), 0), type: nullable(DOUBLE) },
  { fn: 'percentile', arg: columnOf('amount'), fraction: 0.7, where: null, type: nullable(DOUBLE) },
  { fn: 'distinct', arg: columnOf('amount'), where: null, type: LONG },
  { fn: 'distinct', arg: columnOf('user'), where: compare('>', columnOf('points'), 0), type: LONG },
  { fn: 'first', arg: nullableBonus, where: null, type: nullable(LONG) },
  { fn: 'last', arg: columnOf('user'), where: compare('<', columnOf('points'), 2), type: nullable(STRING) },
  { fn: 'collect', arg: nullableBonus, limit: 2, where: null, type: { kind: 'array', items: LONG } },
];

const funnelMask = bits([compare('>', columnOf('points'), 0), compare('<', columnOf('points'), 2), compare('>', columnOf('bonus'), 0)]);
const nullablePoints = cast(columnOf('points'), nullable(LONG));
const BONUSES = { kind: 'array', items: LONG } as const;
/** Of those that are about the best rows, or their order. */
const ranking: readonly Accumulator[] = [
  { fn: 'argMax', arg: columnOf('user'), by: columnOf('amount'), where: null, type: nullable(STRING) },
  { fn: 'argMin', arg: nullableBonus, by: columnOf('user'), where: null, type: nullable(LONG) },
  { fn: 'argMax', arg: nullablePoints, by: nullableBonus, where: compare('>', columnOf('points'), 0), type: nullable(LONG) },
  { fn: 'topK', arg: nullableBonus, by: columnOf('points'), limit: 3, where: null, type: BONUSES },
  { fn: 'topK', arg: columnOf('points'), by: nullableBonus, limit: 2, where: compare('<', columnOf('points'), 3), type: BONUSES },
  { fn: 'funnel', arg: funnelMask, limit: 3, where: null, type: { kind: 'int' } },
  { fn: 'approxDistinct', arg: columnOf('amount'), where: null, type: LONG },
  { fn: 'approxDistinct', arg: columnOf('user'), where: compare('>', columnOf('points'), 0), type: LONG },
];

const plain: readonly Accumulator[] = [count, sumPoints, sumAmount, maxPoints, minUser, maxAmount, bonuses, squares];

interface OverOptions {
  readonly group?: readonly string[];
  readonly ttlMs?: number | null;
  readonly columns?: readonly NamedExpr[];
}

/** A row's columns `kept`, and `r0`, `r1`, … for the accumulators. */
function overOf(
  accumulators: readonly OverAccumulator[],
  options: OverOptions = {},
  kept: readonly string[] = ['user', 'at'],
): OverTransform {
  const { group = [], ttlMs = null, columns = [] } = options;
  return {
    type: 'over',
    group: group.map((name) => ({ name, expr: columnOf(name) })),
    ttlMs,
    accumulators,
    columns: [
      ...kept.map((name) => ({ name, expr: columnOf(name) })),
      ...accumulators.map(({ type }, i) => ({ name: `r${i}`, expr: accumulator(i, type) })),
      ...columns,
    ],
  };
}

const over = (accumulator: Accumulator, unit: Frame['unit'], size: number, previous = false): OverAccumulator => ({
  ...accumulator,
  over: { unit, size, previous },
});

// ---- Random pipelines ----

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ unit: fc.constant<'ms'>('ms'), size: fc.constantFrom(0, 1, 4, 10, 25), previous: fc.constant(false) }),
  fc.record({ unit: fc.constant<'ms'>('ms'), size: fc.constantFrom(1, 4, 10), previous: fc.constant(true) }),
  fc.record({ unit: fc.constant<'rows'>('rows'), size: fc.integer({ min: 1, max: 4 }), previous: fc.boolean() }),
);

const overStep: fc.Arbitrary<OverTransform> = fc
  .record({
    group: fc.subarray(['user', 'team']),
    ttlMs: fc.constantFrom(null, null, 3, 12),
    accumulators: fc.array(fc.tuple(fc.constantFrom(...plain, ...keeping, ...ranking), frame), { minLength: 1, maxLength: 4 }),
  })
  .map(({ group, ttlMs, accumulators }) =>
    overOf(
      accumulators.map(([one, over]) => ({ ...one, over })),
      { group, ttlMs },
      EVENT_COLUMNS.map(({ name }) => name),
    ),
  );

const positive: Transform = { type: 'filter', condition: compare('>=', columnOf('points'), 0) };

/** A window of all columns that an `over` can be put behind. */
const windowed = foldOf({ points: sumPoints, n: count }, { group: ['user'], window: { sizeMs: 5, graceMs: 2 }, emit: { mode: 'final' } });
const behindWindow = (frames: readonly Frame[]): OverTransform => ({
  type: 'over',
  group: [],
  ttlMs: null,
  accumulators: frames.map((one) => ({ fn: 'sum', arg: column('n', LONG), where: null, type: LONG, over: one })),
  columns: [
    ...Object.entries({ user: STRING, window_start: TIMESTAMP, window_end: TIMESTAMP, n: LONG }).map(([name, type]) => ({
      name,
      expr: column(name, type),
    })),
    ...frames.map((_, i) => ({ name: `r${i}`, expr: accumulator(i, LONG) })),
  ],
});

/** Nobody needs the columns that are not selected. */
const selecting: fc.Arbitrary<readonly Transform[]> = fc
  .tuple(overStep, fc.option(overStep, { nil: null }), fc.infiniteStream(fc.boolean()))
  .map(([first, second, drawn]) => {
    const steps = [first, ...(second === null ? [] : [second])];
    const all = steps[steps.length - 1].columns;
    const kept = all.filter(() => drawn.next().value === true);
    const columns = (kept.length === 0 ? [all[0]] : kept).map(({ name, expr: { type } }) => ({ name, expr: column(name, type) }));
    return [positive, ...steps, { type: 'project', columns }];
  });

const transforms: fc.Arbitrary<readonly Transform[]> = fc.oneof(
  { weight: 4, arbitrary: selecting },
  { weight: 4, arbitrary: overStep.map((one) => [one]) },
  { weight: 2, arbitrary: fc.tuple(overStep, overStep).map(([a, b]) => [positive, a, b]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(overStep, fc.constantFrom(null, 15))
      .map(([a, ttlMs]) => [a, ttlMs === null ? windowed : foldOf({ n: count, top: maxPoints }, { group: ['user'], ttlMs })]),
  },
  { weight: 2, arbitrary: fc.array(frame, { minLength: 1, maxLength: 2 }).map((frames) => [windowed, behindWindow(frames)]) },
);

const overCase: fc.Arbitrary<Case> = fc
  .record({ transforms, latenessMs: fc.constantFrom(0, 5, 20, 100), key: fc.constantFrom('user', null), seed: fc.integer() })
  .chain(({ transforms: of, latenessMs, key, seed }) =>
    input(key === 'user').map((partitions): Case => {
      const steps = of.map((transform, i): StepSpec => ({ id: `s${i}`, input: i === 0 ? 'source' : `s${i - 1}`, transform }));
      const ends = of.some(({ type }) => type === 'project') ? steps.slice(-1) : steps;
      const pipeline = { source: eventSource({ latenessMs, key }), steps, sinks: ends.map(({ id }) => id) };
      const text = `\n  lateness ${latenessMs} key ${key}\n  ${steps.map(showStep).join('\n  ')}\n  ${showEvents(partitions)}\n`;
      return Object.defineProperty({ pipeline, partitions, seed }, fc.toStringMethod, { value: () => text });
    }),
  );

const variant = fc.record({ downstreamPartitions: fc.constantFrom(1, 3), preAggregation: fc.boolean(), restarts: fc.boolean() });

describe.each([0, 2])(`over that keeps as little as it may, with a store that is %i flushes behind (seed ${SEED})`, (lag) => {
  it('gives the same', () => {
    const kernelOf = (stage: Stage) => lockstep(stage, withoutDue(stage), forgetful(stage, lag), ['interpreter', 'kernel']);
    fc.assert(
      fc.property(overCase, variant, (c, how) => expectRecomputed(c, runCase(c, how, kernelOf))),
      { numRuns: 2 * RUNS, seed: SEED },
    );
  });
});

describe.each(implementations)(`over, %s (seed ${SEED})`, (name, kernelOf) => {
  it('is a function of the input: whatever the interleaving, the flushes, the partitions downstream and the restarts', () => {
    fc.assert(
      fc.property(overCase, variant, (c, how) => expectRecomputed(c, runCase(c, how, kernelOf))),
      { numRuns: 3 * RUNS, seed: SEED },
    );
  });

  it.each([
    ['the interpreter’s state', true],
    ['its own state', false],
  ])('agrees with the interpreter, restoring %s', (_what, interpreterFirst) => {
    fc.assert(
      fc.property(overCase, variant, (c, how) => {
        runCase(c, how, (stage) =>
          interpreterFirst
            ? lockstep(stage, interpretStage(stage), kernelOf(stage), ['interpreter', name])
            : lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
        );
      }),
      { numRuns: 2 * RUNS, seed: SEED },
    );
  });

  // ---- By hand ----

  const rowsOf = (transform: OverTransform, partitions: Parameters<typeof startRun>[2], latenessMs = 0): string[] => {
    const plan = pipelineOf([transform], { latenessMs });
    const run = startRun(plan, kernelOf, partitions);
    run.toEnd();
    return history(plan, run);
  };

  it('a range includes both ends and peers, whichever partition they come from', () => {
    const rows = rowsOf(overOf([over(sumPoints, 'ms', 10), over(sumPoints, 'ms', 10, true)]), [
      [event(0, { points: 1 }), event(10, { points: 2 }), event(21, { points: 4 }), event(99)],
      [event(10, { points: 8 }), event(99)],
    ]);
    expect(rows).toEqual(['user="k" at=0 r0=1 r1=0', 'user="k" at=10 r0=11 r1=1', 'user="k" at=10 r0=11 r1=1', 'user="k" at=21 r0=4 r1=0']);
  });

  it('of rows that are only counted, nothing is kept but their times', () => {
    const counted = overOf([over(count, 'rows', 2), over(count, 'ms', 5)]);
    const columns = ['r0', 'r1'].map((name) => ({ name, expr: column(name, LONG) }));
    const plan = pipelineOf([counted, { type: 'project', columns }]);
    const run = startRun(plan, kernelOf, [
      [event(1), event(2), event(9)],
      [event(2), event(9)],
    ]);
    run.task(0, 0).read();
    run.task(0, 0).flush();
    run.task(0, 0).restart();
    run.toEnd();
    expect(history(plan, run)).toEqual(['r0=1 r1=1', 'r0=2 r1=3', 'r0=2 r1=3']);
  });

  it('rows go by event time, then partition, then offset', () => {
    const rows = rowsOf(
      overOf([over(sumPoints, 'rows', 2), over(maxPoints, 'rows', 1, true)]),
      [
        [event(5, { points: 10 }), event(3, { points: 1 }), event(99)],
        [event(5, { points: 20 }), event(5, { points: 30 }), event(99)],
      ],
      50,
    );
    expect(rows).toEqual([
      'user="k" at=3 r0=1 r1=null',
      'user="k" at=5 r0=11 r1=1',
      'user="k" at=5 r0=30 r1=10',
      'user="k" at=5 r0=50 r1=20',
    ]);
  });

  it('rule 4: a record older than its own partition’s watermark is late, one that a fast partition has passed is not', () => {
    const plan = pipelineOf([overOf([over(count, 'ms', 100)])], { latenessMs: 2 });
    const run = startRun(plan, kernelOf, [
      [event(10), event(8), event(7), event(90)],
      [event(1), event(90)],
    ]);
    run.task(0, 0).read(0, 4);
    run.task(0, 0).flush();
    run.toEnd();
    expect(run.late).toEqual([{ partition: 0, offset: 2, step: 's0', windows: [{ start: 7, end: 8 }] }]);
    expect(history(plan, run)).toEqual(['user="k" at=1 r0=1', 'user="k" at=8 r0=2', 'user="k" at=10 r0=3']);
  });

  it('a row waits until the watermark is past its time: another of that time may come', () => {
    const plan = pipelineOf([overOf([over(count, 'ms', 5)], { group: ['user'] })], { key: 'user' });
    const run = startRun(plan, kernelOf, [[event(1), event(1), event(2)]]);
    for (const expected of [0, 0, 2]) {
      run.task(0, 0).read();
      run.task(0, 0).flush();
      expect(history(plan, run)).toHaveLength(expected);
    }
    expect(history(plan, run)).toEqual(['user="k" at=1 r0=2', 'user="k" at=1 r0=2']);
  });

  it('rule 3: a group that is silent for longer than the ttl begins anew, and its state goes; at just the ttl it goes on', () => {
    const plan = pipelineOf([overOf([over(count, 'rows', 9)], { group: ['user'], ttlMs: 10 })], { key: 'user' });
    const run = startRun(plan, kernelOf, [[event(0), event(10), event(21), event(50, { user: 'x' })]]);
    run.toEnd();
    expect(history(plan, run)).toEqual(['user="k" at=0 r0=1', 'user="k" at=10 r0=2', 'user="k" at=21 r0=1']);
  });

  it('rule 7: they go by all of their values, also those that nobody needs', () => {
    const last = behindWindow([{ unit: 'rows', size: 2, previous: false }]);
    const onlyResult: Transform = { type: 'project', columns: [{ name: 'r0', expr: column('r0', LONG) }] };
    const plan = pipelineOf([windowed, last, onlyResult]);
    const events = ['d', 'b', 'a', 'c'].flatMap((user, i) => Array.from({ length: i + 1 }, () => event(1, { user })));
    const run = startRun(plan, kernelOf, [[...events, event(50)]]);
    run.toEnd();
    expect(history(plan, run)).toEqual(['r0=3', 'r0=5', 'r0=6', 'r0=5']);
  });

  it('rule 7: results of closed windows of one time go by their values, so that the tasks they come from do not matter', () => {
    const plan = pipelineOf([windowed, behindWindow([{ unit: 'rows', size: 2, previous: false }])]);
    const events = ['d', 'b', 'a', 'c'].map((user, i) => Array.from({ length: i + 1 }, () => event(1, { user })));
    const results = [1, 2, 3].map((partitions) => {
      const run = startRun(plan, kernelOf, [[...events.flat(), event(50)]], partitions);
      run.toEnd();
      return history(plan, run);
    });
    const at = 'window_start=0 window_end=5';
    expect(results[0]).toEqual([
      `user="a" ${at} n=3 r0=3`,
      `user="b" ${at} n=2 r0=5`,
      `user="c" ${at} n=4 r0=6`,
      `user="d" ${at} n=1 r0=5`,
    ]);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('rule 12: an argument that fails rejects the record; a result that does not fit takes its row out, and no other', () => {
    const big = 2n ** 62n;
    const square: Accumulator = {
      fn: 'max',
      arg: binary('*', columnOf('points'), columnOf('points'), LONG),
      where: null,
      type: nullable(LONG),
    };
    const plan = pipelineOf([overOf([over(square, 'ms', 5), over(sumPoints, 'ms', 5)])]);
    const run = startRun(plan, kernelOf, [[event(1, { points: 2 }), event(2, { points: big }), event(3), event(50)]]);
    run.toEnd();
    expect(run.rejected).toEqual([{ partition: 0, offset: 1, code: 'expression' }]);
    expect(history(plan, run)).toEqual(['user="k" at=1 r0=4 r1=2', 'user="k" at=3 r0=4 r1=2']);
    const sums = pipelineOf([overOf([over(sumPoints, 'ms', 5)])]);
    const wide = startRun(sums, kernelOf, [[event(1, { points: big }), event(2, { points: big }), event(7, { points: 1 }), event(50)]]);
    wide.toEnd();
    expect(history(sums, wide)).toEqual([`user="k" at=1 r0=${big}`, `user="k" at=7 r0=${big + 1n}`]);
  });

  it('rule 18: sums of doubles stay exact while rows leave', () => {
    const rows = rowsOf(overOf([over(sumAmount, 'ms', 1)], {}, ['at']), [
      [
        event(1, { amount: 1e308 }),
        event(2, { amount: 1e308 }),
        event(3, { amount: -1e308 }),
        event(4, { amount: NaN }),
        event(5, { amount: 0.1 }),
      ].concat(event(6, { amount: 0.2 }), event(50)),
    ]);
    expect(rows).toEqual(['at=1 r0=1e+308', 'at=2 r0=Infinity', 'at=3 r0=0', 'at=4 r0=NaN', 'at=5 r0=NaN', `at=6 r0=${0.1 + 0.2}`]);
  });

  it('a mean is over what is not null', () => {
    const bonus = cast(columnOf('bonus'), nullable(LONG));
    const [sum, n] = [
      over({ fn: 'sum', arg: bonus, where: null, type: LONG }, 'rows', 3),
      over({ fn: 'count', arg: bonus, where: null, type: LONG }, 'rows', 3),
    ];
    const mean = binary('/', cast(accumulator(0, LONG), DOUBLE), cast(accumulator(1, LONG), DOUBLE), nullable(DOUBLE));
    const rows = rowsOf(overOf([sum, n], { columns: [{ name: 'mean', expr: mean }] }, []), [
      [event(1), event(2, { bonus: 4 }), event(3, { bonus: 1 }), event(4), event(9)],
    ]);
    expect(rows).toEqual(['r0=0 r1=0 mean=null', 'r0=4 r1=1 mean=4', 'r0=5 r1=2 mean=2.5', 'r0=5 r1=2 mean=2.5']);
  });

  it('keeps in the changelog only what a row to come may look back on', () => {
    const plan = planStages(pipelineOf([overOf([over(count, 'ms', 10)], { group: ['user'] })], { key: 'user' }));
    expect(plan.stages[0].stores).toEqual([{ kind: 'trail', node: 0 }]);
  });
});
