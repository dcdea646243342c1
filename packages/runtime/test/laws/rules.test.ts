/** The counter-examples of SEMANTICS.md, one test each: the case that breaks what ignores the rule. */
import { describe, expect, it } from 'vitest';
import { Buffer } from 'node:buffer';
import { planStages } from '../../src/plan/plan-stages.js';
import { columnOf, count, event, foldOf, history, maxPoints, pipelineOf, startRun, sumAmount, sumPoints } from './by-hand.js';
import { rawOf } from './events.js';
import { finalRows } from './text.js';
import { implementations } from './implementations.js';
import { binary, column, accumulator, compare, LONG, nullable } from './typed-expressions.js';

const MINUTE = 60_000;

describe.each(implementations)('%s', (_name, kernelOf) => {
  const windows = pipelineOf([foldOf({ n: count }, { window: { sizeMs: 10 }, emit: { mode: 'final' } })]);

  describe('rule 1: a task waits for all of its upstreams, also after a restart', () => {
    it('does not close a window when one of two upstreams has been heard', () => {
      const run = startRun(windows, kernelOf, [
        [event(3), event(30)],
        [event(5), event(30)],
      ]);
      run.task(0, 0).read(0, 2);
      run.task(0, 0).flush();
      run.task(1, 0).read(0, 99);
      run.task(1, 0).flush();
      expect(history(windows, run)).toEqual([]);
      run.task(0, 1).read(0, 2);
      run.task(0, 1).flush();
      run.task(1, 0).read(1, 99);
      run.task(1, 0).flush();
      expect(history(windows, run)).toEqual(['window_start=0 window_end=10 n=2']);
    });

    it('remembers the marker of an upstream that stays quiet, over a restart', () => {
      const run = startRun(windows, kernelOf, [
        [event(3), event(30)],
        [event(5), event(30)],
      ]);
      run.task(0, 0).read(0, 2);
      run.task(0, 0).flush();
      run.task(1, 0).read(0, 99);
      run.task(1, 0).flush();
      run.task(1, 0).restart();
      run.task(0, 1).read(0, 2);
      run.task(0, 1).flush();
      run.task(1, 0).read(1, 99);
      run.task(1, 0).flush();
      expect(history(windows, run)).toEqual(['window_start=0 window_end=10 n=2']);
    });

    it('frees a closed window without a tombstone or a retraction downstream', () => {
      const updates = pipelineOf([foldOf({ n: count }, { window: { sizeMs: 10 } })]);
      const run = startRun(updates, kernelOf, [[event(3), event(30)]]);
      run.toEnd();
      expect(history(updates, run)).toEqual(['window_start=0 window_end=10 n=1', 'window_start=30 window_end=40 n=1']);
    });

    it('gives a window whose rows and whose end come in one flush', () => {
      const run = startRun(windows, kernelOf, [[event(3), event(1000)]]);
      run.toEnd();
      expect(history(windows, run)).toEqual(['window_start=0 window_end=10 n=1']);
    });
  });

  describe('rule 2: late is judged once, against the record’s own partition', () => {
    it('accepts from a slow partition what a fast one has long passed', () => {
      const run = startRun(windows, kernelOf, [
        [event(3), event(100)],
        [event(5), event(4), event(100)],
      ]);
      run.task(0, 0).read(0, 2);
      run.task(0, 0).flush();
      run.toEnd();
      expect(run.late).toEqual([]);
      expect(history(windows, run)).toEqual(['window_start=0 window_end=10 n=3']);
    });

    it('reports a late record once per operator, with the windows that it missed', () => {
      const hopping = pipelineOf([foldOf({ n: count }, { window: { sizeMs: 30, advanceMs: 10 } })]);
      const run = startRun(hopping, kernelOf, [[event(45), event(21)]]);
      run.toEnd();
      expect(run.late).toEqual([
        {
          partition: 0,
          offset: 1,
          step: 's0',
          windows: [
            { start: 0, end: 30 },
            { start: 10, end: 40 },
          ],
        },
      ]);
    });

    it('keeps negative times in their windows', () => {
      const run = startRun(windows, kernelOf, [[event(-1), event(-10), event(-11), event(0), event(50)]]);
      run.toEnd();
      expect(run.late.map(({ offset, windows: missed }) => [offset, missed])).toEqual([[2, [{ start: -20, end: -10 }]]]);
      expect(history(windows, run)).toEqual(['window_start=-10 window_end=0 n=2', 'window_start=0 window_end=10 n=1']);
    });
  });

  describe('rule 3: a ttl is inactivity, whoever is read first', () => {
    const gap = 30 * MINUTE;
    const at = (hours: number, minutes: number): number => (hours * 60 + minutes) * MINUTE;
    const plan = pipelineOf([foldOf({ n: count }, { group: ['user'], ttlMs: gap })]);
    const input = [
      [event(at(12, 0)), event(at(12, 36), { user: 'x' })],
      [event(at(12, 36), { user: 'x' }), event(at(12, 20))],
    ];

    it.each([
      ['p0 first', [0, 1]],
      ['p1 first', [1, 0]],
    ])('joins k@12:20 with k@12:00 (%s)', (_order, order) => {
      const run = startRun(plan, kernelOf, input);
      for (const partition of order) {
        run.task(0, partition).read(0, 2);
        run.task(0, partition).flush();
        run.task(1, 0).read(partition, 99);
        run.task(1, 0).flush();
      }
      expect(run.late).toEqual([]);
      expect(
        history(plan, run)
          .filter((row) => row.includes('"k"'))
          .at(-1),
      ).toBe('user="k" n=2');
    });

    it('takes the row back at last + ttl, and lets an accepted straggler revive it until last + 2 ttl', () => {
      const lateness = pipelineOf([foldOf({ n: count }, { group: ['user'], ttlMs: 10 })], { key: 'user', latenessMs: 0 });
      const run = startRun(lateness, kernelOf, [[event(0), event(10, { user: 'x' }), event(9), event(20, { user: 'x' }), event(11)]]);
      const steps = [1, 1, 1, 1, 1].map((records) => {
        run.task(0, 0).read(0, records);
        run.task(0, 0).flush();
        return history(lateness, run)
          .filter((row) => row.includes('k'))
          .at(-1);
      });
      expect(steps).toEqual(['user="k" n=1', 'k gone', 'user="k" n=2', 'k gone', 'user="k" n=3']);
    });

    it.each([
      ['in order', [0, gap, 2 * gap + 1]],
      ['the older one last', [gap, 0, 2 * gap + 1]],
    ])('keeps records exactly the ttl apart together, and those a millisecond further apart (%s)', (_order, times) => {
      const slow = pipelineOf([foldOf({ n: count }, { group: ['user'], ttlMs: gap })], { latenessMs: 10 * gap });
      const joined = startRun(slow, kernelOf, [times.slice(0, 2).map((time) => event(time))]);
      joined.toEnd();
      expect(history(slow, joined).at(-1)).toBe('user="k" n=2');
      const run = startRun(plan, kernelOf, [[event(0), event(gap), event(2 * gap + 1)]]);
      run.task(0, 0).read(0, 3);
      run.task(0, 0).flush();
      run.task(1, 0).read(0, 99);
      run.task(1, 0).flush();
      expect(history(plan, run)).toEqual(['user="k" n=1']);
    });

    it('judges late by its own partition: time + ttl has to exceed the watermark', () => {
      const run = startRun(plan, kernelOf, [[event(gap, { user: 'x' }), event(1), event(0)]]);
      run.toEnd();
      expect(run.late).toEqual([{ partition: 0, offset: 2, step: 's0', windows: [{ start: 0, end: gap }] }]);
    });
  });

  it.each([true, false])('rule 5: a record late for one window of a pane counts in the others, panes %s', (panes) => {
    const hopping = pipelineOf([foldOf({ n: count, sum: sumPoints }, { window: { sizeMs: 20, advanceMs: 10 }, emit: { mode: 'final' } })]);
    const run = startRun(hopping, kernelOf, [[event(21, { points: 1 }), event(15, { points: 10 }), event(100)]], 1, { panes });
    run.toEnd();
    expect(run.late).toEqual([{ partition: 0, offset: 1, step: 's0', windows: [{ start: 0, end: 20 }] }]);
    expect(history(hopping, run)).toEqual(['window_start=10 window_end=30 n=2 sum=11', 'window_start=20 window_end=40 n=1 sum=1']);
  });

  describe('rule 12: errors', () => {
    const big = 2n ** 63n - 1n;

    it('retract a table row while its value does not fit, and bring it back afterwards', () => {
      const plan = pipelineOf([foldOf({ sum: sumPoints }, { group: ['user'] })], { key: 'user' });
      const run = startRun(plan, kernelOf, [[event(1, { points: big }), event(2, { points: 1 }), event(3, { points: -1 })]]);
      for (let i = 0; i < 3; i++) {
        run.task(0, 0).read();
        run.task(0, 0).flush();
      }
      expect(run.rejected).toEqual([]);
      expect(history(plan, run)).toEqual([`user="k" sum=${big}`, 'k gone', `user="k" sum=${big}`]);
    });

    it('reject a stream record once, with no effect on any branch, though it moves the watermark', () => {
      const square = binary('*', columnOf('points'), columnOf('points'), LONG);
      const plan = pipelineOf([
        foldOf({ n: count, sum: { fn: 'sum', arg: square, where: null, type: LONG } }, { window: { sizeMs: 10 }, emit: { mode: 'final' } }),
      ]);
      const run = startRun(plan, kernelOf, [[event(1, { points: 3 }), event(50, { points: big }), event(2)]]);
      run.toEnd();
      expect(run.rejected).toEqual([{ partition: 0, offset: 1, code: 'expression' }]);
      expect(run.late).toMatchObject([{ offset: 2 }]);
      expect(history(plan, run)).toEqual(['window_start=0 window_end=10 n=1 sum=9']);
    });
  });

  describe('rule 13: what leaves is a tombstone, once', () => {
    it('of a filter on a table', () => {
      const having = { type: 'filter', condition: compare('<=', column('n', LONG), 1) } as const;
      const plan = pipelineOf([foldOf({ n: count }, { group: ['user'] }), having], { key: 'user' });
      const run = startRun(plan, kernelOf, [
        [event(1), event(2), event(3), event(4, { user: 'x' }), event(5, { user: 'y' }), event(6, { user: 'y' })],
      ]);
      for (const records of [1, 1, 1, 1, 2]) {
        run.task(0, 0).read(0, records);
        run.task(0, 0).flush();
      }
      expect(history(plan, run)).toEqual(['user="k" n=1', 'k gone', 'user="x" n=1']);
    });

    it('of a row that moves from one board to another, in whatever order the boards are looked at', () => {
      const best = (group: string) =>
        ({
          type: 'rank',
          group: [group],
          k: 2,
          by: [{ expr: column('user', columnOf('user').type), descending: false, nullsFirst: false }],
          tieBreak: ['user'],
          rank: null,
          ties: false,
          emit: { mode: 'updates' },
        }) as const;
      const plan = pipelineOf([foldOf({ level: maxPoints }, { group: ['user'] }), best('level')], { key: 'user' });
      const up = startRun(
        plan,
        kernelOf,
        [[event(1, { user: 'x', points: 2 }), event(1, { points: 1 }), event(2, { points: 2 }), event(3, { points: 3 })]],
        3,
      );
      up.toEnd();
      expect(finalRows(plan, up.sinks).get('sink0')).toEqual(['user="k" level=3', 'user="x" level=2']);
    });
  });

  describe('rule 15: a board is derived', () => {
    const board = (ties: boolean) =>
      pipelineOf(
        [
          foldOf({ n: maxPoints }, { group: ['user'] }),
          {
            type: 'rank',
            group: [],
            k: 1,
            by: [{ expr: column('n', nullable(LONG)), descending: true, nullsFirst: false }],
            tieBreak: ['user'],
            rank: 'place',
            ties,
            emit: { mode: 'updates' },
          },
        ],
        { key: 'user' },
      );

    it('keeps every row that ties with the last, in consecutive places', () => {
      const plan = board(true);
      const run = startRun(plan, kernelOf, [
        [event(1, { user: 'a', points: 5 }), event(1, { user: 'b', points: 5 })],
        [event(1, { user: 'c', points: 5 }), event(1, { user: 'd', points: 4 })],
      ]);
      run.toEnd();
      expect(history(plan, run).sort()).toEqual(['place=1 user="a" n=5', 'place=2 user="b" n=5', 'place=3 user="c" n=5']);
    });

    it('emits only real changes after a restart', () => {
      const plan = board(false);
      const run = startRun(plan, kernelOf, [[event(1, { user: 'a', points: 5 }), event(2, { user: 'b', points: 6 })]]);
      const pass = (): void => {
        run.task(0, 0).flush();
        run.task(1, 0).read(0, 99);
        run.task(1, 0).flush();
      };
      run.task(0, 0).read();
      pass();
      run.task(0, 0).restart();
      run.task(1, 0).restart();
      pass();
      expect(history(plan, run)).toEqual(['place=1 user="a" n=5']);
      run.task(0, 0).read();
      pass();
      expect(history(plan, run)).toEqual(['place=1 user="a" n=5', 'place=1 user="b" n=6']);
    });
  });

  describe('rule 18: sums are exact', () => {
    const plan = pipelineOf([foldOf({ sum: sumAmount })]);
    const sumOf = (...partitions: number[][]): string => {
      const run = startRun(
        plan,
        kernelOf,
        partitions.map((amounts) => amounts.map((amount) => event(1, { amount }))),
      );
      run.toEnd();
      return history(plan, run).at(-1)!;
    };

    it('of 1e308, 1e308, -1e308, in any order and any partition', () => {
      expect(sumOf([1e308, 1e308, -1e308])).toBe('sum=1e+308');
      expect(sumOf([1e308, 1e308], [-1e308])).toBe('sum=1e+308');
      expect(sumOf([1e308], [-1e308, 1e308])).toBe('sum=1e+308');
      expect(sumOf([1e308, 1e308])).toBe('sum=Infinity');
    });

    it('rounded once, half to even', () => {
      expect(sumOf([1, 2 ** -53])).toBe('sum=1');
      expect(sumOf([1, 2 ** -53], [5e-324])).toBe(`sum=${1 + 2 ** -52}`);
      expect(sumOf(Array.from({ length: 10 }, () => 0.1))).toBe('sum=1');
    });

    it('with NaN and infinities counted apart', () => {
      expect(sumOf([1, NaN])).toBe('sum=NaN');
      expect(sumOf([Infinity, 1], [2])).toBe('sum=Infinity');
      expect(sumOf([Infinity], [-Infinity])).toBe('sum=NaN');
    });

    it('of longs wider than a long, where only the final value has to fit', () => {
      const longs = pipelineOf([foldOf({ sum: sumPoints })]);
      const big = 2n ** 63n - 1n;
      const run = startRun(longs, kernelOf, [
        [event(1, { points: big }), event(1, { points: big })],
        [event(1, { points: -big }), event(1, { points: -3 })],
      ]);
      run.toEnd();
      expect(history(longs, run).at(-1)).toBe(`sum=${big - 3n}`);
    });
  });

  it('rule 19: a declared key saves the repartition, and each record’s key bytes are checked against it', () => {
    const plan = pipelineOf([foldOf({ n: count }, { group: ['user'] })], { key: 'user' });
    expect(planStages(plan).stages).toHaveLength(1);
    expect(planStages(pipelineOf([foldOf({ n: count }, { group: ['user'] })])).stages).toHaveLength(2);
    const odd = { ...rawOf(event(100, { user: 'k' })), key: Buffer.from('other') };
    const unkeyed = { ...rawOf(event(100, { user: 'k' })), key: null };
    const run = startRun(plan, kernelOf, [[event(1), odd, unkeyed, event(2)]]);
    run.toEnd();
    expect(run.rejected).toEqual([
      { partition: 0, offset: 1, code: 'key_mismatch' },
      { partition: 0, offset: 2, code: 'key_mismatch' },
    ]);
    expect(history(plan, run).at(-1)).toBe('user="k" n=2');
  });

  it('rule 7: a window’s result is in time for the next window, and comes in (window end, key) order', () => {
    const plan = pipelineOf([
      foldOf({ n: count }, { group: ['user'], window: { sizeMs: 10, graceMs: 5 }, emit: { mode: 'final' } }),
      foldOf(
        { windows: count, total: { fn: 'sum', arg: column('n', LONG), where: null, type: LONG } },
        { window: { sizeMs: 10 }, emit: { mode: 'final' } },
      ),
    ]);
    const run = startRun(plan, kernelOf, [[event(1), event(2, { user: 'a' }), event(14), event(3), event(40)]], 2);
    run.toEnd();
    expect(run.late).toEqual([]);
    expect(history(plan, run)).toEqual([
      'window_start=0 window_end=10 windows=2 total=3',
      'window_start=10 window_end=20 windows=1 total=1',
    ]);
  });

  it('rule 24: a sink record carries the greatest contributing event time, capped at now', () => {
    const plan = pipelineOf([foldOf({ n: count }, { group: ['user'] })], { key: 'user', latenessMs: 10 });
    const run = startRun(plan, kernelOf, [[event(7), event(5), event(9_000_000, { user: 'x' })]]);
    run.task(0, 0).read(0, 3);
    run.task(0, 0).flush();
    const stamps = run.sinks.get('sink0')!.map(({ timestamp }) => timestamp);
    expect(stamps.sort((a, b) => a - b)).toEqual([7, run.clock]);
  });

  it('a result that overflows in an expression only takes its own row', () => {
    const plan = pipelineOf(
      [
        foldOf(
          { sum: sumPoints },
          { group: ['user'], results: [{ name: 'square', expr: binary('*', accumulator(0, LONG), accumulator(0, LONG), LONG) }] },
        ),
      ],
      { key: 'user' },
    );
    const run = startRun(plan, kernelOf, [[event(1, { points: 2n ** 62n }), event(1, { user: 'x', points: 3 })]]);
    run.toEnd();
    expect(history(plan, run)).toEqual(['user="x" square=9']);
  });
});
