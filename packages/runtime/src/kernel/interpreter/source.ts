/** Reads the records of a source input: decoding, event time, key check; counts the rejected ones by throwing. */
import { Buffer } from 'node:buffer';
import type { AvroSchema, Row, Type, Value } from '@rta/dsl';
import type { LogRecord } from '../../log/batch/records.js';
import type { SourceInput } from '../../plan/physical.js';
import { type KernelEnv, UnknownSchema } from '../stage-kernel.js';
import { AvroCodec, toRaw, toValue } from './avro-codec.js';
import { type Datum, readDatum, Rejected, resolveDatum } from './avro-read.js';
import { type AvroNode, parseSchema } from './avro-schema.js';
import { evaluateRow } from './expressions.js';
import { readJson } from './json-read.js';
import { textOf } from './json-write.js';
import type { StreamRow } from './operator.js';
import { definite } from './values.js';

const FRAME_BYTES = 5;

export class Source {
  maxEventTime = -Infinity;
  private readonly reader: AvroNode;
  /** By id; null where the registry does not know it. */
  private readonly writers = new Map<number, AvroNode | null>();

  constructor(
    readonly input: SourceInput,
    private readonly index: number,
    private readonly env: KernelEnv,
  ) {
    this.reader = parseSchema(input.readerSchema);
  }

  addWriterSchema(id: number, schema: AvroSchema | null): void {
    this.writers.set(id, schema === null ? null : parseSchema(schema));
  }

  /** The record as a row; moves the watermark. Throws Rejected (nothing has moved then), ExpressionError and UnknownSchema. */
  read(record: LogRecord): StreamRow {
    if (record.value === null && this.input.table) return this.deletion(record);
    if (record.value === null || record.value.length === 0) throw new Rejected('empty_value', 'the record has no value');
    const datum = this.input.format === 'avro' ? this.readAvro(record, record.value) : readJson(this.reader, record.value);
    const fields = datum as ReadonlyMap<string, Datum>;
    const row: Row = Object.fromEntries(
      this.input.columns.filter((c) => fields.has(c.name)).map((c) => [c.name, toValue(c.type, fields.get(c.name)!)]),
    );
    const time = this.eventTime(row, record);
    if (this.input.checkKey) this.checkKey(row, record);
    this.maxEventTime = Math.max(this.maxEventTime, time);
    return {
      row,
      time,
      source: { record, input: this.index, watermark: this.maxEventTime - this.input.latenessMs, lateFor: new Set<string>() },
    };
  }

  /** Of a table: the row of the record's key is gone, as of the record's own time. */
  private deletion(record: LogRecord): StreamRow {
    const { name, type } = this.input.columns.find((c) => c.name === this.input.key)!;
    const framed = this.input.keyFormat === 'avro';
    if (record.key === null || (framed && record.key.length < FRAME_BYTES)) throw new Rejected('key_mismatch', 'the record has no key');
    const key = Buffer.from(record.key);
    const value = framed ? toValue(type, new AvroCodec(bareSchema(type)).decode(key.subarray(FRAME_BYTES))) : key.toString('utf8');
    const time = this.input.time.from === 'clock' ? this.env.now() : record.timestamp;
    this.maxEventTime = Math.max(this.maxEventTime, time);
    const source = { record, input: this.index, watermark: this.maxEventTime - this.input.latenessMs, lateFor: new Set<string>() };
    return { row: { [name]: value }, time, source, deleted: true };
  }

  private readAvro(record: LogRecord, value: Uint8Array): Datum {
    if (value.length < FRAME_BYTES || value[0] !== 0) throw new Rejected('bad_magic', 'the value is not framed as a registry wants it');
    const id = Buffer.from(value).readInt32BE(1);
    const writer = this.writers.get(id);
    if (writer === undefined) throw new UnknownSchema(this.index, id, record.offset);
    if (writer === null) throw new Rejected('unknown_schema_id', `the registry does not know the schema ${id}`);
    return resolveDatum(writer, this.reader, readDatum(writer, value.subarray(FRAME_BYTES)));
  }

  private eventTime(row: Row, record: LogRecord): number {
    const { time } = this.input;
    switch (time.from) {
      case 'record':
        return record.timestamp;
      case 'clock':
        return this.env.now();
      case 'column': {
        const source = { record, input: this.index, watermark: -Infinity, lateFor: new Set<string>() };
        const value = evaluateRow(time.expr, { row, time: record.timestamp, source }, this.env);
        if (value === null) throw new Rejected('no_event_time', 'the event time is null');
        return Math.floor(Number(value));
      }
    }
  }

  private checkKey(row: Row, record: LogRecord): void {
    const column = this.input.columns.find((c) => c.name === this.input.key);
    if (!column) return;
    const value = row[column.name];
    if (record.key === null || value === null) throw new Rejected('key_mismatch', 'the record key or its column is null');
    if (!this.keyEquals(definite(column.type), value, Buffer.from(record.key)))
      throw new Rejected('key_mismatch', `the record key is not what the column ${column.name} says`);
  }

  private keyEquals(type: Type, value: Value, key: Buffer): boolean {
    switch (this.input.keyFormat) {
      case 'none':
        return true;
      case 'string':
        return key.equals(Buffer.from(textOf(type, value)));
      case 'avro':
        return (
          key.length >= FRAME_BYTES &&
          key[0] === 0 &&
          key.subarray(FRAME_BYTES).equals(new AvroCodec(bareSchema(type)).encode(toRaw(type, value)))
        );
    }
  }
}

/** Of a key that is one primitive. */
function bareSchema(type: Type): AvroSchema {
  switch (type.kind) {
    case 'timestamp':
    case 'duration':
      return 'long';
    case 'date':
      return 'int';
    case 'decimal':
      return 'bytes';
    case 'enum':
      return { type: 'enum', name: 'key', symbols: [...type.symbols] };
    default:
      return type.kind;
  }
}
