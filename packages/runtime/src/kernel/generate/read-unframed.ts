/** Code that reads the values of records that are not framed Avro: JSON, CSV, texts. */
import { type Column, STRING, type Type } from '@rta/dsl';
import type { SourceInput } from '../../plan/physical.js';
import { CsvReader } from '../run/csv-reader.js';
import { JsonReader } from '../run/json-reader.js';
import type { Code } from './code.js';
import { definiteType, type Operand, valueOperand } from './operand.js';
import { keepWellFormed, textOperand } from './read-text.js';

const FAIL = '{ fail = K.failure; break rec; }';

/** Adds lines that read the value at `b[vs, ve)`; gives operands for the columns that are in `types`. */
export function readUnframed(code: Code, input: SourceInput, types: ReadonlyMap<string, Type>): Map<string, Operand> {
  const columns = [...types].map(([name, type]): Column => ({ name, type }));
  switch (input.format) {
    case 'json':
      return readJson(code, new JsonReader(input.readerSchema, columns), columns);
    case 'csv':
      return readCsv(code, new CsvReader(input.readerSchema, columns), columns);
    case 'string':
      return new Map(columns.map(({ name }) => [name, readText(code)]));
    case 'avro':
      throw new Error('Avro is framed');
  }
}

function readJson(code: Code, reader: JsonReader, columns: readonly Column[]): Map<string, Operand> {
  code.line(`if (!${code.constant(reader)}.read(K, b, vs, ve)) ${FAIL}`);
  return cellOperands(code, code.constant(reader.out), columns);
}

function readCsv(code: Code, reader: CsvReader, columns: readonly Column[]): Map<string, Operand> {
  const row = code.constant(reader);
  code.line(`if (!${row}.read(K, b, vs, ve)) ${FAIL}`);
  return cellOperands(code, row, columns);
}

/** Texts stay bytes; other values end up in variables as Avro's do. */
function cellOperands(code: Code, row: string, columns: readonly Column[]): Map<string, Operand> {
  return new Map(
    columns.map(({ name, type }, i) => {
      if (definiteType(type).kind !== 'string') return [name, cellOperand(code, type, `${row}.cells[${i}]`)];
      const [bytes, start, end] = [code.local('u', 'null'), code.local('s', '0'), code.local('e', '0')];
      code.line(`${bytes} = ${row}.bytes[${i}]; ${start} = ${row}.starts[${i}]; ${end} = ${row}.ends[${i}];`);
      return [name, textOperand(code, type, bytes, start, end)];
    }),
  );
}

function readText(code: Code): Operand {
  const [bytes, start, end] = [code.local('u', 'null'), code.local('s', '0'), code.local('e', '0')];
  code.line(`${start} = vs; ${end} = ve;`, ...keepWellFormed(code, bytes, start, end));
  return textOperand(code, STRING, bytes, start, end);
}

function cellOperand(code: Code, type: Type, source: string): Operand {
  const cell = code.local('c');
  code.line(`${cell} = ${source};`);
  return valueOperand(type, cell);
}
