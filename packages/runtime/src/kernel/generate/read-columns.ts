/** Code that reads Avro of our own making (keys, rows of tables), which needs no checks: columns one after another. */
import { type Column, isUnion, type Type } from '@rta/dsl';
import { parseAvro } from '../run/avro-schema.js';
import { skipper } from '../run/skipper.js';
import { textOf } from '../run/strings.js';
import { type ValueReader, valueReader } from '../run/value-reader.js';
import { valueSchema } from '../state-layout.js';
import type { Code } from './code.js';
import { definiteType, type Operand, valueOperand } from './operand.js';

/**
 * Adds lines that read the columns at `bytes[p, end)`, where `p` is a variable that they move on, up to the last one wanted. What `wanted`
 * does not name is passed over.
 */
export function readColumns(
  code: Code,
  columns: readonly Column[],
  wanted: ReadonlySet<string>,
  bytes: string,
  p: string,
  end: string,
): Map<string, Operand> {
  const operands = new Map<string, Operand>();
  const last = columns.findLastIndex((column) => wanted.has(column.name));
  for (const column of columns.slice(0, last + 1)) {
    if (wanted.has(column.name)) operands.set(column.name, readColumn(code, column, bytes, p, end));
    else skipColumn(code, column, bytes, p, end);
  }
  return operands;
}

/** Adds lines that pass over a column at `bytes[p, end)`. */
export function skipColumn(code: Code, { type }: Column, bytes: string, p: string, end: string): void {
  const definite = definiteType(type);
  if (type.kind !== 'nullable' || isUnion(definite)) skipDefinite(code, isUnion(definite) ? type : definite, bytes, p, end);
  else code.block(`if (${bytes}[${p}++] !== 0)`, () => skipDefinite(code, definite, bytes, p, end), '}');
}

function skipDefinite(code: Code, type: Type, bytes: string, p: string, end: string): void {
  switch (type.kind) {
    case 'null':
      return;
    case 'boolean':
      code.line(`${p}++;`);
      return;
    case 'string':
    case 'bytes':
      code.line(`if (${bytes}[${p}] < 128) ${p} += 1 + (${bytes}[${p}] >> 1);`);
      code.line(`else { ${p} = K.cursor.at(${bytes}, ${p}, ${end}).long() + K.cursor.pos; }`);
      return;
    case 'int':
    case 'long':
    case 'date':
    case 'duration':
    case 'timestamp':
    case 'enum':
      code.line(`while (${bytes}[${p}++] > 127);`);
      return;
    case 'float':
    case 'double':
      code.line(`${p} += ${type.kind === 'float' ? 4 : 8};`);
      return;
    default:
      code.line(`${code.constant(skipper(parseAvro(valueSchema(type))))}(K.cursor.at(${bytes}, ${p}, ${end})); ${p} = K.cursor.pos;`);
  }
}

function readColumn(code: Code, { type }: Column, bytes: string, p: string, end: string): Operand {
  const definite = definiteType(type);
  const nullable = type.kind === 'nullable';
  const from = code.local('from', '0');
  code.line(`${from} = ${p};`);
  // Null is a branch of the union like the others: their numbers stand behind it.
  const branches = nullable && isUnion(definite) ? readNullableUnion() : null;
  if (branches !== null) return { ...branches, encoded: { bytes, start: from, end: rest(), when: null } };
  const isNull = nullable ? code.local('nil', 'false') : null;
  if (isNull !== null) code.block(`if (!(${isNull} = ${bytes}[${p}++] === 0))`, () => undefined, '');
  const inner = readDefinite();
  if (isNull !== null) code.line('}');
  return {
    type,
    value: isNull === null ? inner.value : `(${isNull} ? null : ${inner.value})`,
    isNull,
    definite: inner.value,
    text: inner.text,
    encoded: { bytes, start: from, end: rest(), when: null },
    window: false,
  };

  /** The variable that says where the column ends. */
  function rest(): string {
    const to = code.local('to', '0');
    code.line(`${to} = ${p};`);
    return to;
  }

  function readNullableUnion(): Operand {
    const name = code.local('c');
    code.line(`${name} = ${code.constant(readerOf({ name: '', type }))}(K.cursor.at(${bytes}, ${p}, ${end}));`, `${p} = K.cursor.pos;`);
    return valueOperand(type, name);
  }

  function readDefinite(): Pick<Operand, 'value' | 'text'> {
    const cursor = `K.cursor.at(${bytes}, ${p}, ${end})`;
    const number = (source: string): Pick<Operand, 'value' | 'text'> => {
      const name = code.local('c', '0');
      code.line(`${name} = ${source};`, `${p} = K.cursor.pos;`);
      return { value: name, text: null };
    };
    switch (definite.kind) {
      case 'null':
        return { value: 'null', text: null };
      case 'boolean': {
        const name = code.local('c', 'false');
        code.line(`${name} = ${bytes}[${p}++] === 1;`);
        return { value: name, text: null };
      }
      case 'string':
      case 'bytes': {
        const [start, stop] = [code.local('s', '0'), code.local('e', '0')];
        code.block(
          `if (${bytes}[${p}] < 128)`,
          () => code.line(`${start} = ${p} + 1; ${stop} = ${start} + (${bytes}[${p}] >> 1);`),
          '} else {',
        );
        code.line(`${stop} = ${cursor}.long(); ${start} = K.cursor.pos; ${stop} += ${start};`, '}', `${p} = ${stop};`);
        const value =
          definite.kind === 'string' ? `${code.constant(textOf)}(${bytes}, ${start}, ${stop})` : `${bytes}.slice(${start}, ${stop})`;
        return { value, text: { bytes, start, end: stop } };
      }
      case 'int':
      case 'long':
      case 'date':
      case 'duration': {
        const name = code.local('c', '0');
        const byte = `${bytes}[${p}]`;
        code.line(`if (${byte} < 128) { ${name} = (${byte} >>> 1) ^ -(${byte} & 1); ${p}++; }`);
        code.line(`else { ${name} = ${cursor}.long(); ${p} = K.cursor.pos; }`);
        return { value: name, text: null };
      }
      case 'timestamp':
        return number(definite.unit === 'micros' ? `Number(${cursor}.long()) / 1000` : `Number(${cursor}.long())`);
      case 'float':
      case 'double':
        return number(`${cursor}.${definite.kind}()`);
      case 'enum':
        return number(`${code.constant(definite.symbols)}[${cursor}.long()]`);
      default:
        return number(`${code.constant(readerOf({ name: '', type: definite }))}(${cursor})`);
    }
  }
}

function readerOf({ type }: Column): ValueReader {
  const node = parseAvro(valueSchema(type));
  return valueReader(node, node, type);
}
