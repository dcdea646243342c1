/** Code of the accumulator `lastRow`: the row as bytes, and its place as numbers. */
import type { Accumulator, Type } from '@rta/dsl';
import type { Code } from '../code.js';
import { valueOperand } from '../operand.js';
import { operandsOf } from '../scope.js';
import { writeOperand } from '../write-value.js';
import { type AccumulatorCode, at as num, type Place, type Slots } from './code.js';
import { readerOf, skipperOf } from './values.js';

export function lastRowCode({ type }: Accumulator, slots: Slots): AccumulatorCode {
  const o = slots.num(-Infinity, -1, -1);
  const f = slots.blob();
  const columns = recordFields(type);
  const at = (base: string): Place => ({ time: num(base, o), partition: num(base, o + 1), offset: num(base, o + 2) });
  const own = at('q');
  const [start, length] = [(m: string) => `(M[${m} + ${f}] >>> 0)`, (m: string) => `M[${m} + ${f + 1}]`];
  /** Takes `bytes[from, to)` if its place is the later one; of equal places the greater bytes. */
  const take = (code: Code, place: Place, bytes: string, from: string, to: string): void => {
    const later = (field: keyof Place, rest: string): string =>
      `${place[field]} > ${own[field]} || (${place[field]} === ${own[field]} && (${rest}))`;
    code.block(`if (${later('time', later('partition', `${place.offset} >= ${own.offset}`))})`, () => {
      const same = (['time', 'partition', 'offset'] as const).map((field) => `${place[field]} === ${own[field]}`).join(' && ');
      code.line(`if (${same}) T.maxBlob(s, ${f}, ${bytes}, ${from}, ${to});`, `else T.setBlob(s, ${f}, ${bytes}, ${from}, ${to});`);
      code.line(`${own.time} = ${place.time}; ${own.partition} = ${place.partition}; ${own.offset} = ${place.offset};`);
    });
  };
  return {
    update: () => {
      throw new Error('the last row is not updated by a value');
    },
    updateRow: (code, row, place) => {
      const p = code.local('p', '0');
      code.line(`${p} = 0;`);
      for (const [j, operand] of operandsOf(columns, row).entries()) writeOperand(code, 'K.values', p, operand, columns[j].type);
      take(code, place, 'K.values.bytes', '0', p);
    },
    merge: (code) => {
      const bytes = code.local('x', 'null');
      code.line(`${bytes} = T.arena.slice(${start('mf')}, ${start('mf')} + ${length('mf')});`);
      take(code, at('qf'), bytes, '0', `${bytes}.length`);
    },
    write: (code) => {
      const place = `W.long(W.long(W.long(p, ${own.time}), ${own.partition}), ${own.offset})`;
      code.line(`p = W.copy(${place}, T.arena, ${start('m')}, ${start('m')} + ${length('m')});`);
    },
    read: (code) => {
      const [time, partition, offset, from] = ['t', 'part', 'off', 'from'].map((name) => code.local(name, '0'));
      code.line(`${time} = Number(c.long()); ${partition} = Number(c.long()); ${offset} = Number(c.long()); ${from} = c.pos;`);
      code.line(`${code.constant(skipperOf(type))}(c);`);
      take(code, { time, partition, offset }, 'c.bytes', from, 'c.pos');
    },
    result: (code) => {
      const row = code.local('row', 'null');
      const reader = code.constant(readerOf(type));
      code.line(`${row} = ${reader}(K.cursor.at(A, ${start('m')}, ${start('m')} + ${length('m')}));`);
      return valueOperand(type, row);
    },
  };
}

function recordFields(type: Type): Extract<Type, { kind: 'record' }>['fields'] {
  if (type.kind !== 'record') throw new Error('a row is a record');
  return type.fields;
}
