/** Cases that once went wrong, as small as they get. */
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { count, foldOf, history, pipelineOf, startRun, sumPoints } from './by-hand.js';
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
});
