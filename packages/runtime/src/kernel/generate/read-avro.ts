/**
 * Code that reads an Avro value as its writer encoded it, field by field: what is used goes into variables, the rest is passed over. Lengths
 * and indexes are checked where they are read; that nothing was read past the end is checked once, when all is read (`p !== ve`).
 *
 * Names around: b (bytes), p (position), ve (end of the value), K. What does not decode does `fail = …; break rec;`; what decodes but does
 * not resolve sets `bad`, to what the first such field of the reader's schema has (`badAt`).
 */
import type { Type } from '@rta/dsl';
import { alwaysResolves, type AvroField, type AvroNode, type AvroRecord, matching, writtenField } from '../run/avro-schema.js';
import { BadValue, TooDeep } from '../run/bad-value.js';
import { bigIntOfBytes } from '../run/numbers.js';
import { Reason } from '../run/reject.js';
import { textOf } from '../run/strings.js';
import type { AvroCursor } from '../run/avro-cursor.js';
import { defaultValue } from '../run/default-value.js';
import { resolvedSkipper, type Skipper, skipper } from '../run/skipper.js';
import { type ValueReader, valueReader } from '../run/value-reader.js';
import { type Code, literal } from './code.js';
import { definiteType, type Operand, valueOperand } from './operand.js';
import { keepWellFormed } from './read-text.js';

const FAIL = `{ fail = ${Reason.NOT_AVRO}; break rec; }`;

/** Source that notes why field number `at` of the reader does not resolve. */
function note(at: number, reason: string | number): string {
  return `{ if (badAt > ${at}) { badAt = ${at}; bad = ${reason}; } }`;
}

const MAX_INLINE_DEPTH = 4;

/** Adds lines that read a value of `writer`; gives operands for those columns of `reader` that are in `types`. */
export function readRecord(code: Code, writer: AvroNode, reader: AvroRecord, types: ReadonlyMap<string, Type>): Map<string, Operand> {
  return writer.kind === 'record' ? readFields(code, writer, reader, types) : readWhole(code, writer, reader, types);
}

/** Of a union of records, say, whose fields are not known before: an object. */
function readWhole(code: Code, writer: AvroNode, reader: AvroRecord, types: ReadonlyMap<string, Type>): Map<string, Operand> {
  const type: Type = { kind: 'record', name: reader.name, fields: [...types].map(([name, of]) => ({ name, type: of })) };
  const record = readByClosure(code, writer, valueReader(writer, reader, type), type, 0);
  const operands = new Map<string, Operand>();
  for (const [name, of] of types) {
    const field = code.local('c');
    code.line(`${field} = ${record.value} === undefined ? null : ${record.value}[${literal(name)}];`);
    operands.set(name, valueOperand(of, field));
  }
  return operands;
}

function readFields(code: Code, writer: AvroRecord, reader: AvroRecord, types: ReadonlyMap<string, Type>): Map<string, Operand> {
  const operands = new Map<string, Operand>();
  for (const field of writer.fields) {
    const targets = reader.fields.filter((f) => writtenField(writer, f) === field);
    if (targets.length === 0) skip(code, field.node, 0);
    // Aliases may make several fields of one: it is read once for each.
    const start = targets.length > 1 ? code.local('f', '0') : null;
    if (start !== null) code.line(`${start} = p;`);
    for (const [n, target] of targets.entries()) {
      if (n > 0) code.line(`p = ${start!};`);
      const at = reader.fields.indexOf(target);
      const type = types.get(target.name);
      if (type === undefined) skipResolved(code, field.node, target.node, at);
      else operands.set(target.name, readField(code, field.node, target, type, at));
    }
  }
  for (const [at, field] of reader.fields.entries()) {
    if (writtenField(writer, field) !== undefined) continue;
    if (field.default === undefined) code.line(note(at, Reason.MISSING_FIELD));
    const type = types.get(field.name);
    if (type !== undefined) operands.set(field.name, defaultOperand(code, field, type));
  }
  return operands;
}

function defaultOperand(code: Code, field: AvroField, type: Type): Operand {
  if (field.default === undefined) return valueOperand(type, 'null');
  const value = defaultValue(field.node, field.default, type);
  const source =
    value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string'
      ? literal(value)
      : code.constant(value);
  return valueOperand(type, source);
}

// ---- Fields that are used ----

function readField(code: Code, writer: AvroNode, target: AvroField, type: Type, at: number): Operand {
  if (!isInline(writer, target.node, type)) return readByClosure(code, writer, valueReader(writer, target.node, type), type, at);
  const nullable = type.kind === 'nullable';
  if (writer.kind !== 'union') {
    const operand = readLeaf(code, writer, matching(writer, target.node), definiteType(type), at);
    return nullable ? { ...operand, type, isNull: null, encoded: null } : operand;
  }
  // A union of null and one other type.
  const nullIndex = writer.branches.findIndex((branch) => branch.kind === 'null');
  const other = writer.branches[1 - nullIndex];
  const isNull = code.local('nil', 'false');
  const from = code.local('f', '0');
  code.line(`${from} = p;`, `x = b[p++];`);
  code.line(`if (x > 127) { if ((x = K.cursor.tryLong(b, p - 1, ve)) === null) ${FAIL} x = Number(x) * 2; p = K.cursor.pos; }`);
  code.block(
    `if (x === ${nullIndex * 2})`,
    () => code.line(`${isNull} = true;`, ...(nullable ? [] : [note(at, Reason.INCOMPATIBLE)])),
    `} else if (x === ${(1 - nullIndex) * 2}) {`,
  );
  code.line(`${isNull} = false;`);
  const operand = readLeaf(code, other, matching(other, target.node), definiteType(type), at);
  code.line(`} else ${FAIL}`);
  return {
    type,
    value: `(${isNull} ? null : ${operand.definite})`,
    isNull,
    definite: operand.definite,
    text: operand.text,
    encoded: null,
    window: false,
  };
}

/** What is read by code here: leaves, and leaves that may be null. */
function isInline(writer: AvroNode, reader: AvroNode, type: Type): boolean {
  const { kind } = definiteType(type);
  if (['array', 'map', 'record', 'null'].includes(kind)) return false;
  if (writer.kind === 'union') {
    if (writer.branches.length !== 2 || writer.branches.filter((branch) => branch.kind === 'null').length !== 1) return false;
    const other = writer.branches.find((branch) => branch.kind !== 'null')!;
    return isLeaf(other) && matching(other, reader) !== null;
  }
  return isLeaf(writer) && matching(writer, reader) !== null;
}

function isLeaf(node: AvroNode): boolean {
  return !['null', 'union', 'array', 'map', 'record'].includes(node.kind);
}

/** A value that closures read. */
function readByClosure(code: Code, writer: AvroNode, read: ValueReader, type: Type, at: number): Operand {
  const name = code.local('c');
  code.line(`${name} = ${code.constant(reading(read, skipper(writer)))}(K, b, p, ve);`, ...afterClosure(name, at));
  return valueOperand(type, name);
}

function afterClosure(result: string, at: number): string[] {
  return [`if (${result} === undefined) { if (K.failure === ${Reason.NOT_AVRO}) ${FAIL} ${note(at, 'K.failure')} }`, 'p = K.cursor.pos;'];
}

interface Reading {
  readonly cursor: AvroCursor;
  failure: number;
  problem: string | null;
}

/**
 * Calls a closure at `bytes[p, end)`, with the cursor behind the value afterwards. `undefined` where the value cannot be read: `K.failure` says
 * why, and bytes that do not decode are the first reason.
 */
function reading(read: ValueReader, over: Skipper) {
  const attempt = (K: Reading, bytes: Uint8Array, p: number, end: number, closure: ValueReader | Skipper): unknown => {
    try {
      return closure(K.cursor.at(bytes, p, end));
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      if (error instanceof TooDeep) K.problem = error.message;
      K.failure = error.code === 'not_avro' ? Reason.NOT_AVRO : error.code === 'missing_field' ? Reason.MISSING_FIELD : Reason.INCOMPATIBLE;
      return undefined;
    }
  };
  return (K: Reading, bytes: Uint8Array, p: number, end: number): unknown => {
    K.failure = 0;
    const value = attempt(K, bytes, p, end, read);
    const reason = K.failure;
    if (reason === 0 || reason === Reason.NOT_AVRO) return value;
    K.failure = 0;
    attempt(K, bytes, p, end, over);
    if (K.failure === 0) K.failure = reason;
    return undefined;
  };
}

function readLeaf(code: Code, writer: AvroNode, reader: AvroNode | null, type: Type, at: number): Operand {
  switch (writer.kind) {
    case 'boolean': {
      const name = code.local('c', 'false');
      code.line(`x = b[p++];`, `if (x > 1) ${FAIL}`, `${name} = x === 1;`);
      return valueOperand(type, name);
    }
    case 'int':
    case 'long': {
      const name = code.local('c', '0');
      if (writer.kind === 'int') readInt(code, name);
      else readLong(code, name);
      if (writer.kind === 'long' && type.kind === 'timestamp') {
        const scaled = code.local('c', '0');
        code.line(`${scaled} = Number(${name})${type.unit === 'micros' ? ' / 1000' : ''};`);
        return valueOperand(type, scaled);
      }
      const floating =
        type.kind === 'float'
          ? `Math.fround(Number(${name}))`
          : type.kind === 'double' && writer.kind === 'long'
            ? `Number(${name})`
            : name;
      return valueOperand(type, floating);
    }
    case 'float':
    case 'double': {
      const name = code.local('c', '0.5');
      const size = writer.kind === 'float' ? 4 : 8;
      code.line(`if (ve - p < ${size}) ${FAIL}`, `${name} = view.getFloat${size * 8}(p, true); p += ${size};`);
      return valueOperand(type, name);
    }
    case 'enum': {
      const name = code.local('c', "''");
      const symbols = reader?.kind === 'enum' ? reader : null;
      const mapped = writer.symbols.map((symbol) => (symbols?.symbols.includes(symbol) ? symbol : (symbols?.fallback ?? null)));
      readLength(code, 'x');
      code.line(`if (x < 0 || x >= ${mapped.length}) ${FAIL}`, `${name} = ${code.constant(mapped)}[x];`);
      if (mapped.includes(null)) code.line(`if (${name} === null) ${note(at, Reason.INCOMPATIBLE)}`);
      return valueOperand(type, name);
    }
    case 'fixed': {
      const start = code.local('s', '0');
      code.line(`if (ve - p < ${writer.size}) ${FAIL}`, `${start} = p; p += ${writer.size};`);
      return bytesOperand(code, type, { bytes: 'b', start, end: `(${start} + ${writer.size})` }, null);
    }
    case 'string':
    case 'bytes': {
      const [from, start, end] = [code.local('f', '0'), code.local('s', '0'), code.local('e', '0')];
      code.line(`${from} = p;`);
      readLength(code, 'x');
      code.line(`if (x < 0 || x > ve - p) ${FAIL}`, `${start} = p; p = ${end} = p + x;`);
      if (writer.kind === 'bytes' && type.kind !== 'string') return bytesOperand(code, type, { bytes: 'b', start, end }, from);
      const bytes = code.local('u', 'null');
      code.line(...keepWellFormed(code, bytes, start, end));
      return bytesOperand(code, type, { bytes, start, end }, from);
    }
    default:
      throw new Error(`${writer.kind} is no leaf`);
  }
}

function bytesOperand(code: Code, type: Type, text: { bytes: string; start: string; end: string }, from: string | null): Operand {
  const { bytes, start, end } = text;
  if (type.kind === 'decimal') {
    const name = code.local('c', '0n');
    code.line(`${name} = ${code.constant(bigIntOfBytes)}(${bytes}, ${start}, ${end});`);
    return valueOperand(type, name);
  }
  const value = type.kind === 'string' ? `${code.constant(textOf)}(${bytes}, ${start}, ${end})` : `${bytes}.slice(${start}, ${end})`;
  return {
    type,
    value,
    isNull: null,
    definite: value,
    text,
    // A length of one byte cannot be written shorter; longer ones are written anew.
    encoded:
      from === null ? null : { bytes: 'b', start: from, end, when: `${bytes === 'b' ? '' : `${bytes} === b && `}${start} - ${from} === 1` },
    window: false,
  };
}

/** int: at most five bytes, the last of them with four bits. */
function readInt(code: Code, name: string): void {
  code.line(`x = b[p++]; ${name} = x & 127;`);
  code.line('if (x > 127) {', `x = b[p++]; ${name} |= (x & 127) << 7;`, 'if (x > 127) {', `x = b[p++]; ${name} |= (x & 127) << 14;`);
  code.line('if (x > 127) {', `x = b[p++]; ${name} |= (x & 127) << 21;`, 'if (x > 127) {', `x = b[p++]; ${name} |= x << 28;`);
  code.line(
    `if (x > 15) { if ((${name} = K.cursor.tryInt(b, p - 5, ve)) === null) ${FAIL} p = K.cursor.pos; ${name} = (${name} << 1) ^ (${name} >> 31); }`,
  );
  code.line('}', '}', '}', '}', `${name} = (${name} >>> 1) ^ -(${name} & 1);`);
}

/** long: up to 8 bytes and 53 bits here, beyond that by the cursor. */
function readLong(code: Code, name: string): void {
  const [low, high] = [code.local('lo', '0'), code.local('hi', '0')];
  code.line(`x = b[p++]; ${low} = x & 127;`);
  code.block('if (x > 127)', () => {
    code.line(`x = b[p++]; ${low} |= (x & 127) << 7;`, 'if (x > 127) {', `x = b[p++]; ${low} |= (x & 127) << 14;`, 'if (x > 127) {');
    code.line(`x = b[p++]; ${low} |= (x & 127) << 21;`, '} }');
  });
  code.block(
    'if (x > 127)',
    () => {
      code.line(`x = b[p++]; ${high} = x & 127;`, 'if (x > 127) {', `x = b[p++]; ${high} |= (x & 127) << 7;`, 'if (x > 127) {');
      code.line(`x = b[p++]; ${high} |= (x & 127) << 14;`, 'if (x > 127) {', `x = b[p++]; ${high} |= (x & 127) << 21;`, '} } }');
      code.line(`if (x > 127 || ${high} >= 67108864) {`);
      // Eight bytes were read in both cases.
      code.line(`if ((${name} = K.cursor.tryLong(b, p - 8, ve)) === null) ${FAIL}`, 'p = K.cursor.pos;');
      code.line(`} else { ${name} = (${low} >>> 1) + ${high} * 134217728; if ((${low} & 1) !== 0) ${name} = -${name} - 1; }`);
    },
    `} else ${name} = (${low} >>> 1) ^ -(${low} & 1);`,
  );
}

/** A length or index: small as a rule. */
function readLength(code: Code, name: string): void {
  code.line(`${name} = b[p++];`, `if (${name} < 128) ${name} = (${name} & 1) === 0 ? ${name} >> 1 : -1;`);
  code.line(`else { if ((${name} = K.cursor.tryLong(b, p - 1, ve)) === null) ${FAIL} p = K.cursor.pos; }`);
}

// ---- Fields that are not used ----

function skipResolved(code: Code, writer: AvroNode, reader: AvroNode, at: number): void {
  if (alwaysResolves(writer, reader)) skip(code, writer, 0);
  else skipByClosure(code, resolvedSkipper(writer, reader), skipper(writer), at);
}

function skipByClosure(code: Code, over: Skipper, plainly: Skipper, at: number): void {
  const read: ValueReader = (cursor) => {
    over(cursor);
    return null;
  };
  const result = code.local('c');
  code.line(`${result} = ${code.constant(reading(read, plainly))}(K, b, p, ve);`, ...afterClosure(result, at));
}

/** Passes over a value. Positions may run past `ve` by a few bytes; the check at the end finds that. */
function skip(code: Code, node: AvroNode, depth: number): void {
  switch (node.kind) {
    case 'null':
      break;
    case 'boolean':
      code.line(`if (b[p++] > 1) ${FAIL}`);
      break;
    case 'int':
    case 'long': {
      const name = code.local('sk', '0');
      // Only one with this many bytes can be too large for its type.
      const [most, method] = node.kind === 'int' ? [4, 'tryInt'] : [9, 'tryLong'];
      code.line(
        `${name} = p;`,
        'while (b[p++] > 127);',
        `if (p - ${name} > ${most}) { if (K.cursor.${method}(b, ${name}, ve) === null) ${FAIL} p = K.cursor.pos; }`,
      );
      break;
    }
    case 'float':
      code.line('p += 4;');
      break;
    case 'double':
      code.line('p += 8;');
      break;
    case 'fixed':
      code.line(`p += ${node.size};`);
      break;
    case 'string':
    case 'bytes':
      readLength(code, 'x');
      code.line(`if (x < 0 || x > ve - p) ${FAIL}`, 'p += x;');
      break;
    case 'enum':
      readLength(code, 'x');
      code.line(`if (x < 0 || x >= ${node.symbols.length}) ${FAIL}`);
      break;
    case 'union':
      skipUnion(code, node.branches, depth);
      break;
    case 'record':
      if (depth < MAX_INLINE_DEPTH && !node.again) {
        for (const field of node.fields) skip(code, field.node, depth + 1);
        break;
      }
      skipByClosure(code, skipper(node), skipper(node), -1);
      break;
    default:
      skipByClosure(code, skipper(node), skipper(node), -1);
  }
}

function skipUnion(code: Code, branches: readonly AvroNode[], depth: number): void {
  if (depth >= MAX_INLINE_DEPTH) {
    const union = skipper({ kind: 'union', branches });
    skipByClosure(code, union, union, -1);
    return;
  }
  const index = code.local('u', '0');
  readLength(code, index);
  for (const [i, branch] of branches.entries()) {
    code.line(`${i === 0 ? '' : '} else '}if (${index} === ${i}) {`);
    skip(code, branch, depth + 1);
  }
  code.line(`} else ${FAIL}`);
}
