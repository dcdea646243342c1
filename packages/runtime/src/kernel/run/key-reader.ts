/**
 * Record keys to the columns that they are.
 *
 * ```
 * key := text | JSON value | JSON object of several columns | int32 | int64 (big endian) | 0:byte schemaId:int32 avro
 * avro := a primitive, or a record that has the columns as fields
 * ```
 */
import { type AvroSchema, canonicalLong, type Column, type KeyFormat, typeToAvro, type Type, type Value } from '@rta/dsl';
import { type AvroNode, parseAvro } from './avro-schema.js';
import type { AvroCursor } from './avro-cursor.js';
import { BadValue } from './bad-value.js';
import { textReader } from './csv-reader.js';
import { jsonReader } from './json-reader.js';
import { textOf } from './strings.js';
import { valueReader } from './value-reader.js';

/** The columns' values; null where the bytes are no such key. Those of one column are its value itself: never null. */
export type KeyReader = (cursor: AvroCursor, bytes: Uint8Array, start: number, end: number) => Value | readonly Value[] | null;

/** Of keys that are not framed. */
export function keyReader(format: KeyFormat, columns: readonly Column[]): KeyReader {
  switch (format) {
    case 'string': {
      const [{ type }] = columns;
      const read = textReader(parseAvro(typeToAvro(type)), type);
      return attempt((_cursor, bytes, start, end) => read(textOf(bytes, start, end)));
    }
    case 'json':
      return attempt(jsonKey(columns));
    case 'int':
    case 'long':
      return (_cursor, bytes, start, end) => bigEndian(bytes, start, end, format === 'int' ? 4 : 8);
    default:
      throw new Error(`keys in ${format} are not read`);
  }
}

/** Of framed keys that were written by a schema; null: of one that the registry does not know. */
export function framedKeyReader(writer: AvroSchema | null, columns: readonly Column[]): KeyReader {
  const node = writer === null ? null : nodeOf(writer);
  if (node === null) return () => null;
  const record = node.kind === 'record';
  const type: Type = record || columns.length > 1 ? { kind: 'record', name: 'Key', fields: columns } : columns[0].type;
  const read = valueReader(node, parseAvro(typeToAvro(type)), type);
  return attempt((cursor, bytes, start, end) => {
    const value = read(cursor.at(bytes, start + 5, end));
    if (cursor.pos !== end) throw new BadValue('bad_key', 'bytes are left over');
    if (type.kind !== 'record') return value;
    const fields = columns.map(({ name }) => (value as { readonly [field: string]: Value })[name]);
    return columns.length === 1 ? fields[0] : fields;
  });
}

function nodeOf(schema: AvroSchema): AvroNode | null {
  try {
    return parseAvro(schema);
  } catch {
    // No registry gives such a schema out; if one does, its keys are dead letters.
    return null;
  }
}

function attempt(read: (cursor: AvroCursor, bytes: Uint8Array, start: number, end: number) => Value | readonly Value[]): KeyReader {
  return (cursor, bytes, start, end) => {
    try {
      return read(cursor, bytes, start, end);
    } catch (error) {
      if (error instanceof BadValue) return null;
      throw error;
    }
  };
}

function jsonKey(columns: readonly Column[]): (cursor: AvroCursor, bytes: Uint8Array, start: number, end: number) => Value | Value[] {
  const one = columns.length === 1;
  const type: Type = one ? columns[0].type : { kind: 'record', name: 'Key', fields: columns };
  const read = jsonReader(parseAvro(typeToAvro(type)), type);
  return (_cursor, bytes, start, end) => {
    const value = read(bytes, start, end);
    return one ? value : columns.map(({ name }) => (value as { readonly [field: string]: Value })[name]);
  };
}

function bigEndian(bytes: Uint8Array, start: number, end: number, size: number): Value {
  if (end - start !== size) return null;
  const word = (at: number): number => (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  if (size === 4) return word(start);
  const high = word(start);
  // Beyond 53 bits the sum of doubles is not exact.
  if (high >= -0x20_0000 && high < 0x20_0000) return high * 0x1_0000_0000 + (word(start + 4) >>> 0);
  return canonicalLong((BigInt(high) << 32n) | BigInt(word(start + 4) >>> 0));
}
