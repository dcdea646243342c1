/** The records of a test's `given`, as a producer would have sent them. */
import { Buffer } from 'node:buffer';
import {
  branchOf,
  BranchValue,
  definite,
  isUnion,
  parseTime,
  typeToAvro,
  zeroValue,
  type Column,
  type Row,
  type SourceNode,
  type TestRecord,
  type Type,
  type TypedExpr,
  type Value,
} from '@rta/dsl';
import { type AvroRecord, parseSchema } from '../kernel/interpreter/avro-schema.js';
import { csvOfRow } from '../kernel/interpreter/csv.js';
import { jsonOfRow, textOf } from '../kernel/interpreter/json-write.js';
import { plainKey } from '../kernel/interpreter/source-keys.js';
import { BatchBuilder } from '../log/batch/batch-builder.js';
import type { OutputBatch } from '../log/log.js';
import type { AvroSupport, TestSchemas } from './test-schemas.js';

/** Where a test begins that says no time: midnight of the day that bare times are of. */
export const FIRST_TIME = parseTime('00:00')!;

type Encode = (values: Readonly<Record<string, Value>>) => Uint8Array;

/** Encodes the records of one source. */
export class GivenEncoder {
  private readonly path: readonly string[] | null;
  private readonly encodeKey: Encode | null;
  private readonly encodeValue: Encode;
  /** What fills the fields that are not written: the zero of their type, unless the schema has a default for them. */
  private readonly zeros: Readonly<Record<string, Value>>;

  constructor(
    readonly source: SourceNode,
    avro: AvroSupport,
    schemas: TestSchemas,
  ) {
    this.path = source.time.from === 'column' ? pathOf(source.time.expr) : null;
    this.encodeKey = keyEncoder(source, avro, schemas);
    this.encodeValue = valueEncoder(source, avro, schemas);
    const withDefault = new Set(fieldsOf(source).flatMap((field) => ('default' in field ? [field.name] : [])));
    const { fields } = parseSchema(source.schema) as AvroRecord;
    const fixed = new Map(
      fields.flatMap(({ name, node }) => (node.kind === 'fixed' && node.logical !== 'decimal' ? [[name, new Uint8Array(node.size)]] : [])),
    );
    this.zeros = Object.fromEntries(
      source.output.columns
        .filter(({ name }) => !withDefault.has(name))
        .map(({ name, type }) => [name, fixed.get(name) ?? zeroValue(type)]),
    );
  }

  /**
   * Event time of a record, ms: its `$time`, else its time column where that is written, else that of the record before it in the test
   * (`previous`; FIRST_TIME for the first).
   */
  timeOf(record: TestRecord, previous: number): number {
    if (record.time !== null) return record.time;
    let written: Value | undefined = record.values;
    for (const name of this.path ?? ['']) written = (written as Readonly<Record<string, Value | undefined>> | undefined)?.[name];
    return written === undefined || written === null ? previous : Number(written);
  }

  /**
   * The record in a batch of its own.
   *
   * @throws TypeError where the test says `$time`, but the event time is computed of the record and cannot be set
   */
  encode(record: TestRecord, time: number): OutputBatch {
    const values = { ...this.zeros, ...record.values };
    if (this.path !== null) setPath(values, this.path, time);
    else if (this.source.time.from === 'column' && record.time !== null)
      throw new TypeError(
        `\`$time\` cannot be set: the event time of ${this.source.topic} is computed; write the columns that it is computed of`,
      );
    const { raw } = record;
    const key = raw?.key !== undefined ? Buffer.from(raw.key) : (this.encodeKey?.(values) ?? null);
    const value = record.deleted === true ? null : raw?.value !== undefined ? Buffer.from(raw.value) : this.encodeValue(values);
    const builder = new BatchBuilder(this.source.topic, 0);
    builder.append(time, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, null);
    return builder.take()[0];
  }
}

function keyEncoder({ topic, key, keyFormat, output }: SourceNode, avro: AvroSupport, schemas: TestSchemas): Encode | null {
  if (key === null || keyFormat === 'none') return null;
  const columns = key.map((name) => output.columns.find((column) => column.name === name)!);
  if (keyFormat !== 'avro') return (values) => plainKey(keyFormat, columns, values);
  const [{ name, type }] = columns;
  const schema = columns.length === 1 ? typeToAvro(definite(type)) : typeToAvro({ kind: 'record', name: 'Key', fields: columns });
  const codec = avro.codecFor(schema);
  const id = schemas.idOf(`${topic}-key`, schema);
  return (values) => avro.frame(id, codec.encode(columns.length === 1 ? values[name] : values));
}

function valueEncoder(source: SourceNode, avro: AvroSupport, schemas: TestSchemas): Encode {
  const { topic, format, schema } = source;
  const columns = valueColumns(source);
  if (format === 'json') {
    // A field that is left out takes the default of the schema, as in Avro.
    return (values) =>
      Buffer.from(
        jsonOfRow(
          columns.filter(({ name }) => Object.hasOwn(values, name)),
          values,
        ),
      );
  }
  if (format === 'string') return (values) => Buffer.from(textOf(columns[0].type, values[columns[0].name]));
  const codec = avro.codecFor(schema);
  // All cells of a row are written, so those that are left out as well: by way of Avro they get their defaults.
  if (format === 'csv') return (values) => Buffer.from(csvOfRow(columns, codec.decode(codec.encode(values)) as Row));
  const id = schemas.idOf(`${topic}-value`, schema);
  return (values) => avro.frame(id, codec.encode(asBranches(columns, values)));
}

/** The values with those of unions as the codec wants them. */
function asBranches(columns: readonly Column[], values: Readonly<Record<string, Value>>): Value {
  const given = columns.filter(({ name }) => Object.hasOwn(values, name));
  return Object.fromEntries(given.map(({ name, type }) => [name, asBranch(type, values[name])]));
}

function asBranch(type: Type, value: Value): Value {
  if (value === null) return null;
  const of = definite(type);
  switch (of.kind) {
    case 'array':
      return (value as Value[]).map((item) => asBranch(of.items, item));
    case 'map':
      return new Map([...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, asBranch(of.values, item)]));
    case 'record': {
      if (!isUnion(of)) return asBranches(of.fields, value as Readonly<Record<string, Value>>);
      const held = branchOf(of, value);
      return new BranchValue(held.branch, asBranch(held.type, held.value)) as unknown as Value;
    }
    default:
      return value;
  }
}

/** The columns that come from the value. */
export function valueColumns({ output, keyAdds }: SourceNode): readonly Column[] {
  return output.columns.filter(({ name }) => !keyAdds.some((added) => added.name === name));
}

function fieldsOf({ schema }: SourceNode): readonly { readonly name: string }[] {
  const fields = typeof schema === 'object' && 'fields' in schema ? schema.fields : [];
  return fields as readonly { readonly name: string }[];
}

/** `a.b` of an expression that is a column or a field of one; null for what is computed. */
function pathOf(expr: TypedExpr): readonly string[] | null {
  if (expr.kind === 'column') return [expr.name];
  if (expr.kind === 'cast') return pathOf(expr.operand);
  if (expr.kind !== 'field') return null;
  const of = pathOf(expr.of);
  return of === null ? null : [...of, expr.field];
}

function setPath(values: Record<string, Value>, path: readonly string[], time: number): void {
  const [name, ...rest] = path;
  if (rest.length === 0) values[name] = time;
  else {
    const inner = { ...(values[name] as Record<string, Value> | null) };
    setPath(inner, rest, time);
    values[name] = inner;
  }
}
