/**
 * Bytes of state, changelog and repartition records. Everything is Avro with a schema that `layoutOf` gives, so it can evolve.
 *
 * ```
 * groupKey      := Avro binary of the group columns, in order, as fields of a record (nullable: union [null, T], timestamp: long ms …)
 * storeKey      := store:uint8 [windowStart:int64 BE, sign bit flipped, when windowed] groupKey          (fold stores)
 *                | store:uint8 rowKey                                                                    (row stores)
 *                | store:uint8 commit:int64 BE, sign bit flipped, groupKey: a number per group             (trail stores)
 * rowKey        := Avro binary of the table's key columns, in order
 * entry         := Avro record { time: long, [first: long, when ttl], a0, a1, … }
 *                  time = greatest contributing event time (ms); first = least
 * storeValue    := fingerprint:uint32 BE  (ttl ? Avro array of entry, oldest first : entry)              (fold stores)
 *                | fingerprint:uint32 BE  Avro record { time: long, c0, c1, … : the row's columns }      (row stores)
 *                | fingerprint:uint32 BE  Avro array of trailRow, in the order in which they came           (trail stores)
 * trailRow      := Avro record { time: long, partition: int, offset: long, c0, c1, … : the row's columns }; partition and offset of the
 *                  record that the row was made of, -1 if it was none
 * sent          := repartition record from an `over` of mode `send`: key = groupKey, value = trailRow, partition = murmur2(groupKey)
 * partial       := repartition record from a fold of mode `partial`:
 *                  key = groupKey, value = [windowStart:int64 BE when windowed] (ttl ? Avro array of entry : entry)
 *                  partition = murmur2(groupKey), so all windows of a group meet in one task
 * candidate     := repartition record from a rank of mode `local`:
 *                  key = rowKey of the input row, value = Avro record { time, c0, c1, … } or null when the row left the best k of its task
 *                  partition = 0 when the rank has no group, else murmur2(Avro binary of the group columns)
 * marker        := key null, value = upstreamPartition:int32 BE watermark:float64 BE; to every partition at each flush in which the
 *                  watermark moved or rows were written, after the rows
 * accumulator   := count: long
 *                | sum of int/long: record { hi: long, lo: long }, value = hi * 2^52 + lo (wider than 64 bits)
 *                | sum of decimal: bytes (two's complement, big endian)
 *                | sum of double/float: record { parts: array<double> (their exact sum is the finite sum), nan: long, pos: long, neg: long
 *                  (counts of NaN, +inf, -inf), n: … nothing else }
 *                | min, max: union [null, T]
 *                | lastRow: record { time: long, partition: int, offset: long, row: T }; partition and offset are -1 for rows of no record
 * ```
 * fingerprint: first four bytes of the MD5 of the canonical JSON of the store's schema.
 *
 * hi and lo of a sum: the kernel writes 0 <= lo < 2^52 and hi = floor(value / 2^52), and reads any pair. A timestamp in microseconds is a
 * long of them (its value in ms, times 1000, rounded). Records are named `entry`, `row`, `groupKey`; fields as above.
 */
import { createHash } from 'node:crypto';
import type { Accumulator, AvroSchema, Column, FoldTransform, Type } from '@rta/dsl';
import type { Stage } from '../plan/physical.js';

/** The Avro schema of what follows the fingerprint in a store's values, and the fingerprint. */
export interface StoreLayout {
  readonly schema: AvroSchema;
  /** uint32 */
  readonly fingerprint: number;
}

/** Layout of store number `store` of a stage. */
export function layoutOf(stage: Stage, store: number): StoreLayout {
  const spec = stage.stores[store];
  const node = stage.nodes[spec.node];
  if (spec.kind === 'fold' && node.op === 'fold') return foldLayout(node.transform);
  return spec.kind === 'trail' ? trailLayout(node.inputColumns) : rowLayout(node.inputColumns);
}

/** Layout of a fold's store values; partials have the same schema, without the fingerprint. */
export function foldLayout(fold: FoldTransform): StoreLayout {
  const entry = entrySchema(fold);
  return withFingerprint(fold.ttlMs === null ? entry : { type: 'array', items: entry });
}

/** Layout of the values of a store of rows; candidates have the same schema, without the fingerprint. */
export function rowLayout(columns: readonly Column[]): StoreLayout {
  const named = new Set<string>();
  const fields = columns.map((column, i) => ({ name: `c${i}`, type: avroOf(column.type, named) }));
  return withFingerprint({ type: 'record', name: 'row', fields: [{ name: 'time', type: 'long' }, ...fields] });
}

const PLACE = Object.entries({ time: 'long', partition: 'int', offset: 'long' }).map(([name, type]) => ({ name, type }));

/** A row of a stream, with its place among others. */
export function trailRowSchema(columns: readonly Column[]): AvroSchema {
  const named = new Set<string>();
  const fields = columns.map((column, i) => ({ name: `c${i}`, type: avroOf(column.type, named) }));
  return { type: 'record', name: 'trailRow', fields: [...PLACE, ...fields] };
}

/** Layout of the values of a trail store. */
export function trailLayout(columns: readonly Column[]): StoreLayout {
  return withFingerprint({ type: 'array', items: trailRowSchema(columns) });
}

/** One incarnation of a group: times and accumulators. */
export function entrySchema(fold: FoldTransform): AvroSchema {
  const named = new Set<string>();
  const times = fold.ttlMs === null ? ['time'] : ['time', 'first'];
  return {
    type: 'record',
    name: 'entry',
    fields: [
      ...times.map((name) => ({ name, type: 'long' })),
      ...fold.accumulators.map((accumulator, i) => ({ name: `a${i}`, type: accumulatorSchema(accumulator, named) })),
    ],
  };
}

/** Of group keys, row keys and the group of a rank: the columns as fields of a record. */
export function keySchema(columns: readonly Column[]): AvroSchema {
  const named = new Set<string>();
  return { type: 'record', name: 'groupKey', fields: columns.map((column, i) => ({ name: `k${i}`, type: avroOf(column.type, named) })) };
}

/** Of one value. */
export function valueSchema(type: Type): AvroSchema {
  return avroOf(type, new Set());
}

function accumulatorSchema(accumulator: Accumulator, named: Set<string>): AvroSchema {
  const { fn, type } = accumulator;
  const of = type.kind === 'nullable' ? type.of : type;
  if (fn === 'count') return 'long';
  if (fn === 'lastRow') return { type: 'record', name: 'lastRow', fields: [...PLACE, { name: 'row', type: avroOf(of, named) }] };
  if (fn !== 'sum') return ['null', avroOf(of, named)];
  switch (of.kind) {
    case 'decimal':
      return 'bytes';
    case 'float':
    case 'double':
      return define('doubleSum', named, () => ({
        type: 'record',
        name: 'doubleSum',
        fields: [
          { name: 'parts', type: { type: 'array', items: 'double' } },
          ...['nan', 'pos', 'neg'].map((name) => ({ name, type: 'long' })),
        ],
      }));
    default:
      return define('longSum', named, () => ({
        type: 'record',
        name: 'longSum',
        fields: ['hi', 'lo'].map((name) => ({ name, type: 'long' })),
      }));
  }
}

/** Names are defined where they first stand and then referred to, as Avro wants it. */
function define(name: string, named: Set<string>, schema: () => AvroSchema): AvroSchema {
  if (named.has(name)) return name;
  named.add(name);
  return schema();
}

function avroOf(type: Type, named: Set<string>): AvroSchema {
  switch (type.kind) {
    case 'decimal':
      return { type: 'bytes', logicalType: 'decimal', precision: type.precision, scale: type.scale };
    case 'timestamp':
      return { type: 'long', logicalType: `timestamp-${type.unit}` };
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'duration':
      return 'long';
    case 'nullable':
      return ['null', avroOf(type.of, named)];
    case 'array':
      return { type: 'array', items: avroOf(type.items, named) };
    case 'map':
      return { type: 'map', values: avroOf(type.values, named) };
    case 'enum':
      return define(nameOf(type), named, () => ({ type: 'enum', name: nameOf(type), symbols: [...type.symbols] }));
    case 'record':
      return define(nameOf(type), named, () => ({
        type: 'record',
        name: nameOf(type),
        fields: type.fields.map((field) => ({ name: field.name, type: avroOf(field.type, named) })),
      }));
    default:
      return type.kind;
  }
}

/** A name that is the same for equal types and no other. */
function nameOf(type: Type): string {
  return `t${createHash('md5').update(JSON.stringify(type)).digest('hex').slice(0, 12)}`;
}

function withFingerprint(schema: AvroSchema): StoreLayout {
  return { schema, fingerprint: createHash('md5').update(JSON.stringify(schema)).digest().readUInt32BE(0) };
}
