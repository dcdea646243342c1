/** The source of the laws: one record schema, and its records as batches. */
import { Buffer } from 'node:buffer';
import type { AvroSchema, Column } from '@rta/dsl';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import type { RecordBatch } from '../../src/log/batch/record-batch.js';
import { AvroCodec, type Raw } from '../../src/kernel/interpreter/avro-codec.js';
import { schemaOf, type SourceSpec } from './plan-builder.js';
import { DOUBLE, LONG, nullable, STRING, TIMESTAMP } from './typed-expressions.js';

export interface Event {
  readonly user: string;
  readonly team: string | null;
  /** A long, canonical. */
  readonly points: number | bigint;
  readonly bonus: number | null;
  readonly amount: number;
  readonly at: number;
}

export const EVENT_COLUMNS: readonly Column[] = [
  { name: 'user', type: STRING },
  { name: 'team', type: nullable(STRING) },
  { name: 'points', type: LONG },
  { name: 'bonus', type: nullable(LONG) },
  { name: 'amount', type: DOUBLE },
  { name: 'at', type: TIMESTAMP },
];

/** Without defaults, unlike schemas that are derived. */
const recordOf = (columns: readonly Column[]): AvroSchema =>
  JSON.parse(JSON.stringify(schemaOf('event', columns)).replaceAll(',"default":null', '')) as AvroSchema;

export const EVENT_SCHEMA: AvroSchema = recordOf(EVENT_COLUMNS);
export const EVENT_SCHEMA_ID = 7;

export function eventSource(options: Partial<SourceSpec> = {}): SourceSpec {
  return { columns: EVENT_COLUMNS, schema: EVENT_SCHEMA, time: 'at', ...options };
}

/** What the registry of the laws knows; other ids it does not. */
export const WRITER_SCHEMAS: ReadonlyMap<number, AvroSchema> = new Map<number, AvroSchema>([
  [EVENT_SCHEMA_ID, EVENT_SCHEMA],
  // Before there was a bonus.
  [8, recordOf(EVENT_COLUMNS.filter((c) => c.name !== 'bonus'))],
  // Another order, narrower types, a field that nobody reads, a team that is never null.
  [
    9,
    {
      type: 'record',
      name: 'event',
      fields: [
        { name: 'at', type: 'long' },
        { name: 'tags', type: { type: 'map', values: { type: 'array', items: 'string' } } },
        { name: 'team', type: 'string' },
        { name: 'amount', type: 'float' },
        { name: 'points', type: 'int' },
        { name: 'bonus', type: ['long', 'null'] },
        { name: 'user', type: 'string' },
      ],
    },
  ],
  // Points that may be null, which the reader cannot take.
  [10, recordOf(EVENT_COLUMNS.map((c) => (c.name === 'points' ? { name: c.name, type: nullable(LONG) } : c)))],
  // Micros where the reader has millis: Avro would read them, a thousand times too late.
  [11, recordOf(EVENT_COLUMNS.map((c) => (c.name === 'at' ? { name: c.name, type: { kind: 'timestamp', unit: 'micros' } } : c)))],
]);

/** The reader's schema with a default for the bonus, so that older records can be read. */
export const EVENT_SCHEMA_WITH_DEFAULT = JSON.parse(
  JSON.stringify(EVENT_SCHEMA).replace('"name":"bonus",', '"name":"bonus","default":null,'),
) as AvroSchema;

/** Framed by hand, for a writer schema of `WRITER_SCHEMAS`. */
export function framed(id: number, value: Raw): Uint8Array {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, new AvroCodec(WRITER_SCHEMAS.get(id)!).encode(value)]);
}

/** One record as it stands in a partition; value null is a record without one. */
export interface RawRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Encoded as in a batch; none if left out. */
  readonly headers?: Uint8Array;
}

export function rawOf(event: Event): RawRecord {
  return { key: Buffer.from(event.user), value: framed(EVENT_SCHEMA_ID, { ...event }) };
}

/** One batch with these records, the first at `offset`. */
export function batchOf(recordsOf: readonly RawRecord[], offset: number, timestamp = 0): RecordBatch {
  const builder = new BatchBuilder('batch', 0);
  for (const { key, value, headers } of recordsOf)
    builder.append(timestamp, key, 0, key?.length ?? 0, value, 0, value?.length ?? 0, headers ?? null);
  const bytes = Buffer.from(builder.take()[0].batch);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  return parseBatches(bytes, { verifyCrc: false })[0];
}
