/** How accumulators keep values of any type: as Avro. */
import type { Accumulator, Type } from '@rta/dsl';
import { parseAvro } from '../../run/avro-schema.js';
import { type Skipper, skipper } from '../../run/skipper.js';
import { type ValueReader, valueReader } from '../../run/value-reader.js';
import { valueSchema } from '../../state-layout.js';
import type { Code } from '../code.js';
import { definiteType, isNullable, type Operand } from '../operand.js';
import { writeOperand } from '../write-value.js';

/** The type of the values that an accumulator takes in. */
export function typeOfValues({ arg, fn }: Accumulator): Type {
  if (arg === null) throw new Error(`${fn} needs a value`);
  return definiteType(arg.type);
}

export function readerOf(type: Type): ValueReader {
  const node = parseAvro(valueSchema(type));
  return valueReader(node, node, type);
}

export function skipperOf(type: Type): Skipper {
  return skipper(parseAvro(valueSchema(type)));
}

/** Source `bytes, start, end` of the Avro of a value that is not null; lines that write it to `K.values` where it does not stand anywhere. */
export function encodedValue(code: Code, value: Operand, type: Type): string {
  const { encoded } = value;
  if (encoded?.when === null && !isNullable(value.type)) return `${encoded.bytes}, ${encoded.start}, ${encoded.end}`;
  const end = code.local('e', '0');
  code.line(`${end} = 0;`);
  writeOperand(code, 'K.values', end, { ...value, type, isNull: null, value: value.definite, encoded: null }, type);
  return `K.values.bytes, 0, ${end}`;
}
