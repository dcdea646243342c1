/** Reads the records of a source input: decoding, event time, key check; counts the rejected ones by throwing. */
import { Buffer } from 'node:buffer';
import type { AvroSchema, Row } from '@rta/dsl';
import type { LogRecord } from '../../log/batch/records.js';
import type { SourceInput } from '../../plan/physical.js';
import { type KernelEnv, MISPLACED, UnknownSchema } from '../stage-kernel.js';
import { tooFarAhead } from '../too-far-ahead.js';
import { toValue } from './avro-codec.js';
import { type Datum, readDatum, Rejected, resolveDatum } from './avro-read.js';
import { type AvroNode, type AvroRecord, parseSchema } from './avro-schema.js';
import { readCsv } from './csv.js';
import { evaluateRow } from './expressions.js';
import { readJson } from './json-read.js';
import { partitionOf } from './murmur2.js';
import type { StreamRow } from './operator.js';
import { SourceKeys } from './source-keys.js';

const FRAME_BYTES = 5;

export class Source {
  maxEventTime = -Infinity;
  private readonly reader: AvroNode;
  private readonly keys: SourceKeys;
  /** By id; null where the registry does not know it. */
  private readonly writers = new Map<number, AvroNode | null>();

  constructor(
    readonly input: SourceInput,
    private readonly index: number,
    private readonly env: KernelEnv,
  ) {
    this.reader = parseSchema(input.readerSchema);
    this.keys = new SourceKeys(input, (id, offset) => this.writer(id, offset, true));
  }

  addWriterSchema(id: number, schema: AvroSchema | null): void {
    this.writers.set(id, schema === null ? null : parseSchema(schema));
  }

  /** The record as a row; moves the watermark. `appendTime` is the broker's, where the topic keeps it. Throws Rejected (nothing has moved then), ExpressionError and UnknownSchema. */
  read(record: LogRecord, appendTime: number | null): StreamRow {
    if (record.value === null && this.input.table) return this.deletion(record, appendTime);
    if (record.value === null || (record.value.length === 0 && !this.emptyValues))
      throw new Rejected('empty_value', 'the record has no value');
    const fields = this.datum(record, record.value) as ReadonlyMap<string, Datum>;
    const row: Row = Object.fromEntries(
      this.input.columns.filter((c) => fields.has(c.name)).map((c) => [c.name, toValue(c.type, fields.get(c.name)!)]),
    );
    if (this.input.keyAdds.length > 0) Object.assign(row, this.keys.read(record));
    const time = this.eventTime(row, record);
    if (this.input.checkKey) this.keys.check(row, record);
    if (this.input.checkPartition) this.checkPartition(record.key!);
    this.moveTime(time, appendTime);
    return {
      row,
      time,
      source: { record, input: this.index, watermark: this.maxEventTime - this.input.latenessMs, lateFor: new Set<string>() },
    };
  }

  private checkPartition(key: Uint8Array): void {
    const { tasks, partition } = this.env;
    if (tasks !== null && partitionOf(Buffer.from(key), tasks) !== partition) throw new Rejected('misplaced', MISPLACED);
  }

  private moveTime(time: number, appendTime: number | null): void {
    const { maxAheadMs } = this.input;
    const than = appendTime ?? this.maxEventTime;
    if (maxAheadMs !== null && than !== -Infinity && time - than > maxAheadMs)
      throw new Rejected('too_far_ahead', tooFarAhead(time, than, appendTime !== null, maxAheadMs));
    this.maxEventTime = Math.max(this.maxEventTime, time);
  }

  /** Whether no bytes at all are a value. */
  private get emptyValues(): boolean {
    return this.input.format === 'csv' || this.input.format === 'string';
  }

  private datum(record: LogRecord, value: Uint8Array): Datum {
    switch (this.input.format) {
      case 'avro':
        return this.readAvro(record, value);
      case 'json':
        return readJson(this.reader, value);
      case 'csv':
        return readCsv(this.reader as AvroRecord, value);
      case 'string':
        return new Map([[this.input.columns[0].name, Buffer.from(value).toString('utf8')]]);
    }
  }

  /** Of a table: the row of the record's key is gone, as of the record's own time. */
  private deletion(record: LogRecord, appendTime: number | null): StreamRow {
    const row = this.keys.read(record);
    const time = this.input.time.from === 'clock' ? this.env.now() : record.timestamp;
    this.moveTime(time, appendTime);
    const source = { record, input: this.index, watermark: this.maxEventTime - this.input.latenessMs, lateFor: new Set<string>() };
    return { row, time, source, deleted: true };
  }

  private readAvro(record: LogRecord, value: Uint8Array): Datum {
    if (value.length < FRAME_BYTES || value[0] !== 0) throw new Rejected('bad_magic', 'the value is not framed as a registry wants it');
    const id = Buffer.from(value).readInt32BE(1);
    const writer = this.writer(id, record.offset);
    if (writer === null) throw new Rejected('unknown_schema_id', `the registry does not know the schema ${id}`);
    return resolveDatum(writer, this.reader, readDatum(writer, value.subarray(FRAME_BYTES)));
  }

  /** Null: the registry does not know the id. */
  private writer(id: number, offset: number, ofKey = false): AvroNode | null {
    const writer = this.writers.get(id);
    if (writer === undefined) throw new UnknownSchema(this.index, id, offset, ofKey);
    return writer;
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
}
