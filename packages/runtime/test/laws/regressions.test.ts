/** Cases that once went wrong, as small as they get. */
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { columnOf, count, event, foldOf, history, pipelineOf, startRun, sumPoints } from './by-hand.js';
import { EVENT_SCHEMA_WITH_DEFAULT, type RawRecord } from './events.js';
import { implementations } from './implementations.js';

const json = (text: string): RawRecord => ({ key: Buffer.from('k'), value: Buffer.from(text) });

describe.each(implementations)('%s', (_name, kernelOf) => {
  it.each(['9007199254740991', '9007199254740992', '9007199254740993', '1000000000000000000', '-9007199254740992', '1e3', '4.0'])(
    'reads the JSON long %s',
    (digits) => {
      const plan = pipelineOf([foldOf({ n: count, sum: sumPoints })], { format: 'json', schema: EVENT_SCHEMA_WITH_DEFAULT });
      const run = startRun(plan, kernelOf, [[json(`{"user":"k","team":null,"points":${digits},"amount":1,"at":5}`)]]);
      run.toEnd();
      expect(run.rejected).toEqual([]);
      expect(history(plan, run).at(-1)).toBe(`n=1 sum=${/^-?\d+$/.test(digits) ? digits : Number(digits)}`);
    },
  );

  it.each([
    ['without a restart', false],
    ['restarted in between', true],
  ])('a final board lets a better row take the place of one that it had: %s', (_what, restart) => {
    const window = { sizeMs: 10 };
    const order = { expr: columnOf('team'), descending: false, nullsFirst: false };
    const plan = pipelineOf([
      foldOf({ n: count }, { group: ['team'], window }),
      {
        type: 'rank',
        group: ['window_start', 'window_end'],
        k: 1,
        by: [order],
        tieBreak: ['team'],
        rank: 'place',
        ties: false,
        emit: { mode: 'final' },
      },
    ]);
    const run = startRun(plan, kernelOf, [[event(1), event(2, { team: 'y' }), event(100)]]);
    for (const records of [1, 1, 1]) {
      run.task(0, 0).read(0, records);
      run.task(0, 0).flush();
      run.task(1, 0).read(0, 99);
      run.task(1, 0).flush();
      run.task(2, 0).read(0, 99);
      run.task(2, 0).flush();
      if (restart) run.task(2, 0).restart();
    }
    expect(history(plan, run)).toEqual(['place=1 team="y" window_start=0 window_end=10 n=1']);
  });
});
