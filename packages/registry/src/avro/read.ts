import type { Value } from '@rta/dsl';
import { matchingBranch, meantFor, nodeProblems, promotes, sentence, writtenField } from '../compatibility.js';
import { AvroValueError, type AvroInput } from './bytes.js';
import { bytesValue, valueOfDefault } from './default-of.js';
import { perMillisecond } from './logical-value.js';
import type { AvroNode, EnumNode, PrimitiveNode, RecordNode } from './node.js';

/** Reads one value; throws AvroValueError for bytes that are not one. */
export type ReadValue = (from: AvroInput) => Value;

/** Compiles "data of `writer`, read as `reader`" to closures, by the rules of `compatibility.ts`. What does not resolve throws when it is met. */
export function readerOf(reader: AvroNode, writer: AvroNode): ReadValue {
  return new Compiler().read(reader, writer);
}

class Compiler {
  /** Pairs of records, which may refer to themselves. */
  readonly #records = new Map<RecordNode, Map<RecordNode, ReadValue>>();

  read(reader: AvroNode, writer: AvroNode): ReadValue {
    if (writer.kind === 'union') {
      const branches = writer.branches.map((branch) => this.read(reader, branch));
      return (from) => branches[from.index(branches.length, `a union's branch`)](from);
    }
    if (reader.kind === 'union') {
      const branch =
        matchingBranch(reader.branches, writer, (each) => nodeProblems(each, writer).length === 0) ??
        // Not all values of it resolve (an enum with a symbol more), but those that do are of this one.
        reader.branches.find((each) => meantFor(each, writer));
      return branch === undefined ? this.#unreadable(reader, writer) : this.read(branch, writer);
    }
    if (reader.kind === 'record' && writer.kind === 'record') return this.#record(reader, writer);
    if (reader.kind === 'array' && writer.kind === 'array') {
      const item = this.read(reader.items, writer.items);
      const size = minBytes(writer.items);
      return (from) => {
        const items: Value[] = [];
        from.blocks(size, () => items.push(item(from)));
        return items;
      };
    }
    if (reader.kind === 'map' && writer.kind === 'map') {
      const item = this.read(reader.values, writer.values);
      return (from) => {
        const entries = new Map<string, Value>();
        from.blocks(1, () => entries.set(from.string(), item(from)));
        return entries;
      };
    }
    if (reader.kind === 'enum' && writer.kind === 'enum') return readEnum(reader, writer);
    // Records and enums that differ in a part are read up to that part; the rest either resolves or does not.
    if (nodeProblems(reader, writer).length > 0) return this.#unreadable(reader, writer);
    if (reader.kind === 'fixed') {
      const { size, logical } = reader;
      return (from) => bytesValue(logical, new Uint8Array(from.raw(size)));
    }
    return readPrimitive(reader as PrimitiveNode, writer as PrimitiveNode);
  }

  #record(reader: RecordNode, writer: RecordNode): ReadValue {
    const ofReader = this.#records.get(reader) ?? new Map<RecordNode, ReadValue>();
    this.#records.set(reader, ofReader);
    const known = ofReader.get(writer);
    if (known !== undefined) return known;
    const steps: { readonly slot: number; readonly name: string; readonly read: ReadValue }[] = [];
    const read: ReadValue = (from) =>
      from.nested(() => {
        const values: Value[] = new Array<Value>(reader.fields.length);
        for (const step of steps) {
          try {
            const value = step.read(from);
            if (step.slot >= 0) values[step.slot] = value;
          } catch (error) {
            throw error instanceof AvroValueError ? error.within(step.name) : error;
          }
        }
        return build(reader, values, taken);
      });
    ofReader.set(writer, read);
    const taken = new Set<number>();
    const slots = new Map<string, number>();
    reader.fields.forEach((field, slot) => {
      const written = writtenField(field, writer);
      if (written === undefined) return;
      slots.set(written.name, slot);
      taken.add(slot);
    });
    for (const { name, node } of writer.fields) {
      const slot = slots.get(name);
      // A field that the reader does not have is read all the same, to get past it.
      steps.push({ slot: slot ?? -1, name, read: slot === undefined ? this.read(node, node) : this.read(reader.fields[slot].node, node) });
    }
    return read;
  }

  #unreadable(reader: AvroNode, writer: AvroNode): ReadValue {
    const why = nodeProblems(reader, writer)
      .map((problem) => sentence(problem))
      .join('; ');
    return () => {
      throw new AvroValueError(`cannot be read with the reader's schema: ${why}`);
    };
  }
}

/** The record with its properties in the reader's order, and defaults for what was not written. */
function build(reader: RecordNode, values: readonly Value[], taken: ReadonlySet<number>): Value {
  const out: Record<string, Value> = {};
  for (let slot = 0; slot < reader.fields.length; slot++) {
    const { name, node, default: json } = reader.fields[slot];
    if (!taken.has(slot) && json === undefined) throw new AvroValueError(`is not in the data and has no default`).within(name);
    const value = taken.has(slot) ? values[slot] : valueOfDefault(node, json);
    if (name === '__proto__') Object.defineProperty(out, name, { value, enumerable: true, configurable: true, writable: true });
    else out[name] = value;
  }
  return out;
}

function readEnum(reader: EnumNode, writer: EnumNode): ReadValue {
  return (from) => {
    const symbol = writer.symbols[from.index(writer.symbols.length, 'a symbol')];
    if (reader.symbols.includes(symbol)) return symbol;
    if (reader.default !== null) return reader.default;
    throw new AvroValueError(`the reader's enum has no symbol ${symbol} and no default`);
  };
}

function readPrimitive(reader: PrimitiveNode, writer: PrimitiveNode): ReadValue {
  const read = plain(writer);
  const { kind } = reader;
  if (!promotes(writer.kind, kind)) throw new Error(`a ${writer.kind} is not read as ${kind}`);
  if (kind === 'long') {
    const scale = perMillisecond(reader.logical);
    return scale === null ? read : (from) => Number(read(from)) / scale;
  }
  if (kind === 'float' && writer.kind !== 'float') return (from) => Math.fround(Number(read(from)));
  if (kind === 'double' && writer.kind !== 'double') return (from) => Number(read(from));
  if (kind === 'bytes' && writer.kind === 'string') return (from) => bytesValue(reader.logical, new Uint8Array(from.bytes()));
  if (kind === 'string' && writer.kind === 'bytes') return (from) => from.string();
  if (kind === 'bytes') return (from) => bytesValue(reader.logical, new Uint8Array(from.bytes()));
  return read;
}

/** What is written, before any logical type. */
function plain({ kind }: PrimitiveNode): ReadValue {
  switch (kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return (from) => {
        const byte = from.byte();
        if (byte > 1) throw new AvroValueError(`${byte} is not a boolean`);
        return byte === 1;
      };
    case 'int':
      return (from) => from.int();
    case 'long':
      return (from) => from.long();
    case 'float':
      return (from) => from.float();
    case 'double':
      return (from) => from.double();
    case 'bytes':
      return (from) => new Uint8Array(from.bytes());
    case 'string':
      return (from) => from.string();
  }
}

/** 0 for items that may take no bytes at all. */
function minBytes(node: AvroNode): number {
  if (node.kind === 'null' || (node.kind === 'fixed' && node.size === 0)) return 0;
  return node.kind === 'record' ? (node.fields.some((field) => field.node.kind !== 'record' && minBytes(field.node) > 0) ? 1 : 0) : 1;
}
