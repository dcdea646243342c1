/** Values of the language to and from Avro: encoded by avsc, read by `avro-read.ts`. */
import { Buffer } from 'node:buffer';
import { type AvroSchema, branchOf, type Column, isUnion, type Row, type Type, unionValue, type Value } from '@rta/dsl';
import avsc from 'avsc';
import { type Datum, InUnion, readDatum, resolveDatum } from './avro-read.js';
import { type AvroNode, parseSchema } from './avro-schema.js';
import { RawBranch, withBranches } from './raw-branch.js';
import { canonicalLong } from './values.js';

/** What avsc is given: objects for records, Buffers for bytes, numbers or bigints for longs. */
export type Raw = null | boolean | number | bigint | string | Buffer | Raw[] | RawBranch | { readonly [name: string]: Raw };

/** Longs as numbers where that is exact, else as bigints. */
const longType = avsc.types.LongType.__with({
  toBuffer: (value: number | bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromBuffer: (bytes: Buffer) => canonicalLong(bytes.readBigInt64LE()),
  fromJSON: (json: unknown) => canonicalLong(BigInt(json as number | string)),
  toJSON: (value: number | bigint) => (typeof value === 'bigint' ? value.toString() : value),
  isValid: (value: unknown) => (typeof value === 'bigint' ? value === BigInt.asIntN(64, value) : Number.isSafeInteger(value)),
  compare: (a: number | bigint, b: number | bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/** With a logical type a long would be avsc's own, which is off by one for odd numbers below -2^52. */
function withPlainLongs(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withPlainLongs);
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('type' in schema && schema.type === 'long' && !('name' in schema)) return 'long';
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === 'default' ? (value as unknown) : withPlainLongs(value)]),
  );
}

/** By the schema's JSON: each task of a stage asks for the same ones. */
const compiled = new Map<string, { readonly type: avsc.Type; readonly node: AvroNode }>();

/** One schema, both ways. */
export class AvroCodec {
  private readonly type: avsc.Type;
  private readonly node: AvroNode;

  constructor(schema: AvroSchema) {
    const id = JSON.stringify(schema);
    const made = compiled.get(id) ?? {
      type: avsc.Type.forSchema(withPlainLongs(schema) as avsc.Schema, { registry: { long: longType } }),
      node: parseSchema(schema),
    };
    compiled.set(id, made);
    this.type = made.type;
    this.node = made.node;
  }

  encode(raw: Raw): Buffer {
    return this.type.toBuffer(withBranches(this.type, raw));
  }

  decode(bytes: Uint8Array): Datum {
    return resolveDatum(this.node, this.node, readDatum(this.node, bytes));
  }
}

/** Rows of some columns as one Avro record, whose fields are the columns in order and may have other names. */
export class RowCodec {
  private readonly codec: AvroCodec;

  /** @param extra fields in front of the columns, all of them longs; @param fieldOf what a column's field is called */
  constructor(
    schema: AvroSchema,
    private readonly columns: readonly Column[],
    private readonly fieldOf: (column: Column, index: number) => string,
  ) {
    this.codec = new AvroCodec(schema);
  }

  encode(row: Row, extra: { readonly [field: string]: number } = {}): Buffer {
    const fields = this.columns.map((column, i) => [this.fieldOf(column, i), toRaw(column.type, row[column.name])] as const);
    return this.codec.encode({ ...extra, ...Object.fromEntries(fields) });
  }

  decode(bytes: Uint8Array): { row: Row; field: (name: string) => Datum } {
    const datum = this.codec.decode(bytes) as ReadonlyMap<string, Datum>;
    const row = Object.fromEntries(
      this.columns.map((column, i) => [column.name, toValue(column.type, datum.get(this.fieldOf(column, i))!)]),
    );
    return { row, field: (name) => datum.get(name)! };
  }
}

/** A datum by its schema -> the language's value. */
export function toValue(type: Type, datum: Datum): Value {
  if (datum instanceof InUnion && type.kind !== 'nullable') {
    if (!isUnion(type)) return toValue(type, datum.value);
    return unionValue(type, datum.index, toValue(type.fields[datum.index].type, datum.value));
  }
  switch (type.kind) {
    case 'nullable':
      return datum === null ? null : toValue(type.of, datum);
    case 'decimal':
      return bigintOfBytes(datum as Uint8Array);
    case 'timestamp':
      return type.unit === 'micros' ? Number(datum) / 1000 : Number(datum);
    case 'bytes':
      return Uint8Array.from(datum as Uint8Array);
    case 'double':
      // Of a union of whole numbers and doubles.
      return Number(datum);
    case 'array':
      return (datum as Datum[]).map((item) => toValue(type.items, item));
    case 'map':
      return new Map([...(datum as ReadonlyMap<string, Datum>)].map(([k, v]) => [k, toValue(type.values, v)]));
    case 'record': {
      const fields = datum as ReadonlyMap<string, Datum>;
      return Object.fromEntries(type.fields.map((f) => [f.name, toValue(f.type, fields.get(f.name)!)]));
    }
    default:
      return datum as Value;
  }
}

/** The language's value -> what avsc writes. */
export function toRaw(type: Type, value: Value): Raw {
  if (value === null) return null;
  switch (type.kind) {
    case 'nullable':
      return toRaw(type.of, value);
    case 'decimal':
      return bytesOfBigint(value as bigint);
    case 'timestamp':
      return canonicalLong(BigInt(Math.round((value as number) * (type.unit === 'micros' ? 1000 : 1))));
    case 'bytes':
      return Buffer.from(value as Uint8Array);
    case 'array':
      return (value as Value[]).map((item) => toRaw(type.items, item));
    case 'map':
      return Object.fromEntries([...(value as ReadonlyMap<string, Value>)].map(([k, v]) => [k, toRaw(type.values, v)]));
    case 'record': {
      if (isUnion(type)) {
        const held = branchOf(type, value);
        return new RawBranch(held.branch, toRaw(held.type, held.value));
      }
      const fields = value as { readonly [field: string]: Value };
      return Object.fromEntries(type.fields.map((f) => [f.name, toRaw(f.type, fields[f.name])]));
    }
    default:
      return value as Raw;
  }
}

/** Two's complement, big endian, as few bytes as hold it. */
export function bytesOfBigint(value: bigint): Buffer {
  let size = 1;
  while (BigInt.asIntN(size * 8, value) !== value) size++;
  const hex = BigInt.asUintN(size * 8, value).toString(16);
  return Buffer.from(hex.padStart(size * 2, '0'), 'hex');
}

export function bigintOfBytes(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}
