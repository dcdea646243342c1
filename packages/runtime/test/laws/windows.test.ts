/** Cumulating windows and windows of a zone's days, step by step; hopping and tumbling ones are in rules.test.ts. */
import { describe, expect, it } from 'vitest';
import { count, event, foldOf, history, pipelineOf, startRun } from './by-hand.js';
import { implementations } from './implementations.js';

const FINAL = { mode: 'final' } as const;
const HOUR = 3_600_000;

describe.each(implementations)('%s', (_name, kernelOf) => {
  describe('cumulating windows', () => {
    const window = { sizeMs: 30, stepMs: 10 };

    it('count from the same start, and close one after the other', () => {
      const plan = pipelineOf([foldOf({ n: count }, { window, emit: FINAL })]);
      const run = startRun(plan, kernelOf, [[event(5), event(12), event(25), event(31), event(60)]]);
      run.toEnd();
      expect(history(plan, run)).toEqual([
        'window_start=0 window_end=10 n=1',
        'window_start=0 window_end=20 n=2',
        'window_start=0 window_end=30 n=3',
        'window_start=30 window_end=40 n=1',
        'window_start=30 window_end=50 n=1',
        'window_start=30 window_end=60 n=1',
      ]);
    });

    it('rule 5: a record late for the first of them counts in the others, and is reported once', () => {
      const plan = pipelineOf([foldOf({ n: count }, { window: { ...window, graceMs: 2 }, emit: FINAL })]);
      const run = startRun(plan, kernelOf, [[event(22), event(5), event(100)]]);
      run.toEnd();
      expect(run.late).toEqual([
        {
          partition: 0,
          offset: 1,
          step: 's0',
          windows: [
            { start: 0, end: 10 },
            { start: 0, end: 20 },
          ],
        },
      ]);
      expect(history(plan, run)).toEqual(['window_start=0 window_end=30 n=2']);
    });

    it('are all there with updates, restart or not', () => {
      const plan = pipelineOf([foldOf({ n: count }, { group: ['user'], window })], { key: 'user' });
      const run = startRun(plan, kernelOf, [[event(5), event(11)]]);
      run.task(0, 0).read();
      run.task(0, 0).flush();
      run.task(0, 0).restart();
      run.task(0, 0).read();
      run.task(0, 0).flush();
      expect(history(plan, run).sort()).toEqual([
        'user="k" window_start=0 window_end=10 n=1',
        'user="k" window_start=0 window_end=20 n=1',
        'user="k" window_start=0 window_end=20 n=2',
        'user="k" window_start=0 window_end=30 n=1',
        'user="k" window_start=0 window_end=30 n=2',
      ]);
    });
  });

  it('days of a zone have 23 and 25 hours where clocks are changed', () => {
    const window = { sizeMs: 24 * HOUR, zone: 'Europe/Prague' };
    const plan = pipelineOf([foldOf({ n: count }, { window, emit: FINAL })]);
    const hourly = (from: string, hours: number) => Array.from({ length: hours }, (_, i) => event(Date.parse(from) + i * HOUR));
    const run = startRun(plan, kernelOf, [[...hourly('2024-03-29T23:00Z', 80), ...hourly('2024-10-25T22:00Z', 80)]]);
    run.toEnd();
    const day = (start: string, end: string, n: number): string => `window_start=${Date.parse(start)} window_end=${Date.parse(end)} n=${n}`;
    expect(history(plan, run)).toEqual([
      day('2024-03-29T23:00Z', '2024-03-30T23:00Z', 24),
      day('2024-03-30T23:00Z', '2024-03-31T22:00Z', 23),
      day('2024-03-31T22:00Z', '2024-04-01T22:00Z', 24),
      day('2024-04-01T22:00Z', '2024-04-02T22:00Z', 9),
      day('2024-10-25T22:00Z', '2024-10-26T22:00Z', 24),
      day('2024-10-26T22:00Z', '2024-10-27T23:00Z', 25),
      day('2024-10-27T23:00Z', '2024-10-28T23:00Z', 24),
    ]);
  });

  it('windows of a zone are late when their own end has passed', () => {
    const plan = pipelineOf([foldOf({ n: count }, { window: { sizeMs: 24 * HOUR, zone: 'Europe/Prague' }, emit: FINAL })]);
    const at = (time: string) => event(Date.parse(time));
    const run = startRun(plan, kernelOf, [
      [at('2024-03-31T21:59Z'), at('2024-03-31T00:00Z'), at('2024-03-31T22:00Z'), at('2024-03-31T21:00Z')],
    ]);
    run.toEnd();
    expect(run.late).toMatchObject([
      { offset: 3, windows: [{ start: Date.parse('2024-03-30T23:00Z'), end: Date.parse('2024-03-31T22:00Z') }] },
    ]);
  });
});
