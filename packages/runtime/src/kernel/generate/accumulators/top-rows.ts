/** Code of the accumulator `topRows`. */
import type { Accumulator } from '@rta/dsl';
import { rowTypeOf } from '../../../plan/columns-used.js';
import { AvroCursor } from '../../run/avro-cursor.js';
import { TopRowsKept } from '../../run/sides/top-rows.js';
import { valueWriter } from '../../run/value-writer.js';
import { definiteType, isNullable } from '../operand.js';
import { operandsOf } from '../scope.js';
import { writeOperand } from '../write-value.js';
import { type AccumulatorCode, plain, type Slots } from './code.js';
import { readerOf, skipperOf } from './values.js';

export function topRowsCode(accumulator: Accumulator, slots: Slots): AccumulatorCode {
  const { limit = 1, retracts = false, type } = accumulator;
  const { by, ties, rank } = accumulator.top!;
  const rowType = rowTypeOf(accumulator);
  const columns = rowType.fields;
  const cursor = new AvroCursor();
  const read = readerOf(rowType);
  const kind = new TopRowsKept(slots.side(), {
    ...{ limit, ties, rank, retracts },
    isArray: type.kind === 'array',
    orders: by.map(({ expr, descending, nullsFirst }) => {
      const of = definiteType(expr.type);
      return { descending, nullsFirst, read: readerOf(of), write: valueWriter(of) };
    }),
    skip: skipperOf(rowType),
    read: (bytes) => read(cursor.at(bytes, 0, bytes.length)),
  });
  const write = valueWriter(rowType);
  return {
    update: () => {
      throw new Error('rows are not kept by a value');
    },
    updateRow: (code, row, { time, partition, offset }, orders) => {
      const name = code.constant(kind);
      const p = code.local('p', '0');
      for (const [j, { value }] of orders.entries()) code.line(`${name}.by[${j}] = ${value};`);
      code.block(`if (${name}.takes(T, s, ${time}, ${partition}, ${offset}))`, () => {
        code.line(`${p} = 0;`);
        for (const [j, operand] of operandsOf(columns, row).entries()) writeOperand(code, 'K.values', p, operand, columns[j].type);
        code.line(`${name}.put(T, s, ${time}, ${partition}, ${offset}, K.values.bytes, 0, ${p}, 1);`);
      });
    },
    applyRow: (code, row, orders, sign) => {
      const name = code.constant(kind);
      code.line(
        `${name}.by = ${orders};`,
        `${name}.put(T, s, 0, -1, -1, K.values.bytes, 0, ${code.constant(write)}(K.values, 0, ${row}), ${sign});`,
      );
    },
    merge: (code) => code.line(`${code.constant(kind)}.merge(T, sf, s);`),
    write: (code) => code.line(`p = ${code.constant(kind)}.write(W, p, T, s);`),
    read: (code) => code.line(`${code.constant(kind)}.read(c, T, s);`),
    result: (code) => {
      const value = `${code.constant(kind)}.result(T, s)`;
      return plain(accumulator, value, isNullable(type) ? `(${value} === null)` : null);
    },
  };
}
