/** The value of the first or the last row. */
import type { Accumulator } from '@rta/dsl';
import { placed, type PlacedField } from '../../run/placed-value.js';
import { textOf } from '../../run/strings.js';
import type { Operand } from '../operand.js';
import { type AccumulatorCode, at, plain, type Slots } from './code.js';
import { encodedValue, readerOf, skipperOf, typeOfValues } from './values.js';

export function placedCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const type = typeOfValues(accumulator);
  const o = slots.num(NaN, 0, 0);
  const isLast = accumulator.fn === 'last';
  const field: PlacedField = { num: o, blob: slots.blob(), sign: isLast ? 1 : -1, skip: skipperOf(type) };
  const f = field.blob;
  const reader = readerOf(type);
  return {
    update: (code, value, { time, partition, offset }) =>
      // Most rows are newer than what is kept, or older: only then it is looked at closely.
      code.block(`if (!(${at('q', o)} ${isLast ? '>' : '<'} ${time}))`, () => {
        const range = encodedValue(code, value!, type);
        code.line(`${code.constant(placed)}.offer(T, s, ${code.constant(field)}, ${time}, ${partition}, ${offset}, ${range});`);
      }),
    merge: (code) => code.line(`${code.constant(placed)}.merge(T, sf, s, ${code.constant(field)});`),
    write: (code) => code.line(`p = ${code.constant(placed)}.write(W, p, T, s, ${code.constant(field)});`),
    read: (code) => code.line(`${code.constant(placed)}.read(c, T, s, ${code.constant(field)});`),
    result: (code): Operand => {
      const isNull = `(${at('q', o)} !== ${at('q', o)})`;
      const [start, length] = [`(M[m + ${f}] >>> 0)`, `M[m + ${f + 1}]`];
      const end = `(${start} + ${length})`;
      if (type.kind === 'string' || type.kind === 'bytes') {
        const from = `(${start} + ${code.constant(placed)}.prefix(${length}))`;
        const definite = type.kind === 'string' ? `${code.constant(textOf)}(A, ${from}, ${end})` : `A.slice(${from}, ${end})`;
        const operand = plain(accumulator, `(${isNull} ? null : ${definite})`, isNull, definite);
        return { ...operand, text: { bytes: 'A', start: from, end } };
      }
      const definite = `${code.constant(reader)}(K.cursor.at(A, ${start}, ${end}))`;
      return plain(accumulator, `(${isNull} ? null : ${definite})`, isNull, definite);
    },
  };
}
