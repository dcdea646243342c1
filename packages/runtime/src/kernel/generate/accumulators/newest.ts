/** Code of the accumulators `newest` and `owned`: a table's row as bytes, with its time; of owned ones the version, and how many have joined it. */
import type { Accumulator } from '@rta/dsl';
import { storedRow } from '../../../plan/table-rows.js';
import { type AccumulatorCode, at, type Slots } from './code.js';
import { skipperOf } from './values.js';

/** Where such an accumulator is in a slot: sources of its doubles, and of the place of its bytes in the arena. */
export interface RowCode extends AccumulatorCode {
  /** 1: there is a row; else 0. */
  readonly there: string;
  readonly time: string;
  readonly blob: number;
  readonly start: string;
  readonly end: string;
  /** Of `owned`. */
  readonly version: string;
  readonly open: string;
}

export function newestCode(accumulator: Accumulator, slots: Slots): RowCode {
  const { fn } = accumulator;
  const o = slots.num(0, -Infinity, ...(fn === 'owned' ? [-1, 0] : []));
  const blob = slots.blob();
  const [there, time, version, open] = [0, 1, 2, 3].map((i) => at('q', o + i));
  const start = `(M[m + ${blob}] >>> 0)`;
  const end = `(${start} + M[m + ${blob + 1}])`;
  const never = (): never => {
    throw new Error('rows are put, and not added up');
  };
  return {
    there,
    time,
    blob,
    start,
    end,
    version,
    open,
    update: never,
    merge: (code) => code.line("throw new Error('rows are put, and not added up');"),
    write: (code) => {
      if (fn === 'owned') code.line(`p = W.long(W.long(p, ${version}), ${open});`);
      code.block(`if (${there} === 0)`, () => code.line('p = W.byte(p, 0);'), '} else {');
      code.line(`p = W.copy(W.long(W.byte(p, 2), ${time}), T.arena, ${start}, ${end});`, '}');
    },
    read: (code) => {
      if (fn === 'owned') code.line(`${version} = Number(c.long()); ${open} = Number(c.long());`);
      const from = code.local('from', '0');
      code.line(`${there} = Number(c.long());`);
      code.block(`if (${there} !== 0)`, () =>
        code.line(
          `${time} = Number(c.long()); ${from} = c.pos;`,
          `${code.constant(skipperOf(storedRow(accumulator)))}(c);`,
          `T.setBlob(s, ${blob}, c.bytes, ${from}, c.pos);`,
        ),
      );
    },
    result: never,
  };
}
