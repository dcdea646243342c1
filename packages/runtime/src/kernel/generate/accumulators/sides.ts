/** Accumulators whose states have no fixed size: objects in a side map, by slot. */
import type { Accumulator } from '@rta/dsl';
import { Bag, type BagFn } from '../../run/sides/bag.js';
import { DistinctValues } from '../../run/sides/distinct-values.js';
import { Funnel } from '../../run/sides/funnel-rows.js';
import { KeptValues } from '../../run/sides/kept-values.js';
import { DistinctEstimate } from '../../run/sides/registers.js';
import { Quantile } from '../../run/sides/sketch.js';
import { AvroCursor } from '../../run/avro-cursor.js';
import { valueWriter } from '../../run/value-writer.js';
import type { Code } from '../code.js';
import { definiteType, isNullable, type Operand } from '../operand.js';
import { writeOperand } from '../write-value.js';
import { type AccumulatorCode, plain, type RowPlace, type Slots } from './code.js';
import { encodedValue, readerOf, skipperOf, typeOfValues } from './values.js';

/** @param update takes in a value; `kind` is the name of the kind's object */
function sideCode(
  accumulator: Accumulator,
  kind: unknown,
  update: (code: Code, kind: string, value: Operand, row: RowPlace) => void,
): AccumulatorCode {
  return {
    update: (code, value, row) => update(code, code.constant(kind), value!, row),
    merge: (code) => code.line(`${code.constant(kind)}.merge(T, sf, s);`),
    write: (code) => code.line(`p = ${code.constant(kind)}.write(W, p, T, s);`),
    read: (code) => code.line(`${code.constant(kind)}.read(c, T, s);`),
    result: (code) => {
      const value = `${code.constant(kind)}.result(T, s)`;
      return plain(accumulator, value, isNullable(accumulator.type) ? `(${value} === null)` : null);
    },
  };
}

/** Exactly, or about: both take a value's Avro. */
export function distinctCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const type = typeOfValues(accumulator);
  const side = slots.side();
  const kind = accumulator.fn === 'distinct' ? new DistinctValues(side, skipperOf(type)) : new DistinctEstimate(side);
  return sideCode(accumulator, kind, (code, name, value) => code.line(`${name}.add(T, s, ${encodedValue(code, value, type)});`));
}

/** Over a table: the values of all rows. */
export function bagCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const { by, fn, limit = 1 } = accumulator;
  const type = typeOfValues(accumulator);
  const rankType = by && definiteType(by.type);
  const timeless = fn === 'min' || fn === 'max' || fn === 'distinct';
  const kind = new Bag(slots.side(), {
    fn: fn as BagFn,
    limit,
    isArray: accumulator.type.kind === 'array',
    readRank: rankType ? readerOf(rankType) : null,
    skipRank: rankType ? skipperOf(rankType) : null,
    read: readerOf(type),
    skip: skipperOf(type),
  });
  const change = (code: Code, name: string, value: Operand, row: RowPlace, n: 1 | -1): void => {
    const end = code.local('e', '0');
    code.line(`${end} = 0;`);
    if (rankType) writeOperand(code, 'K.values', end, row.by!, rankType);
    code.line(`${end} = K.values.long(${end}, ${timeless ? '0' : row.time});`);
    writeOperand(code, 'K.values', end, value, type);
    code.line(`${name}.add(T, s, K.values.bytes, 0, ${end}, ${n});`);
  };
  return {
    ...sideCode(accumulator, kind, (code, name, value, row) => change(code, name, value, row, 1)),
    retract: (code, value, row) => change(code, code.constant(kind), value!, row, -1),
  };
}

export function keptCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const { by, fn, limit = 1 } = accumulator;
  const type = typeOfValues(accumulator);
  const rankType = by && definiteType(by.type);
  const cursor = new AvroCursor();
  const read = readerOf(type);
  const kind = new KeptValues(slots.side(), {
    rank: rankType ? { read: readerOf(rankType), write: valueWriter(rankType), descending: fn === 'argMax' || fn === 'topK' } : null,
    limit,
    isArray: accumulator.type.kind === 'array',
    skip: skipperOf(type),
    read: (bytes) => read(cursor.at(bytes, 0, bytes.length)),
  });
  return sideCode(accumulator, kind, (code, name, value, row) => {
    const rank = row.by === null ? 'null' : row.by.definite;
    code.line(`${name}.offer(T, s, ${rank}, ${row.time}, ${row.partition}, ${row.offset}, ${encodedValue(code, value, type)});`);
  });
}

export function percentileCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const kind = new Quantile(slots.side(), accumulator.fraction ?? 0.5);
  return sideCode(accumulator, kind, (code, name, value) => code.line(`${name}.add(T, s, ${value.definite});`));
}

export function funnelCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const kind = new Funnel(slots.side(), accumulator.limit ?? 1);
  return sideCode(accumulator, kind, (code, name, value, { time, partition, offset }) => {
    const met = code.local('met', '0');
    code.line(`${met} = ${value.definite};`, `if (${met} !== 0) ${name}.add(T, s, ${met}, ${time}, ${partition}, ${offset});`);
  });
}
