/**
 * Reads Avro strictly, in two plain steps: the bytes by the writer's schema, then the datum by the reader's (resolution by name,
 * promotions, defaults). Unions and enums are resolved by what the record holds, as Avro says, so that one odd record is rejected alone.
 */
import { Buffer } from 'node:buffer';
import { MAX_RECURSION, TOO_DEEP } from '../max-recursion.js';
import type { RejectCode } from '../stage-kernel.js';
import type { AvroField, AvroNode, AvroRecord } from './avro-schema.js';
import { canonicalLong } from './values.js';

/** What a record holds, by schema: longs canonical, records as maps by field name. */
export type Datum = null | boolean | number | bigint | string | Uint8Array | Datum[] | ReadonlyMap<string, Datum> | InUnion;

/** A value in a union: which branch it is. Resolved data has the bare value where there is only one beside null. */
export class InUnion {
  constructor(
    readonly branch: AvroNode,
    readonly value: Datum,
    /** Which of the branches beside null. */
    readonly index: number,
  ) {}

  static of(branches: readonly AvroNode[], branch: AvroNode, value: Datum): InUnion {
    return new InUnion(branch, value, branches.filter(({ kind }) => kind !== 'null').indexOf(branch));
  }
}

/** A value of `branch`, one of `branches`, as resolved data. */
export function inUnion(branches: readonly AvroNode[], branch: AvroNode, value: Datum): Datum {
  return branch.kind !== 'null' && branches.filter(({ kind }) => kind !== 'null').length > 1 ? InUnion.of(branches, branch, value) : value;
}

/** A record that cannot be read, with the code that it is rejected by. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
  constructor(
    readonly code: RejectCode,
    message: string,
  ) {
    super(message);
  }
}

const notAvro = (message: string): Rejected => new Rejected('not_avro', message);
const incompatible = (message: string): Rejected => new Rejected('incompatible_schema', message);

/** Reads all of `bytes`; one too few or too many is an error. */
export function readDatum(writer: AvroNode, bytes: Uint8Array): Datum {
  const reader = new Reader(bytes);
  const datum = reader.read(writer);
  if (reader.pos !== bytes.length) throw notAvro(`${bytes.length - reader.pos} bytes are left over`);
  return datum;
}

class Reader {
  pos = 0;
  /** In how many records that stand in themselves. */
  private depth = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  read(node: AvroNode): Datum {
    switch (node.kind) {
      case 'null':
        return null;
      case 'boolean': {
        const byte = this.take(1)[0];
        if (byte > 1) throw notAvro(`${byte} is not a boolean`);
        return byte === 1;
      }
      case 'int': {
        const value = this.varint();
        if (value !== BigInt.asIntN(32, value)) throw notAvro(`${value} is not an int`);
        return Number(value);
      }
      case 'long':
        return canonicalLong(this.varint());
      case 'float':
        return this.view.getFloat32(this.skip(4), true);
      case 'double':
        return this.view.getFloat64(this.skip(8), true);
      case 'bytes':
        return this.take(this.length());
      case 'string':
        return Buffer.from(this.take(this.length())).toString('utf8');
      case 'fixed':
        return this.take(node.size);
      case 'enum':
        return node.symbols[this.index(node.symbols.length, 'symbol')];
      case 'union': {
        const branch = node.branches[this.index(node.branches.length, 'union branch')];
        return InUnion.of(node.branches, branch, this.read(branch));
      }
      case 'array': {
        const items: Datum[] = [];
        this.blocks(() => items.push(this.read(node.items)));
        return items;
      }
      case 'map': {
        const entries = new Map<string, Datum>();
        this.blocks(() => {
          const key = Buffer.from(this.take(this.length())).toString('utf8');
          entries.set(key, this.read(node.values));
        });
        return entries;
      }
      case 'record': {
        if (node.again && ++this.depth > MAX_RECURSION) throw notAvro(TOO_DEEP);
        const fields = new Map(node.fields.map((field) => [field.name, this.read(field.node)]));
        if (node.again) this.depth--;
        return fields;
      }
    }
  }

  /** Zigzag, at most ten bytes and 64 bits. */
  private varint(): bigint {
    let value = 0n;
    for (let i = 0n; i < 10n; i++) {
      const byte = this.take(1)[0];
      value |= BigInt(byte & 127) << (7n * i);
      if (byte >= 128) continue;
      if (value >= 1n << 64n) break;
      return (value >> 1n) ^ -(value & 1n);
    }
    throw notAvro('a number is longer than 64 bits');
  }

  private length(): number {
    const length = Number(this.varint());
    if (length < 0 || length > this.bytes.length - this.pos) throw notAvro(`the length ${length} is impossible here`);
    return length;
  }

  private index(count: number, what: string): number {
    const index = Number(this.varint());
    if (index < 0 || index >= count) throw notAvro(`there is no ${what} ${index}`);
    return index;
  }

  /** Blocks of an array or map: count (negative: its size in bytes follows), items, …, zero. */
  private blocks(item: () => void): void {
    for (;;) {
      let count = this.varint();
      if (count === 0n) return;
      if (count < 0n) {
        count = -count;
        this.length();
      }
      if (count > BigInt(this.bytes.length)) throw notAvro(`a block of ${count} items is impossible here`);
      for (let i = 0n; i < count; i++) item();
    }
  }

  private skip(length: number): number {
    if (length > this.bytes.length - this.pos) throw notAvro('the record is truncated');
    this.pos += length;
    return this.pos - length;
  }

  private take(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }
}

/** The datum as the reader's schema sees it. */
export function resolveDatum(writer: AvroNode, reader: AvroNode, datum: Datum): Datum {
  if (datum instanceof InUnion) return resolveDatum(datum.branch, reader, datum.value);
  if (reader.kind === 'union') {
    const branches = reader.branches.filter((b) => !differsInMeaning(writer, b));
    const branch =
      branches.find((b) => sameBranch(writer, b, (name) => name)) ??
      branches.find((b) => sameBranch(writer, b, (name) => name.split('.').at(-1)!)) ??
      branches.find((b) => promotes(writer, b));
    if (!branch) throw incompatible(`the reader's union has no ${writer.kind}`);
    return inUnion(reader.branches, branch, resolveDatum(writer, branch, datum));
  }
  if (differsInMeaning(writer, reader)) throw incompatible(`${meaningOf(writer)} is not ${meaningOf(reader)}`);
  switch (reader.kind) {
    case 'record':
      if (writer.kind !== 'record') break;
      return new Map(reader.fields.map((field) => [field.name, resolveField(writer, field, datum as ReadonlyMap<string, Datum>)]));
    case 'array':
      if (writer.kind !== 'array') break;
      return (datum as Datum[]).map((item) => resolveDatum(writer.items, reader.items, item));
    case 'map':
      if (writer.kind !== 'map') break;
      return new Map([...(datum as ReadonlyMap<string, Datum>)].map(([k, v]) => [k, resolveDatum(writer.values, reader.values, v)]));
    case 'enum':
      if (writer.kind !== 'enum') break;
      if (reader.symbols.includes(datum as string)) return datum;
      if (reader.fallback !== null) return reader.fallback;
      throw incompatible(`the reader has no symbol ${datum as string}`);
    case 'fixed':
      if (writer.kind === 'fixed' && writer.size === reader.size) return datum;
      break;
    default:
      if (promotes(writer, reader)) return promoted(writer, reader, datum);
  }
  throw incompatible(`a ${writer.kind} cannot be read as ${reader.kind}`);
}

function resolveField(writer: AvroRecord, field: AvroField, datum: ReadonlyMap<string, Datum>): Datum {
  const written = writer.fields.find((f) => f.name === field.name) ?? writer.fields.find((f) => field.aliases.includes(f.name));
  if (written) return resolveDatum(written.node, field.node, datum.get(written.name)!);
  return defaultOf(field);
}

/** The field's default, or a rejection where it has none. */
export function defaultOf(field: AvroField): Datum {
  if (field.default === undefined) throw new Rejected('missing_field', `the field ${field.name} is missing and has no default`);
  return datumOfDefault(field.node, field.default);
}

/** JSON of a default: bytes are a string of code points 0-255, a union's default is of its first branch (or any other that fits). */
function datumOfDefault(node: AvroNode, json: unknown): Datum {
  switch (node.kind) {
    case 'union': {
      const branch = node.branches.find((b) => fitsDefault(b, json)) ?? node.branches[0];
      return inUnion(node.branches, branch, datumOfDefault(branch, json));
    }
    case 'bytes':
    case 'fixed':
      return Uint8Array.from(Buffer.from(json as string, 'latin1'));
    case 'array':
      return (json as unknown[]).map((item) => datumOfDefault(node.items, item));
    case 'map':
      return new Map(Object.entries(json as object).map(([k, v]) => [k, datumOfDefault(node.values, v)]));
    case 'record': {
      const fields = json as Readonly<Record<string, unknown>>;
      return new Map(
        node.fields.map((f) => [f.name, Object.hasOwn(fields, f.name) ? datumOfDefault(f.node, fields[f.name]) : defaultOf(f)]),
      );
    }
    default:
      return json as Datum;
  }
}

function fitsDefault(node: AvroNode, json: unknown): boolean {
  switch (node.kind) {
    case 'null':
      return json === null;
    case 'boolean':
      return typeof json === 'boolean';
    case 'int':
    case 'long':
      return Number.isInteger(json);
    case 'float':
    case 'double':
      return typeof json === 'number';
    case 'array':
      return Array.isArray(json);
    case 'map':
    case 'record':
      return typeof json === 'object' && json !== null && !Array.isArray(json);
    case 'enum':
      return node.symbols.includes(json as string);
    default:
      return typeof json === 'string';
  }
}

function sameBranch(writer: AvroNode, reader: AvroNode, called: (name: string) => string): boolean {
  if (writer.kind !== reader.kind) return false;
  return !('name' in writer && 'name' in reader) || called(writer.name) === called(reader.name);
}

const PROMOTIONS: Readonly<Partial<Record<AvroNode['kind'], readonly AvroNode['kind'][]>>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

/** Decimals of another scale, and times in other units: Avro would read their bytes all the same. */
function differsInMeaning(writer: AvroNode, reader: AvroNode): boolean {
  if (!('logical' in writer && 'logical' in reader)) return false;
  const [from, to] = [writer.logical ?? '', reader.logical ?? ''];
  if (from === 'decimal' || to === 'decimal') return from !== to || writer.scale !== reader.scale;
  const isTime = (logical: string): boolean => /^date$|^(local-)?time(stamp)?-(mi|na)/.test(logical);
  return isTime(from) && isTime(to) && from !== to;
}

function meaningOf(node: AvroNode): string {
  if (!('logical' in node) || node.logical === null) return node.kind;
  return node.logical === 'decimal' ? `a decimal of scale ${node.scale}` : node.logical;
}

function promotes(writer: AvroNode, reader: AvroNode): boolean {
  return writer.kind === reader.kind || (PROMOTIONS[writer.kind]?.includes(reader.kind) ?? false);
}

function promoted(writer: AvroNode, reader: AvroNode, datum: Datum): Datum {
  if (writer.kind === reader.kind) return datum;
  if (reader.kind === 'bytes') return Uint8Array.from(Buffer.from(datum as string, 'utf8'));
  if (reader.kind === 'string') return Buffer.from(datum as Uint8Array).toString('utf8');
  if (reader.kind === 'float') return Math.fround(Number(datum));
  return reader.kind === 'double' ? Number(datum) : datum;
}
