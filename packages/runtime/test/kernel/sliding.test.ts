/** What slides over a long frame gives what the interpreter makes of the frame alone. */
import type { Accumulator, Type, Value } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../../src/kernel/interpreter/accumulators.js';
import { slidingOf } from '../../src/kernel/run/sliding.js';
import { SEED } from '../laws/settings.js';
import { column, DOUBLE, LONG, nullable } from '../laws/typed-expressions.js';

const SLOT = 3;
const x = column('x', LONG);
const longs: Type = { kind: 'array', items: LONG };
const accumulators: readonly Accumulator[] = [
  { fn: 'min', arg: x, where: null, type: nullable(LONG) },
  { fn: 'max', arg: column('x', DOUBLE), where: null, type: nullable(DOUBLE) },
  { fn: 'argMin', arg: x, by: x, where: null, type: nullable(LONG) },
  { fn: 'argMax', arg: x, by: x, where: null, type: nullable(LONG) },
  { fn: 'topK', arg: x, by: x, limit: 5, where: null, type: longs },
  { fn: 'funnel', arg: x, limit: 6, where: null, type: { kind: 'int' } },
  { fn: 'approxDistinct', arg: x, where: null, type: LONG },
  { fn: 'distinct', arg: x, where: null, type: LONG },
  { fn: 'count', arg: x, where: null, type: LONG },
  { fn: 'sum', arg: x, where: null, type: LONG },
  { fn: 'sum', arg: column('x', DOUBLE), where: null, type: DOUBLE },
];

/** What comes in, and how many rows the frame has by then at most. */
const rows = fc.array(fc.record({ value: fc.nat(63), by: fc.nat(9), frame: fc.integer({ min: 0, max: 300 }) }), {
  minLength: 500,
  maxLength: 500,
});

describe(`seed ${SEED}`, () => {
  it.each(accumulators.map((one) => [one.fn, one] as const))('%s', (_fn, accumulator) => {
    const kind = kindOf(accumulator);
    fc.assert(
      fc.property(rows, (all) => {
        const over = { unit: 'rows', size: 1, previous: false } as const;
        const sliding = slidingOf({ ...accumulator, over })();
        sliding.open(SLOT);
        const taken = (i: number): Value => (accumulator.by === undefined ? all[i].value : { value: all[i].value, by: all[i].by });
        let tail = 0;
        for (let head = 0; head < all.length; head++) {
          sliding.add(SLOT, taken(head));
          // A frame of time has fewer rows when it is quiet; the end of it never goes back.
          if (head % 50 === 49) while (tail < head + 1 - all[head].frame) sliding.remove(SLOT, taken(tail++));
          else while (tail < head + 1 - 300) sliding.remove(SLOT, taken(tail++));
          if (head % 25 !== 0 && tail <= head) continue;
          const inFrame = all.slice(tail, head + 1).map(({ value, by }, i) => {
            const place = { time: i, partition: -1, offset: -1 };
            return kind.of({ value, by: accumulator.by === undefined ? null : by, place });
          });
          expect(sliding.result(SLOT)).toEqual(kind.result(inFrame.reduce((a, b) => kind.merge(a, b), kind.empty)));
        }
      }),
      { numRuns: 5, seed: SEED },
    );
  });
});
