/** Code that writes operands as Avro into a `Scratch`. */
import { isUnion, type Type } from '@rta/dsl';
import { valueWriter } from '../run/value-writer.js';
import type { Code } from './code.js';
import { definiteType, isNullable, type Operand } from './operand.js';

/**
 * Adds lines that write `operand` as `type` (its own type, or that with or without null) into scratch `w` at position variable `p`, which
 * they move on.
 */
export function writeOperand(code: Code, w: string, p: string, operand: Operand, type: Type): void {
  if (type.kind === 'null') return;
  if (!isNullable(type)) {
    writeDefinite(code, w, p, operand, type);
    return;
  }
  const inner = definiteType(type);
  if (isUnion(inner)) {
    code.line(`${p} = ${code.constant(writerOf(type))}(${w}, ${p}, ${operand.value});`);
  } else if (operand.isNull === null) {
    code.line(`${p} = ${w}.byte(${p}, 2);`);
    writeDefinite(code, w, p, operand, inner);
  } else if (operand.encoded?.when === null && isNullable(operand.type)) {
    const { bytes, start, end } = operand.encoded;
    code.line(`${p} = ${w}.copy(${p}, ${bytes}, ${start}, ${end});`);
  } else {
    // A value that is computed is computed once.
    const value = operand.text === null && !/^[\w$]+$/.test(operand.value) ? code.local('v') : null;
    if (value !== null) code.line(`${value} = ${operand.value};`);
    const once: Operand = value === null ? operand : { ...operand, value, definite: value, isNull: `${value} === null` };
    code.block(`if (${once.isNull!})`, () => code.line(`${p} = ${w}.byte(${p}, 0);`), '} else {');
    code.line(`${p} = ${w}.byte(${p}, 2);`);
    writeDefinite(code, w, p, once, inner);
    code.line('}');
  }
}

function writeDefinite(code: Code, w: string, p: string, operand: Operand, type: Type): void {
  const { definite, text, encoded } = operand;
  if (encoded?.when === null && !isNullable(operand.type)) {
    code.line(`${p} = ${w}.copy(${p}, ${encoded.bytes}, ${encoded.start}, ${encoded.end});`);
    return;
  }
  if (text !== null && (type.kind === 'string' || type.kind === 'bytes')) {
    code.line(`${p} = ${w}.sized(${p}, ${text.bytes}, ${text.start}, ${text.end});`);
    return;
  }
  switch (type.kind) {
    case 'boolean':
      code.line(`${p} = ${w}.byte(${p}, ${definite} ? 1 : 0);`);
      break;
    case 'int':
    case 'long':
    case 'date':
    case 'duration':
      code.line(`${p} = ${w}.long(${p}, ${definite});`);
      break;
    case 'timestamp':
      code.line(`${p} = ${w}.long(${p}, Math.round(${definite}${type.unit === 'micros' ? ' * 1000' : ''}));`);
      break;
    case 'float':
    case 'double':
    case 'decimal':
    case 'string':
      code.line(`${p} = ${w}.${type.kind}(${p}, ${definite});`);
      break;
    default:
      code.line(`${p} = ${code.constant(writerOf(type))}(${w}, ${p}, ${definite});`);
  }
}

const writers = new WeakMap<Type, ReturnType<typeof valueWriter>>();

function writerOf(type: Type): ReturnType<typeof valueWriter> {
  const known = writers.get(type) ?? valueWriter(type);
  writers.set(type, known);
  return known;
}
