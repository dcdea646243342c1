/** Session windows: the counter-examples of SEMANTICS.md rules 1 to 7, and what goes out when sessions grow and merge. */
import type { FoldTransform, Plan } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import { count, event, foldOf, history, pipelineOf, startRun, sumPoints } from './by-hand.js';
import { implementations } from './implementations.js';
import type { PipelineRun } from './stage-runner.js';
import { column, LONG } from './typed-expressions.js';

const MINUTE = 60_000;
const FINAL = { mode: 'final' } as const;

/** Sessions per user, with a gap of 10 ms, in one stage. */
function sessions(emit: FoldTransform['emit'] = { mode: 'updates' }, latenessMs = 0, graceMs = 0): Plan {
  return pipelineOf([foldOf({ n: count }, { group: ['user'], window: { gapMs: 10, graceMs }, emit })], { key: 'user', latenessMs });
}

/** Reads some records and flushes, for each number. */
function readAndFlush(run: PipelineRun, ...records: readonly number[]): void {
  for (const n of records) {
    run.task(0, 0).read(0, n);
    run.task(0, 0).flush();
  }
}

describe.each(implementations)('%s', (_name, kernelOf) => {
  describe('rule 3: whether an accepted event merges does not depend on who is read first', () => {
    const at = (hours: number, minutes: number): number => (hours * 60 + minutes) * MINUTE;
    const input = [
      [event(at(12, 0)), event(at(12, 36), { user: 'x' }), event(at(15, 0), { user: 'x' })],
      [event(at(12, 36), { user: 'x' }), event(at(12, 20)), event(at(15, 0), { user: 'x' })],
    ];

    it.each([
      ['p0 first', [0, 1], 'final'],
      ['p1 first', [1, 0], 'final'],
      ['p0 first', [0, 1], 'updates'],
      ['p1 first', [1, 0], 'updates'],
    ] as const)('joins k@12:20 with k@12:00 (%s, %s, %s)', (_order, order, mode) => {
      const plan = pipelineOf([foldOf({ n: count }, { group: ['user'], window: { gapMs: 30 * MINUTE }, emit: { mode } })]);
      const run = startRun(plan, kernelOf, input);
      for (const partition of order) {
        run.task(0, partition).read(0, 2);
        run.task(0, partition).flush();
        run.task(1, 0).read(partition, 99);
        run.task(1, 0).flush();
      }
      run.toEnd();
      expect(run.late).toEqual([]);
      const rows = history(plan, run).filter((row) => row.startsWith('user="k"'));
      expect(rows.at(-1)).toBe(`user="k" window_start=${at(12, 0)} window_end=${at(12, 50)} n=2`);
      if (mode === 'final') expect(rows).toHaveLength(1);
    });
  });

  it('events exactly the gap apart belong to one session, those a millisecond further apart to two', () => {
    const run = startRun(sessions(FINAL, 100), kernelOf, [[event(10), event(0), event(31), event(20), event(1000)]]);
    run.toEnd();
    expect(history(sessions(FINAL), run)).toEqual([
      'user="k" window_start=0 window_end=30 n=3',
      'user="k" window_start=31 window_end=41 n=1',
    ]);
  });

  it('an event is late when its time + gap does not exceed its own partition’s watermark', () => {
    const run = startRun(sessions(FINAL), kernelOf, [[event(20, { user: 'x' }), event(11), event(10), event(1000)]]);
    run.toEnd();
    expect(run.late).toEqual([{ partition: 0, offset: 2, step: 's0', windows: [{ start: 10, end: 20 }] }]);
  });

  it('grace accepts what is later, and delays the end', () => {
    const plan = sessions(FINAL, 0, 5);
    const run = startRun(plan, kernelOf, [
      [event(20, { user: 'x' }), event(6), event(5), event(30, { user: 'x' }), event(31, { user: 'x' })],
    ]);
    readAndFlush(run, 4);
    expect(run.late).toMatchObject([{ offset: 2 }]);
    expect(history(plan, run)).toEqual([]);
    readAndFlush(run, 1);
    expect(history(plan, run)).toEqual(['user="k" window_start=6 window_end=16 n=1']);
  });

  it('a session is final at its last event + 2 x gap and not before, and its state goes then', () => {
    const plan = sessions(FINAL);
    const run = startRun(plan, kernelOf, [[event(0), event(5), event(24, { user: 'x' }), event(25, { user: 'x' })]]);
    readAndFlush(run, 3);
    expect(history(plan, run)).toEqual([]);
    readAndFlush(run, 1);
    expect(history(plan, run)).toEqual(['user="k" window_start=0 window_end=15 n=2']);
    expect(run.task(0, 0).logEntries).toBe(1);
  });

  it('a record for the last moment of a session still joins it, also after a restart', () => {
    const plan = sessions(FINAL);
    const run = startRun(plan, kernelOf, [[event(0), event(19, { user: 'x' }), event(10), event(100, { user: 'x' })]]);
    readAndFlush(run, 2);
    run.task(0, 0).restart();
    readAndFlush(run, 2);
    expect(history(plan, run)).toEqual(['user="k" window_start=0 window_end=20 n=2', 'user="x" window_start=19 window_end=29 n=1']);
  });

  it('results come in (window end, key) order, with the last event as their time', () => {
    const plan = sessions(FINAL);
    const users = ['h', 'c', 'e', 'a', 'g', 'b', 'd', 'f'];
    const events = users.flatMap((user, i) => [event(Math.floor(i / 2), { user }), event(9 - Math.floor(i / 4), { user })]);
    const run = startRun(plan, kernelOf, [[...events, event(1000)]]);
    readAndFlush(run, 99);
    const written = run.sinks.get('sink0')!;
    const rows = history(plan, run).map((row, i) => ({ row, ...written[i] }));
    const ends = ['b', 'd', 'f', 'g'].map((user) => ({ user, end: 18 })).concat(['a', 'c', 'e', 'h'].map((user) => ({ user, end: 19 })));
    for (const partition of [0, 1]) {
      const ordered = rows.filter((row) => row.partition === partition).map(({ row }) => row.replace(/ window_start=\d+/, ''));
      const expected = ends.map(({ user, end }) => `user="${user}" window_end=${end} n=2`).filter((row) => ordered.includes(row));
      expect(ordered).toEqual(expected);
    }
    expect(rows.map(({ timestamp }) => timestamp).sort()).toEqual([8, 8, 8, 8, 9, 9, 9, 9]);
  });

  describe('with updates', () => {
    it('a session that grows is another row, and the old one is taken back; within a flush only the last is seen', () => {
      const plan = sessions();
      const run = startRun(plan, kernelOf, [[event(0), event(3), event(5), event(8)]]);
      readAndFlush(run, 1, 1, 2);
      expect(history(plan, run)).toEqual([
        'user="k" window_start=0 window_end=10 n=1',
        'k 0 10 gone',
        'user="k" window_start=0 window_end=13 n=2',
        'k 0 13 gone',
        'user="k" window_start=0 window_end=18 n=4',
      ]);
    });

    it('sessions that merge are taken back, all of them', () => {
      const plan = sessions(undefined, 100);
      const run = startRun(plan, kernelOf, [[event(0), event(11), event(22), event(40), event(16), event(6), event(22)]]);
      readAndFlush(run, 4);
      const before = history(plan, run).length;
      readAndFlush(run, 2, 1);
      expect(history(plan, run).slice(before).sort()).toEqual([
        'k 0 10 gone',
        'k 11 21 gone',
        'k 22 32 gone',
        'user="k" window_start=0 window_end=32 n=5',
        'user="k" window_start=0 window_end=32 n=6',
      ]);
    });

    it('a session that is over leaves without a tombstone', () => {
      const plan = sessions();
      const run = startRun(plan, kernelOf, [[event(0), event(1000, { user: 'x' })]]);
      readAndFlush(run, 2);
      expect(history(plan, run).sort()).toEqual([
        'user="k" window_start=0 window_end=10 n=1',
        'user="x" window_start=1000 window_end=1010 n=1',
      ]);
      expect(run.task(0, 0).logEntries).toBe(1);
    });

    it('what was out before a restart is taken back after it', () => {
      const plan = sessions(undefined, 100);
      const run = startRun(plan, kernelOf, [[event(0), event(15), event(8)]]);
      readAndFlush(run, 2);
      run.task(0, 0).restart();
      readAndFlush(run, 1);
      expect(history(plan, run).slice(2)).toEqual(['k 0 10 gone', 'k 15 25 gone', 'user="k" window_start=0 window_end=25 n=3']);
    });
  });

  it('with `every`, what was out at the last tick is taken back at the next, also after a restart in between', () => {
    const plan = sessions({ mode: 'every', everyMs: 1000 }, 100);
    const run = startRun(plan, kernelOf, [[event(0), event(15), event(8)]]);
    const tick = (): void => {
      run.clock += 1000;
    };
    tick();
    readAndFlush(run, 2);
    expect(history(plan, run)).toHaveLength(2);
    readAndFlush(run, 1);
    expect(history(plan, run)).toHaveLength(2);
    run.task(0, 0).restart();
    tick();
    run.task(0, 0).flush();
    expect(history(plan, run).slice(2)).toEqual(['k 0 10 gone', 'k 15 25 gone', 'user="k" window_start=0 window_end=25 n=3']);
    tick();
    run.task(0, 0).flush();
    expect(history(plan, run)).toHaveLength(5);
  });

  it('rule 7: a session’s result is in time for the next window: the watermark is held back by 2 x gap', () => {
    const plan = pipelineOf([
      foldOf({ n: count, sum: sumPoints }, { group: ['user'], window: { gapMs: 10 }, emit: FINAL }),
      foldOf(
        { sessions: count, events: { fn: 'sum', arg: column('n', LONG), where: null, type: LONG } },
        { window: { sizeMs: 10 }, emit: FINAL },
      ),
    ]);
    const run = startRun(
      plan,
      kernelOf,
      [[event(1), event(9), event(2, { user: 'a' }), event(15, { user: 'b' }), event(60), event(200)]],
      2,
    );
    run.toEnd();
    expect(run.late).toEqual([]);
    expect(history(plan, run)).toEqual([
      'window_start=0 window_end=10 sessions=2 events=3',
      'window_start=10 window_end=20 sessions=1 events=1',
      'window_start=60 window_end=70 sessions=1 events=1',
    ]);
  });
});
