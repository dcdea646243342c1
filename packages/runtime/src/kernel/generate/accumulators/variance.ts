/** Variance: how many, and the exact sums of the values and their squares. */
import type { Accumulator } from '@rta/dsl';
import { squares, SQUARES_INIT } from '../../run/squares.js';
import { type AccumulatorCode, plain, type Slots } from './code.js';

export function varianceCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(...SQUARES_INIT);
  const sides = [slots.side(), slots.side(), slots.side()].map((side) => `T.sides[${side}]`).join(', ');
  return {
    update: (code, value) => code.line(`${code.constant(squares)}.add(N, q + ${o}, ${sides}, s, ${value!.definite}, 1);`),
    retract: (code, value) => code.line(`${code.constant(squares)}.add(N, q + ${o}, ${sides}, s, ${value!.definite}, -1);`),
    merge: (code) => code.line(`${code.constant(squares)}.merge(N, q + ${o}, qf + ${o}, ${sides}, s, sf);`),
    write: (code) => code.line(`p = ${code.constant(squares)}.write(W, p, N, q + ${o}, ${sides}, s);`),
    read: (code) => code.line(`${code.constant(squares)}.read(c, N, q + ${o}, ${sides}, s);`),
    result: (code) => {
      const value = `${code.constant(squares)}.variance(N, q + ${o}, ${sides}, s)`;
      return plain(accumulator, value, `(N[q + ${o}] < 2)`, value);
    },
  };
}
