/**
 * Avro bytes to values, by closures made once per pair of schemas: for what generated code does not read itself (arrays, maps, records,
 * unions of several types). Strict: every length and index is checked. Throws BadValue.
 */
import { isUnion, RecursiveRecord, type Type, type UnionType, unionValue, type Value } from '@rta/dsl';
import type { AvroCursor } from './avro-cursor.js';
import { type AvroNode, type AvroRecord, isEmpty, matching, writtenField } from './avro-schema.js';
import { BadValue } from './bad-value.js';
import { defaultValue } from './default-value.js';
import { bigIntOfBytes } from './numbers.js';
import { blocks, counted, resolvedSkipper, type Skipper, skipper } from './skipper.js';
import { textOf, wellFormed } from './strings.js';

export type ValueReader = (cursor: AvroCursor) => Value;

/** Readers of records that stand in themselves, by the writer's node and the reader's. */
type Made = Map<AvroNode, Map<AvroNode, ValueReader>>;

/** Reads values of `writer` as `reader`, typed as `type`. What cannot be resolved is read over and then rejected (`incompatible_schema`). */
export function valueReader(writer: AvroNode, reader: AvroNode, type: Type, made: Made = new Map()): ValueReader {
  if (type.kind === 'nullable') return valueReader(writer, reader, type.of, made);
  if (writer.kind === 'union') {
    const readers = writer.branches.map((branch) => valueReader(branch, reader, type, made));
    return (c) => readers[c.index(readers.length)](c);
  }
  const match = matching(writer, reader);
  if (match === null) return incompatible(writer, `a ${writer.kind} cannot be read as ${reader.kind}`);
  if (isUnion(type) && reader.kind === 'union') return branchReader(writer, match, reader.branches, type, made);
  switch (match.kind) {
    case 'array': {
      if (writer.kind !== 'array' || type.kind !== 'array') break;
      const item = valueReader(writer.items, match.items, type.items, made);
      return (c) => {
        const items: Value[] = [];
        blocks(c, isEmpty(writer.items), () => items.push(item(c)));
        return items;
      };
    }
    case 'map': {
      if (writer.kind !== 'map' || type.kind !== 'map') break;
      const value = valueReader(writer.values, match.values, type.values, made);
      return (c) => {
        const entries = new Map<string, Value>();
        blocks(c, false, () => {
          const length = c.length();
          const start = c.skip(length);
          entries.set(textOf(c.bytes, start, start + length), value(c));
        });
        return entries;
      };
    }
    case 'record':
      if (writer.kind !== 'record' || type.kind !== 'record') break;
      return type instanceof RecursiveRecord ? sharedReader(writer, match, type, made) : recordReader(writer, match, type, made);
    default:
      return leafReader(writer, match, type);
  }
  return incompatible(writer, `a ${writer.kind} is not a ${type.kind}`);
}

/** Reads records that stand in themselves: one reader for all depths. */
function sharedReader(writer: AvroRecord, match: AvroRecord, type: RecursiveRecord, made: Made): ValueReader {
  const known = made.get(writer)?.get(match);
  if (known) return known;
  const byMatch = made.get(writer) ?? new Map<AvroNode, ValueReader>();
  made.set(writer, byMatch);
  let read: ValueReader | null = null;
  byMatch.set(match, (c) => read!(c));
  read = recordReader(writer, match, type, made);
  return read;
}

/** @param match the one of `branches` that it is read as */
function branchReader(writer: AvroNode, match: AvroNode, branches: readonly AvroNode[], type: UnionType, made: Made): ValueReader {
  const branch = branches.filter(({ kind }) => kind !== 'null').indexOf(match);
  if (branch < 0) return rawReader(writer, match);
  const read = valueReader(writer, match, type.fields[branch].type, made);
  return (c) => unionValue(type, branch, read(c));
}

function recordReader(writer: AvroRecord, wanted: AvroRecord, typed: Type & { readonly kind: 'record' }, made: Made): ValueReader {
  const sources = wanted.fields.map((field) => ({
    field,
    from: writtenField(writer, field),
    type: typed.fields.find((t) => t.name === field.name)?.type,
  }));
  const missing = sources.find(({ field, from }) => from === undefined && field.default === undefined);
  const steps = writer.fields.map((field): { name: string | null; read: ValueReader } => {
    const source = sources.find(({ from }) => from === field);
    if (source === undefined) return { name: null, read: asReader(skipper(field.node)) };
    if (source.type === undefined) return { name: null, read: asReader(resolvedSkipper(field.node, source.field.node)) };
    return { name: source.field.name, read: valueReader(field.node, source.field.node, source.type, made) };
  });
  const defaults = sources.flatMap(({ field, from, type }) =>
    from === undefined && field.default !== undefined && type !== undefined
      ? [[field.name, defaultValue(field.node, field.default, type)] as const]
      : [],
  );
  return counted(writer.again, (c) => {
    const record: Record<string, Value> = {};
    for (const { name, read } of steps) {
      const value = read(c);
      if (name !== null) record[name] = value;
    }
    if (missing !== undefined) throw new BadValue('missing_field', `the field ${missing.field.name} is missing and has no default`);
    for (const [name, value] of defaults) record[name] = value;
    return record;
  });
}

function leafReader(writer: AvroNode, reader: AvroNode, type: Type): ValueReader {
  const read = rawReader(writer, reader);
  if (writer.kind === 'null') return read;
  switch (type.kind) {
    case 'float':
      return (c) => Math.fround(Number(read(c)));
    case 'double':
      return (c) => Number(read(c));
    case 'timestamp':
      return type.unit === 'micros' ? (c) => Number(read(c)) / 1000 : (c) => Number(read(c));
    case 'decimal':
      return (c) => {
        const bytes = read(c) as Uint8Array;
        return bigIntOfBytes(bytes, 0, bytes.length);
      };
    default:
      return read;
  }
}

function rawReader(writer: AvroNode, reader: AvroNode): ValueReader {
  switch (writer.kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return (c) => c.boolean();
    case 'int':
      return (c) => c.int();
    case 'long':
      return (c) => c.long();
    case 'float':
      return (c) => c.float();
    case 'double':
      return (c) => c.double();
    case 'fixed':
      return (c) => c.bytes.slice(c.skip(writer.size), c.pos);
    case 'enum': {
      if (reader.kind !== 'enum') break;
      const symbols = writer.symbols.map((symbol) => (reader.symbols.includes(symbol) ? symbol : reader.fallback));
      return (c) => {
        const symbol = symbols[c.index(symbols.length)];
        if (symbol === null) throw new BadValue('incompatible_schema', 'the reader has no such symbol');
        return symbol;
      };
    }
    case 'string':
    case 'bytes':
      return (c) => {
        const length = c.length();
        const start = c.skip(length);
        if (reader.kind === 'string') return textOf(c.bytes, start, c.pos);
        // Through wellFormed: a string's bytes are UTF-8.
        const bytes = writer.kind === 'string' ? wellFormed(c.bytes, start, c.pos) : c.bytes;
        return bytes === c.bytes ? bytes.slice(start, c.pos) : bytes;
      };
    default:
  }
  throw new Error(`${writer.kind} is no leaf`);
}

function incompatible(writer: AvroNode, message: string): ValueReader {
  const skip = skipper(writer);
  return (c) => {
    skip(c);
    throw new BadValue('incompatible_schema', message);
  };
}

function asReader(skip: Skipper): ValueReader {
  return (c) => {
    skip(c);
    return null;
  };
}
