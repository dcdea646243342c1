/** Writes rows to a sink topic: Avro framed as registries want it, JSON, CSV, or one column as text. */
import { Buffer } from 'node:buffer';
import { type Column, type Row, textColumns } from '@rta/dsl';
import type { SinkOutput, StageNode } from '../../plan/physical.js';
import { AvroCodec, RowCodec, toRaw } from './avro-codec.js';
import { csvOfRow } from './csv.js';
import { jsonOfRow, textOf } from './json-write.js';
import { plainKey } from './source-keys.js';
import { partitionOf } from './murmur2.js';
import { type Change, columnsNamed, type Effect, Operator, type StageContext, type StreamRow, type TimedRow } from './operator.js';

export class Sink extends Operator {
  private readonly keyOf: ((row: Row) => Buffer) | null;
  private readonly encodeValue: (row: Row) => Buffer;

  constructor(
    node: StageNode,
    stage: StageContext,
    private readonly index: number,
    output: SinkOutput,
  ) {
    super(node, stage);
    const ids = stage.env.schemaIds[index];
    this.keyOf = output.key === null ? null : keyEncoder(columnsNamed(output.columns, output.key), output, ids.key);
    this.encodeValue = valueEncoder(output, ids.value);
  }

  override row(row: StreamRow, effects: Effect[]): void {
    const key = this.keyOf?.(row.row) ?? null;
    const value = this.encodeValue(row.row);
    effects.push(() => this.append(row.time, key, value));
  }

  override change({ before, after }: Change): void {
    const row = (after ?? before)!;
    this.append(row.time, this.keyOf?.(row.row) ?? null, after === null ? null : this.encodeValue(after.row));
  }

  override prime(_row: TimedRow): void {
    // It is in the topic already.
  }

  private append(time: number, key: Buffer | null, value: Buffer | null): void {
    this.rowsIn++;
    this.rowsOut++;
    const { env } = this.stage;
    const partitions = env.partitions[this.index];
    const partition = key === null ? env.partition % partitions : partitionOf(key, partitions);
    this.stage.write(this.index, partition, Math.min(time, env.now()), key, value);
  }
}

function keyEncoder(columns: readonly Column[], output: SinkOutput, id: number | null): (row: Row) => Buffer {
  if (output.keyFormat !== 'avro') return (row) => plainKey(output.keyFormat, columns, row);
  const schema = output.keySchema!;
  if (columns.length === 1) {
    const [{ name, type }] = columns;
    const codec = new AvroCodec(schema);
    return (row) => framed(id!, codec.encode(toRaw(type, row[name])));
  }
  const codec = new RowCodec(schema, columns, (column) => column.name);
  return (row) => framed(id!, codec.encode(row));
}

function valueEncoder(output: SinkOutput, id: number | null): (row: Row) => Buffer {
  if (output.format === 'json') return (row) => Buffer.from(jsonOfRow(output.columns, row));
  if (output.format === 'csv') return (row) => Buffer.from(csvOfRow(output.columns, row));
  if (output.format === 'string') {
    const [{ name, type }] = textColumns(output.columns, output.key);
    return (row) => Buffer.from(textOf(type, row[name]));
  }
  const codec = new RowCodec(output.valueSchema!, output.columns, (column) => column.name);
  return (row) => framed(id!, codec.encode(row));
}

/** Confluent's frame: a zero byte, the schema's id (int32, big endian), the Avro bytes. */
function framed(id: number, avro: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, avro]);
}
