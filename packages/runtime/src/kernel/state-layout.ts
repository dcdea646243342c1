/**
 * Bytes of state, changelog and repartition records. Everything is Avro with a schema that `layoutOf` gives, so it can evolve.
 *
 * ```
 * groupKey      := Avro binary of the group columns, in order, as fields of a record (nullable: union [null, T], timestamp: long ms …)
 * storeKey      := store:uint8 [windowId:int64 BE, sign bit flipped, when windowed] groupKey          (fold stores)
 *                  "windowed" is of windows that times alone tell, by their number (aligned-windows.ts: the start, or of
 *                  cumulating ones the end), and of sliding ones, by the time of the moment; a session is where its group's events are
 *                | store:uint8 rowKey                                                                    (row stores)
 *                | store:uint8 side:uint8 (0 left, 1 right) time:int64 BE, sign bit flipped  number:int64 BE  (join stores)
 *                | store:uint8 commit:int64 BE, sign bit flipped, groupKey: a number per group             (trail stores)
 *                | store:uint8 side:uint8 (0 left, 1 right) foreignKey:bytes as of Avro  [rowKey of the left row]   (foreign stores)
 *                | store:uint8                                                                             (version stores)
 *                | store:uint8 dedup_key:UTF-8                                                             (alert stores)
 * rowKey        := Avro binary of the table's key columns, in order
 * entry         := Avro record { time: long, [first: long, when several | rows: long, in sliding windows], [out: array of record { time, first }, sessions with
 *                  `emit: every`], a0, a1, … }
 *                  time = greatest contributing event time (ms); first = least; out = the sessions whose rows this one takes the place of,
 *                  oldest first: itself as it was at the last emission, and those that were merged into it
 *                  rows = of a moment in sliding windows: how many events it has whose rows were not given when this was written
 *                  several: a group has one entry per stretch of events, with a ttl and in session windows
 * storeValue    := fingerprint:uint32 BE  (several ? Avro array of entry, oldest first : entry)          (fold stores)
 *                | fingerprint:uint32 BE  Avro record { time: long, c0, c1, … : the row's columns }      (row stores)
 *                | fingerprint:uint32 BE  Avro record { key: bytes, matched: boolean, left: null | row, right: null | row }  (join stores)
 *                  row = record { time, c0, c1, … }; number counts the rows of a join as they came in
 *                | fingerprint:uint32 BE  Avro array of trailRow, in the order in which they came           (trail stores)
 *                | fingerprint:uint32 BE  Avro record { version: long, left: null | row, right: null | row }  (foreign stores)
 *                | fingerprint:uint32 BE  Avro record { flushes: long }                                    (version stores)
 *                | fingerprint:uint32 BE  Avro record { phase: int (0 inactive, 1 pending, 2 firing, 3 keeping), silent: boolean, last: long,
 *                  since: long, opened: long, quiet: long, key: string, row: string }, times 0 where they mean nothing  (alert stores)
 * trailRow      := Avro record { time: long, partition: int, offset: long, c0, c1, … : the row's columns }; partition and offset of the
 *                  record that the row was made of, -1 if it was none
 * sent          := repartition record from a send: key = groupKey of the join key, value = Avro record { time, c0, c1, … } of what is sent;
 *                  of a table: record { time, row: null | record { c0, c1, … } }, the time from when on it holds, null where it is deleted
 *                | repartition record from an `over` of mode `send`: key = groupKey, value = trailRow, partition = murmur2(groupKey)
 * referred      := repartition record from a `refer`: key = foreignKey, value = key:bytes (rowKey) version:long union [null, row], all as in Avro;
 *                  null: the row is not here any more. foreignKey: groupKey of the foreign key; where that is null, rowKey behind it
 * claim         := repartition record from a `foreign`: key = rowKey of the left row, value = Avro record { joined: long (1 now, 0 as before,
 *                  -1 no more), version: long, row: union [null, row] }
 * partial       := repartition record from a fold of mode `partial`:
 *                  key = groupKey, value = [windowId:int64 BE when windowed] (several ? Avro array of entry : entry)
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
 *                | first, last, argMin, argMax, collect, topK: array of record { [by: B, when ranked], time: long, partition: int, offset: long,
 *                  value: T }, those kept, best first; partition and offset are -1 for rows that are no records of a source
 *                | distinct: array of T, in any order
 *                | approxDistinct: bytes: 4096 registers of one byte; while that is shorter, for each register that is not 0, in order,
 *                  its number (uint16 BE) and it. Register and rank of a value: see hyper-log-log.ts
 *                | variance: record { n: long (values), bad: long (of them NaN or infinite), sum: array<double> (their exact sum is that of
 *                  the finite values), squares: array<double>, wide: bytes (decimal; in units of 2^-2148 what of the sum of the squares is
 *                  not in `squares`) }
 *                | percentile: record { nan: long, pos: long, neg: long, zero: long (how many of each), above: array of bucket,
 *                  below: array of bucket }, bucket = record { i: int, n: long }, by i: see dd-sketch.ts
 *                | funnel: record { complete: boolean, rows: array of record { time, partition, offset, met: int } }, in order; none when
 *                  complete
 * over tables    | count, sum, variance: as above, and in partials less than 0 where more rows left than came
 *                | others: array of record { [by: B], time: long (0 for min, max, distinct), value: T, n: long (how many rows have them) }, in
 *                  any order, none with n = 0
 *                | topRows: array of record { b<i>: union [null, B] for each of `by`, time: long, partition: int, offset: long, row: T,
 *                  [n: long, over tables] }, those kept, best first
 *                | lastRow: record { time: long, partition: int, offset: long, row: T }; partition and offset are -1 for rows of no record
 *                | newest: union [null, record { time: long, row: T }]
 *                | owned: record { version: long, open: long (places that have joined the row), row: union as of newest }
 * ```
 * fingerprint: first four bytes of the MD5 of the canonical JSON of the store's schema.
 *
 * hi and lo of a sum: the kernel writes 0 <= lo < 2^52 and hi = floor(value / 2^52), and reads any pair. A timestamp in microseconds is a
 * long of them (its value in ms, times 1000, rounded). Records are named `entry`, `row`, `groupKey`; fields as above.
 */
import { createHash } from 'node:crypto';
import type { Accumulator, AvroSchema, Column, FoldTransform, Type } from '@rta/dsl';
import type { Stage } from '../plan/physical.js';
import { rowTypeOf } from '../plan/columns-used.js';
import { storedRow } from '../plan/table-rows.js';
import { keepsOut, reachOf } from '../plan/window-times.js';
import { avroOf, define, nameOf, nameOfSchema } from './state-types.js';

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
  if (node.op === 'join') return joinLayout(node.inputColumns, node.rightColumns);
  if (spec.kind === 'version') return versionLayout();
  if (spec.kind === 'alert') return alertLayout();
  if (node.op === 'foreign') return foreignLayout(node.leftColumns, node.rightColumns);
  if (spec.kind === 'fold' && node.op === 'fold') return foldLayout(node.transform);
  return spec.kind === 'trail' ? trailLayout(node.inputColumns) : rowLayout(node.inputColumns);
}

/** Layout of a fold's store values; partials have the same schema, without the fingerprint. */
export function foldLayout(fold: FoldTransform): StoreLayout {
  const entry = entrySchema(fold);
  // The numbers of windows in keys mean something else.
  if (fold.panes === true) return withFingerprint(entry, [entry, 'panes']);
  // Those in partials do.
  if (fold.gathers === true) return withFingerprint(entry, [entry, 'gathered panes']);
  return withFingerprint(reachOf(fold) === null ? entry : { type: 'array', items: entry });
}

/** Layout of the values of a store of rows; candidates have the same schema, without the fingerprint. */
export function rowLayout(columns: readonly Column[]): StoreLayout {
  const named = new Set<string>();
  const fields = columns.map((column, i) => ({ name: `c${i}`, type: avroOf(column.type, named) }));
  return withFingerprint({ type: 'record', name: 'row', fields: [{ name: 'time', type: 'long' }, ...fields] });
}

/** Layout of the rows of a join that wait for others. */
export function joinLayout(left: readonly Column[], right: readonly Column[]): StoreLayout {
  const named = new Set<string>();
  const side = (name: string, columns: readonly Column[]): AvroSchema => [
    'null',
    {
      type: 'record',
      name,
      fields: [{ name: 'time', type: 'long' }, ...columns.map((column, i) => ({ name: `c${i}`, type: avroOf(column.type, named) }))],
    },
  ];
  return withFingerprint({
    type: 'record',
    name: 'joined',
    fields: [
      { name: 'key', type: 'bytes' },
      { name: 'matched', type: 'boolean' },
      { name: 'left', type: side('leftRow', left) },
      { name: 'right', type: side('rightRow', right) },
    ],
  });
}

/** Layout of the rows of two tables that are joined on a foreign key. */
export function foreignLayout(left: readonly Column[], right: readonly Column[]): StoreLayout {
  const named = new Set<string>();
  return withFingerprint(
    recordOf('foreign', [
      ['version', 'long'],
      ['left', ['null', timedRow('leftRow', left, named)]],
      ['right', ['null', timedRow('rightRow', right, named)]],
    ]),
  );
}

/** What is sent by the foreign key of a row, behind that row's own key. */
export function referredSchema(columns: readonly Column[]): AvroSchema {
  return recordOf('referred', [
    ['key', 'bytes'],
    ['version', 'long'],
    ['row', ['null', timedRow('row', columns, new Set())]],
  ]);
}

/** What the owner of a row is told of what it is joined with. */
export function claimSchema(columns: readonly Column[]): AvroSchema {
  return recordOf('claim', [
    ['joined', 'long'],
    ['version', 'long'],
    ['row', ['null', timedRow('row', columns, new Set())]],
  ]);
}

/** Layout of the count of flushes that versions are numbered by. */
export function versionLayout(): StoreLayout {
  return withFingerprint(recordOf('version', [['flushes', 'long']]));
}

/** Layout of what an alert remembers of a key. */
export function alertLayout(): StoreLayout {
  const times = ['last', 'since', 'opened', 'quiet'].map((name) => [name, 'long'] as const);
  return withFingerprint(recordOf('alert', [['phase', 'int'], ['silent', 'boolean'], ...times, ['key', 'string'], ['row', 'string']]));
}

function timedRow(name: string, columns: readonly Column[], named: Set<string>): AvroSchema {
  return recordOf(name, [['time', 'long'], ...columns.map((column, i) => [`c${i}`, avroOf(column.type, named)] as const)]);
}

/** A row of a stream, with its place among others. */
export function trailRowSchema(columns: readonly Column[]): AvroSchema {
  const named = new Set<string>();
  return recordOf('trailRow', [...PLACE, ...columns.map((column, i) => [`c${i}`, avroOf(column.type, named)] as const)]);
}

/** Layout of the values of a trail store. */
export function trailLayout(columns: readonly Column[]): StoreLayout {
  return withFingerprint({ type: 'array', items: trailRowSchema(columns) });
}

/** One incarnation of a group: times and accumulators. */
export function entrySchema(fold: FoldTransform): AvroSchema {
  const named = new Set<string>();
  const isSliding = fold.window?.kind === 'sliding';
  const times = isSliding ? ['time', 'rows'] : reachOf(fold) === null ? ['time'] : ['time', 'first'];
  const out: AvroSchema = { type: 'array', items: { type: 'record', name: 'out', fields: ['time', 'first'].map(longField) } };
  return {
    type: 'record',
    name: 'entry',
    fields: [
      ...times.map(longField),
      ...(keepsOut(fold) ? [{ name: 'out', type: out }] : []),
      ...fold.accumulators.map((accumulator, i) => ({ name: `a${i}`, type: accumulatorSchema(accumulator, named) })),
    ],
  };
}

const longField = (name: string): AvroSchema => ({ name, type: 'long' });

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
  const { fn, type, arg, by } = accumulator;
  const of = definite(type);
  if (accumulator.retracts === true && arg !== null && fn !== 'count' && fn !== 'sum' && fn !== 'variance') {
    const name = `bag${nameOf({ kind: 'array', items: definite(arg.type) })}${by ? nameOf(definite(by.type)) : ''}`;
    const items = define(name, named, () =>
      recordOf(name, [
        ...(by ? [['by', avroOf(definite(by.type), named)] as const] : []),
        ['time', 'long'],
        ['value', avroOf(definite(arg.type), named)],
        ['n', 'long'],
      ]),
    );
    return { type: 'array', items };
  }
  switch (fn) {
    case 'count':
      return 'long';
    case 'min':
    case 'max':
      return ['null', avroOf(of, named)];
    case 'sum':
      return sumSchema(of, named);
    case 'distinct':
      return { type: 'array', items: avroOf(definite(accumulator.arg!.type), named) };
    case 'approxDistinct':
      return 'bytes';
    case 'variance':
      return define('variance', named, () => recordOf('variance', VARIANCE));
    case 'percentile':
      return define('sketch', named, () => {
        const counts = ['nan', 'pos', 'neg', 'zero'].map((name) => [name, 'long'] as const);
        const bucket = recordOf('bucket', [
          ['i', 'int'],
          ['n', 'long'],
        ]);
        return recordOf('sketch', [...counts, ['above', { type: 'array', items: bucket }], ['below', { type: 'array', items: 'bucket' }]]);
      });
    case 'lastRow': {
      const name = `last${nameOf({ kind: 'array', items: of })}`;
      return define(name, named, () => recordOf(name, [...PLACE, ['row', avroOf(of, named)]]));
    }
    case 'topRows': {
      const { top, retracts } = accumulator;
      const row = rowTypeOf(accumulator);
      const orders = top!.by.map(({ expr }, i): Fields[number] => [`b${String(i)}`, ['null', avroOf(definite(expr.type), named)]]);
      const name = `top${nameOf({ kind: 'array', items: row })}${orders.map(([, order]) => nameOfSchema(order)).join('')}`;
      const fields: Fields = [...orders, ...PLACE, ['row', avroOf(row, named)] as const, ...(retracts ? [['n', 'long'] as const] : [])];
      return { type: 'array', items: define(name, named, () => recordOf(name, fields)) };
    }
    case 'newest':
      return ['null', keptRowSchema(storedRow(accumulator), named)];
    case 'owned':
      return recordOf('owned', [
        ['version', 'long'],
        ['open', 'long'],
        ['row', ['null', keptRowSchema(storedRow(accumulator), named)]],
      ]);
    case 'funnel':
      return define('funnel', named, () => {
        const row = recordOf('met', [...PLACE, ['met', 'int']]);
        return recordOf('funnel', [
          ['complete', 'boolean'],
          ['rows', { type: 'array', items: row }],
        ]);
      });
    default: {
      const name = `kept${nameOf({ kind: 'array', items: definite(accumulator.arg!.type) })}${by ? nameOf(definite(by.type)) : ''}`;
      const items = define(name, named, () =>
        recordOf(name, [
          ...(by ? [['by', avroOf(definite(by.type), named)] as const] : []),
          ...PLACE,
          ['value', avroOf(definite(accumulator.arg!.type), named)],
        ]),
      );
      return { type: 'array', items };
    }
  }
}

/** A row of a table with its time. */
function keptRowSchema(of: Type, named: Set<string>): AvroSchema {
  const name = `kept${nameOf({ kind: 'array', items: of })}row`;
  return define(name, named, () =>
    recordOf(name, [
      ['time', 'long'],
      ['row', avroOf(of, named)],
    ]),
  );
}

const PLACE = [
  ['time', 'long'],
  ['partition', 'int'],
  ['offset', 'long'],
] as const;

const VARIANCE: Fields = [
  ['n', 'long'],
  ['bad', 'long'],
  ['sum', { type: 'array', items: 'double' }],
  ['squares', { type: 'array', items: 'double' }],
  ['wide', 'bytes'],
];

type Fields = readonly (readonly [name: string, type: AvroSchema])[];

function recordOf(name: string, fields: Fields): AvroSchema {
  return { type: 'record', name, fields: fields.map(([field, type]) => ({ name: field, type })) };
}

function definite(type: Type): Type {
  return type.kind === 'nullable' ? type.of : type;
}

function sumSchema(of: Type, named: Set<string>): AvroSchema {
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

/** @param from what the fingerprint is of */
function withFingerprint(schema: AvroSchema, from: unknown = schema): StoreLayout {
  return { schema, fingerprint: createHash('md5').update(JSON.stringify(from)).digest().readUInt32BE(0) };
}
