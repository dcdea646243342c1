/** Counts and sums. */
import type { Accumulator } from '@rta/dsl';
import { addAnyDouble, addLongToSum, takeAnyDouble, carry, doubleOfSum, longOfSum } from '../../run/numbers.js';
import { readDoubleSum, readLongSum, sumOfDecimals, writeDoubleSum, writeLongSum } from '../../run/sum-codec.js';
import { definiteType } from '../operand.js';
import { type AccumulatorCode, at, plain, type Slots } from './code.js';

export function count(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(0);
  return {
    update: (code) => code.line(`${at('q', o)}++;`),
    retract: (code) => code.line(`${at('q', o)}--;`),
    merge: (code) => code.line(`${at('q', o)} += ${at('qf', o)};`),
    write: (code) => code.line(`p = W.long(p, ${at('q', o)});`),
    read: (code) => code.line(`${at('q', o)} += Number(c.long());`),
    result: () => plain(accumulator, at('q', o)),
  };
}

/** hi * 2^52 + lo; see numbers.ts. */
export function longSum(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const hi = slots.num(0, 0);
  const lo = hi + 1;
  const limit = '4503599627370496';
  return {
    update: (code, value) => {
      const x = code.local('x', '0');
      const small = value!.type.kind === 'int' || (value!.type.kind === 'nullable' && value!.type.of.kind === 'int');
      const v = value!.definite;
      if (small)
        code.line(
          `${x} = ${at('q', lo)} + ${v};`,
          `if (${x} < ${limit} && ${x} > -${limit}) ${at('q', lo)} = ${x};`,
          `else ${code.constant(carry)}(N, q + ${hi}, ${x});`,
        );
      else
        code.line(
          `if (typeof ${v} === 'number' && (${x} = ${at('q', lo)} + ${v}) < ${limit} && ${x} > -${limit}) ${at('q', lo)} = ${x};`,
          `else ${code.constant(addLongToSum)}(N, q + ${hi}, ${v});`,
        );
    },
    retract: (code, value) => code.line(`${code.constant(addLongToSum)}(N, q + ${hi}, -${value!.definite});`),
    merge: (code) =>
      code.line(`${at('q', hi)} += ${at('qf', hi)};`, `${code.constant(carry)}(N, q + ${hi}, ${at('q', lo)} + ${at('qf', lo)});`),
    write: (code) => code.line(`p = ${code.constant(writeLongSum)}(W, p, N, q + ${hi});`),
    read: (code) => code.line(`${code.constant(readLongSum)}(c, N, q + ${hi});`),
    result: (code) =>
      plain(accumulator, `(${at('q', hi)} === 0 ? ${at('q', lo)} : ${code.constant(longOfSum)}(${at('q', hi)}, ${at('q', lo)}))`),
  };
}

export function doubleSum(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(0, 0);
  const spill = slots.side();
  const special = slots.side();
  const sides = `T.sides[${spill}], T.sides[${special}]`;
  return {
    update: (code, value) => code.line(`${code.constant(addAnyDouble)}(N, q + ${o}, ${sides}, s, ${value!.definite});`),
    retract: (code, value) => code.line(`${code.constant(takeAnyDouble)}(N, q + ${o}, ${sides}, s, ${value!.definite});`),
    merge: (code) => {
      const [writeTo, add] = [code.constant(mergeDoubles), `N, q + ${o}, qf + ${o}, ${sides}, s, sf`];
      code.line(`${writeTo}(${add});`);
    },
    write: (code) => code.line(`p = ${code.constant(writeDoubleSum)}(W, p, N, q + ${o}, ${sides}, s);`),
    read: (code) => code.line(`${code.constant(readDoubleSum)}(c, N, q + ${o}, ${sides}, s);`),
    result: (code) => {
      const sum = `${code.constant(doubleOfSum)}(N, q + ${o}, ${sides}, s)`;
      return plain(accumulator, definiteType(accumulator.type).kind === 'float' ? `Math.fround(${sum})` : sum);
    },
  };
}

function mergeDoubles(
  num: Float64Array,
  to: number,
  from: number,
  spill: Map<number, unknown>,
  special: Map<number, unknown>,
  slot: number,
  fromSlot: number,
): void {
  addAnyDouble(num, to, spill, special, slot, num[from]);
  addAnyDouble(num, to, spill, special, slot, num[from + 1]);
  const units = spill.get(fromSlot) as bigint | undefined;
  if (units !== undefined) spill.set(slot, ((spill.get(slot) as bigint | undefined) ?? 0n) + units);
  const counts = special.get(fromSlot) as { nan: number; pos: number; neg: number } | undefined;
  if (counts === undefined) return;
  const own = (special.get(slot) as typeof counts | undefined) ?? { nan: 0, pos: 0, neg: 0 };
  special.set(slot, { nan: own.nan + counts.nan, pos: own.pos + counts.pos, neg: own.neg + counts.neg });
}

export function decimalSum(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const side = `T.sides[${slots.side()}]`;
  const type = definiteType(accumulator.type);
  const precision = type.kind === 'decimal' ? type.precision : 38;
  return {
    update: (code, value) => code.line(`${side}.set(s, (${side}.get(s) ?? 0n) + ${value!.definite});`),
    retract: (code, value) => code.line(`${side}.set(s, (${side}.get(s) ?? 0n) - ${value!.definite});`),
    merge: (code) => code.line(`if (${side}.has(sf)) ${side}.set(s, (${side}.get(s) ?? 0n) + ${side}.get(sf));`),
    write: (code) => code.line(`p = W.decimal(p, ${side}.get(s) ?? 0n);`),
    read: (code) => code.line(`${code.constant(sumOfDecimals)}.read(c, ${side}, s);`),
    result: (code) => plain(accumulator, `${code.constant(sumOfDecimals)}.result(${side}, s, ${precision})`),
  };
}
