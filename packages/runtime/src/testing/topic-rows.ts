/** What the topics of a tested pipeline hold, as rows. */
import { Buffer } from 'node:buffer';
import { compareValues, definite, textColumns, typeToAvro, type AvroSchema, type Column, type Plan, type Row, type SinkNode, type Value, type ValueFormat } from '@rta/dsl'; // prettier-ignore
import { AvroCodec, toValue } from '../kernel/interpreter/avro-codec.js';
import { type AvroRecord, parseSchema } from '../kernel/interpreter/avro-schema.js';
import { readCsv, textDatum } from '../kernel/interpreter/csv.js';
import type { Datum } from '../kernel/interpreter/avro-read.js';
import { readJson } from '../kernel/interpreter/json-read.js';
import { canonicalLong } from '../kernel/interpreter/values.js';
import { records, type LogRecord } from '../log/batch/records.js';
import type { Log } from '../log/log.js';
import { valueColumns } from './encode-given.js';
import { asideTopics } from './test-plan.js';
import type { AvroSupport } from './test-schemas.js';

/** One record of a topic; null: a tombstone, of which only the key is known. */
export interface WrittenRow {
  /** The key's bytes; null where there is none. */
  readonly id: string | null;
  readonly row: Row;
  readonly deleted: boolean;
}

/** Reads one topic that a pipeline writes. */
export interface TopicReader {
  readonly columns: readonly Column[];
  /** Key columns of a table; null for streams. */
  readonly key: readonly string[] | null;
  rowOf(record: LogRecord): WrittenRow;
}

/** The reader of a sink, or of a topic for late or failed records; null for a topic that the pipeline does not write. */
export function topicReader(plan: Plan, topic: string, avro: AvroSupport): TopicReader | null {
  const sink = plan.sinks.find((candidate) => candidate.topic === topic);
  if (sink !== undefined) return sinkReader(sink, avro);
  return asideTopics(plan).has(topic) ? asideReader(plan, avro) : null;
}

/** The reader of what a sink writes, in any format; what it did not write makes it throw. */
export function sinkReader(sink: SinkNode, avro: AvroSupport): TopicReader {
  const { columns } = sink;
  const keyColumns = (sink.key ?? []).map((name) => columns.find((column) => column.name === name)!);
  const readKey = keyReader(keyColumns, sink, avro);
  const readValue = rowReader(sink.format, columns, sink.valueSchema ?? schemaOf(columns), avro);
  const [text] = sink.format === 'string' ? textColumns(columns, sink.key) : [];
  const readText = text === undefined ? null : textReader(text);
  return {
    columns,
    key: sink.compacted ? (sink.key ?? []) : null,
    rowOf: ({ key, value }) => ({
      id: key === null ? null : Buffer.from(key).toString('latin1'),
      row: {
        // A value that is one text says nothing of the key.
        ...(key !== null && keyColumns.length > 0 && (value === null || readText !== null) ? readKey(key) : {}),
        ...(value === null ? {} : (readText ?? readValue)(value)),
      },
      deleted: value === null,
    }),
  };
}

/** The late records of a plan, or those that failed, wherever they were written. */
export async function badRows(log: Log, plan: Plan, kind: 'late' | 'errors', avro: AvroSupport): Promise<readonly WrittenRow[]> {
  const reader = asideReader(plan, avro);
  const written: WrittenRow[] = [];
  for (const topic of asideTopics(plan)) written.push(...(await writtenRows(log, topic, reader)));
  return written.filter(({ row }) => (row['$reason'] === 'late') === (kind === 'late'));
}

/** The columns of late and failed records. */
export function badColumns(plan: Plan, avro: AvroSupport): readonly Column[] {
  return asideReader(plan, avro).columns;
}

/** Everything written to a topic of one partition, in order. */
export async function writtenRows(log: Log, topic: string, reader: TopicReader): Promise<readonly WrittenRow[]> {
  const rows: WrittenRow[] = [];
  for (const { partition, low, stable } of await log.offsets(topic))
    for await (const batch of log.read(topic, partition, low, stable))
      for (const record of records(batch, low)) rows.push(reader.rowOf(record));
  return rows;
}

/** What a topic comes to: of a table the last row of each key, in the order of the keys; of a stream every row. */
export function finalRows(written: readonly WrittenRow[], reader: TopicReader): readonly WrittenRow[] {
  const { key } = reader;
  if (key === null) return written;
  const rows = new Map<string | null, WrittenRow>();
  for (const entry of written) {
    if (entry.deleted) rows.delete(entry.id);
    else rows.set(entry.id, entry);
  }
  return [...rows.values()].sort((a, b) => {
    for (const name of key) {
      const order = compareKeys(a.row[name], b.row[name]);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** Nulls last; bytes as text. */
function compareKeys(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return typeof a === 'object' ? compareValues(JSON.stringify(a), JSON.stringify(b)) : compareValues(a, b);
}

/** The headers of late and failed records that tests can name, as `$` and what follows `rta.`. */
const HEADERS = ['reason', 'step', 'topic', 'message'] as const;

/**
 * Records as they came, each read by the schema of the source that it says it came from, and their headers; one that cannot be read has nothing
 * but these.
 */
function asideReader(plan: Plan, avro: AvroSupport): TopicReader {
  const readers = new Map(
    plan.sources.map((source) => {
      const { topic, format, schema } = source;
      const columns = valueColumns(source);
      return [topic, format === 'string' ? textReader(columns[0]) : rowReader(format, columns, schema, avro)];
    }),
  );
  const columns = new Map(plan.sources.flatMap((source) => source.output.columns.map((column) => [column.name, column])));
  const headers = HEADERS.map((name): Column => ({ name: `$${name}`, type: { kind: 'string' } }));
  return {
    columns: [...columns.values(), ...headers],
    key: null,
    rowOf(record) {
      const texts = new Map(record.headers.map(({ key, value }) => [key, Buffer.from(value ?? []).toString('utf8')]));
      const read = readers.get(texts.get('rta.topic') ?? '');
      const row = record.value === null || read === undefined ? {} : attempt(read, record.value);
      const named = HEADERS.flatMap((name) => (texts.has(`rta.${name}`) ? [[`$${name}`, texts.get(`rta.${name}`)!] as const] : []));
      return { id: null, row: { ...row, ...Object.fromEntries(named) }, deleted: false };
    },
  };
}

function attempt(read: ReadRow, bytes: Uint8Array): Row {
  try {
    return read(bytes);
  } catch {
    return {};
  }
}

type ReadRow = (bytes: Uint8Array) => Row;

/** @param schema of the values: the writer's, of what is no Avro what types it */
function rowReader(format: ValueFormat, columns: readonly Column[], schema: AvroSchema, avro: AvroSupport): ReadRow {
  const reader = parseSchema(schema) as AvroRecord;
  const codec = new AvroCodec(schema);
  const read = (bytes: Uint8Array): Datum =>
    format === 'avro' ? codec.decode(unframed(bytes, avro)) : format === 'csv' ? readCsv(reader, bytes) : readJson(reader, bytes);
  return (bytes) => {
    const datum = read(bytes) as ReadonlyMap<string, Datum>;
    return Object.fromEntries(columns.map(({ name, type }) => [name, toValue(type, datum.get(name)!)]));
  };
}

/** Of bytes that are one column as plain text. */
function textReader({ name, type }: Column): ReadRow {
  const node = parseSchema(typeToAvro(definite(type)));
  return (bytes) => ({ [name]: toValue(definite(type), textDatum(node, Buffer.from(bytes).toString('utf8'))) });
}

/** Keys: one column stands alone, several are a record. */
function keyReader(columns: readonly Column[], { keyFormat, keySchema }: SinkNode, avro: AvroSupport): ReadRow {
  if (columns.length !== 1) return rowReader(keyFormat === 'avro' ? 'avro' : 'json', columns, keySchema ?? schemaOf(columns), avro);
  const [column] = columns;
  const { name, type } = column;
  switch (keyFormat) {
    case 'avro': {
      const codec = avro.codecFor(keySchema!);
      return (bytes) => ({ [name]: codec.decode(unframed(bytes, avro)) });
    }
    case 'json': {
      const read = rowReader('json', columns, schemaOf(columns), avro);
      return (bytes) => read(Buffer.concat([Buffer.from(`{${JSON.stringify(name)}:`), bytes, Buffer.from('}')]));
    }
    case 'int':
      return (bytes) => ({ [name]: Buffer.from(bytes).readInt32BE() });
    case 'long':
      return (bytes) => ({ [name]: toValue(definite(type), canonicalLong(Buffer.from(bytes).readBigInt64BE())) });
    default:
      return textReader(column);
  }
}

function schemaOf(columns: readonly Column[]): AvroSchema {
  const fields = columns.map(({ name, type }) => ({ name, type }));
  return typeToAvro({ kind: 'record', name: 'Row', fields }, { name: 'Row' });
}

function unframed(bytes: Uint8Array, avro: AvroSupport): Uint8Array {
  const framed = avro.unframe(bytes);
  if (framed === null) throw new TypeError('a record is not framed as a registry wants it');
  return framed.data;
}
