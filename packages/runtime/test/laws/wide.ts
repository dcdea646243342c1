/** Random columns of every type, with values, and pipelines over them: what the generated readers and writers have to get right. */
import { Buffer } from 'node:buffer';
import {
  type Accumulator,
  type AvroSchema,
  avroToType,
  type Column,
  type FoldTransform,
  type KeyFormat,
  type Row,
  type Transform,
  type Type,
  unionOf,
  unionValue,
  type Value,
  type ValueFormat,
  type WindowSpec,
} from '@rta/dsl';
import fc from 'fast-check';
import { AvroCodec, RowCodec, toRaw } from '../../src/kernel/interpreter/avro-codec.js';
import { csvOfRow } from '../../src/kernel/interpreter/csv.js';
import { jsonOfRow } from '../../src/kernel/interpreter/json-write.js';
import { plainKey } from '../../src/kernel/interpreter/source-keys.js';
import { canonicalLong } from '../../src/kernel/interpreter/values.js';
import type { RawRecord } from './events.js';
import { type SourceSpec, schemaOf, type StepSpec } from './plan-builder.js';
import { showStep, showType } from './show.js';
import { accumulator, column, isNotNull, LONG, nullable, TIMESTAMP } from './typed-expressions.js';

export interface WideCase {
  readonly source: SourceSpec;
  readonly steps: readonly StepSpec[];
  readonly sinks: readonly { readonly input: string; readonly format: ValueFormat; readonly keyFormat?: KeyFormat }[];
  readonly partitions: readonly (readonly RawRecord[])[];
  readonly seed: number;
}

/** Formats of rows of several columns. */
type SourceFormat = Exclude<ValueFormat, 'string'>;

const WIDE_SCHEMA_ID = 30;

/** Types with values, few of each so that groups and ties happen. */
interface Sample {
  readonly type: Type;
  readonly values: readonly Value[];
  /** Whether it may be a group, a key, a minimum. */
  readonly scalar: boolean;
}

const SCALARS: readonly Sample[] = [
  { type: { kind: 'boolean' }, values: [true, false], scalar: true },
  { type: { kind: 'int' }, values: [0, -1, 2147483647, -2147483648, 64, -65], scalar: true },
  {
    type: LONG,
    values: [0, -1, 1n << 62n, -(1n << 63n), (1n << 63n) - 1n, 2 ** 53 - 1, 1n << 53n, 128, -8193].map((v) => canonicalLong(BigInt(v))),
    scalar: true,
  },
  { type: { kind: 'float' }, values: [0, 1.5, -0.25, Math.fround(0.1), Infinity], scalar: true },
  { type: { kind: 'double' }, values: [0, -0, 1.5, 0.1, 1e300, -Infinity, NaN], scalar: true },
  {
    type: { kind: 'string' },
    values: ['', 'a', 'ä', '\u{1F600}', '\uFF5E', 'a longer text of more than sixty-four bytes, so that its length takes two bytes'],
    scalar: true,
  },
  { type: { kind: 'bytes' }, values: [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(255, 1)], scalar: true },
  { type: { kind: 'enum', name: 'colour', symbols: ['red', 'green', 'blue'] }, values: ['red', 'green', 'blue'], scalar: true },
  { type: { kind: 'decimal', precision: 20, scale: 2 }, values: [0n, 1n, -1n, 127n, 128n, -32769n, 12345678901234567890n], scalar: true },
  { type: TIMESTAMP, values: [0, -1, 946684800123], scalar: true },
  { type: { kind: 'timestamp', unit: 'micros' }, values: [0, 0.001, -1.5, 946684800123.456], scalar: true },
  { type: { kind: 'date' }, values: [0, -1, 20000], scalar: true },
];

const ADDRESS: Type = {
  kind: 'record',
  name: 'address',
  fields: [
    { name: 'street', type: { kind: 'string' } },
    { name: 'number', type: nullable(LONG) },
  ],
};

const COLOURS: Type = { kind: 'enum', name: 'tint', symbols: ['warm', 'cold'] };
const PARCEL: Type = { kind: 'record', name: 'parcel', fields: [{ name: 'street', type: { kind: 'string' } }] };
const CONTACT = unionOf([{ kind: 'string' }, LONG, PARCEL, { kind: 'array', items: COLOURS }])!;

const TREE: AvroSchema = {
  type: 'record',
  name: 'Tree',
  namespace: 'wood',
  fields: [
    { name: 'size', type: 'long' },
    { name: 'parts', type: { type: 'array', items: 'Tree' } },
    { name: 'named', type: { type: 'map', values: 'Tree' } },
  ],
};

/** A list by its next item, which is a type of its own; in it a tree by arrays and maps of itself. */
const LINK = avroToType({
  type: 'record',
  name: 'Link',
  fields: [
    { name: 'name', type: 'string' },
    {
      name: 'next',
      type: [
        'null',
        {
          type: 'record',
          name: 'Next',
          fields: ['Link', 'Tree'].map((name) => ({ name: `to${name}`, type: name === 'Link' ? ['null', name] : TREE })),
        },
      ],
    },
  ],
}).type!;

const leaf: Value = { size: 1n << 60n, parts: [], named: new Map() };
const TREES: readonly Value[] = [
  leaf,
  { size: 2, parts: [leaf, { size: -1, parts: [leaf], named: new Map([['x', leaf]]) }], named: new Map([['', leaf]]) },
];
const LINKS = TREES.map((tree, i): Value => {
  const last: Value = { name: 'last', next: { toLink: null, toTree: tree } };
  return { name: 'first', next: i === 0 ? null : { toLink: { name: '', next: { toLink: last, toTree: leaf } }, toTree: leaf } };
});

const NESTED: readonly Sample[] = [
  { type: LINK, values: LINKS, scalar: false },
  { type: { kind: 'array', items: nullable(LINK) }, values: [[...LINKS, null], []], scalar: false },
  {
    type: CONTACT,
    values: (['x', 1n << 60n, { street: 'y' }, ['cold', 'warm']] as const).map((value, i) => unionValue(CONTACT, i, value as Value)),
    scalar: false,
  },
  {
    type: { kind: 'array', items: nullable(CONTACT) },
    values: [[], [unionValue(CONTACT, 1, 5), null, unionValue(CONTACT, 0, '')]],
    scalar: false,
  },
  { type: { kind: 'array', items: LONG }, values: [[], [1, 2], [1n << 60n]], scalar: false },
  { type: { kind: 'array', items: nullable({ kind: 'string' }) }, values: [[null, 'x'], []], scalar: false },
  {
    type: { kind: 'map', values: { kind: 'double' } },
    values: [
      new Map(),
      new Map([
        ['x', 1.5],
        ['', NaN],
      ]),
    ],
    scalar: false,
  },
  {
    type: ADDRESS,
    values: [
      { street: 'x', number: null },
      { street: '', number: 7 },
    ],
    scalar: false,
  },
];

const sample: fc.Arbitrary<Sample> = fc
  .tuple(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...SCALARS) }, fc.constantFrom(...NESTED)), fc.boolean())
  .map(([s, optional]) => (optional ? { ...s, type: nullable(s.type), values: [null, ...s.values] } : s));

const definite = (type: Type): Type => (type.kind === 'nullable' ? type.of : type);
/** What can be a record key in text and in Avro. */
const KEYS: readonly Type['kind'][] = ['string', 'int', 'long', 'boolean'];

export const wideCase: fc.Arbitrary<WideCase> = fc
  .record({
    picked: fc.array(sample, { minLength: 1, maxLength: 6 }),
    format: fc.constantFrom<SourceFormat>('avro', 'avro', 'json', 'csv'),
  })
  .chain(({ picked, format }) => {
    const samples = format === 'csv' ? picked.filter((s) => s.scalar) : picked;
    const columns: Column[] = [...samples.map((s, i) => ({ name: `x${i}`, type: s.type })), { name: 'at', type: TIMESTAMP }];
    const scalars = columns.slice(0, -1).filter((_, i) => samples[i].scalar);
    const keys = scalars.filter((c) => KEYS.includes(c.type.kind));
    const row = fc.record({ at: fc.nat(40), picks: fc.array(fc.nat(20), { minLength: samples.length, maxLength: samples.length }) });
    return fc
      .record({
        key: keys.length > 0 ? fc.option(fc.constantFrom(...keys)) : fc.constant(null),
        keyFormat: fc.constantFrom<'string' | 'avro' | 'json'>('string', 'avro', 'json'),
        rows: fc.array(row, { maxLength: 25 }),
        steps: stepsOver(columns, scalars),
        sinkFormat: fc.constantFrom<SourceFormat>('avro', 'avro', 'json', 'csv'),
        sinkKeys: fc.constantFrom<KeyFormat | undefined>(undefined, 'json', 'avro', 'none'),
        raw: fc.boolean(),
        seed: fc.integer(),
      })
      .map(({ key, keyFormat, rows, steps, sinkFormat, sinkKeys, raw, seed }) => {
        const schema = schemaOf('wide', columns);
        const encode = valueEncoder(schema, columns, format);
        const records = rows.map(({ at, picks }): RawRecord => {
          const values = samples.map((s, i): [string, Value] => [`x${i}`, s.values[picks[i] % s.values.length]]);
          const data: Row = { ...Object.fromEntries(values), at };
          return { key: key === null ? null : keyBytes(key.type, data[key.name], keyFormat), value: encode(data) };
        });
        const last = steps.at(-1)!.id;
        const made: WideCase = {
          source: { columns, schema, time: 'at', latenessMs: 5, key: key?.name ?? null, keyFormat, format },
          steps,
          sinks: (raw ? ['source', last] : [last]).map((input) => ({
            input,
            format: sinkFormat,
            ...(sinkKeys === undefined ? {} : { keyFormat: sinkKeys }),
          })),
          partitions: [records],
          seed,
        };
        const show = (): string =>
          `\n  ${format} ${columns.map((c) => `${c.name}: ${showType(c.type)}`).join(', ')} key ${key?.name} (${keyFormat}) seed ${seed}` +
          `\n  ${steps.map(showStep).join('\n  ')}\n  sinks ${JSON.stringify(made.sinks)}` +
          records
            .map((r) => `\n  ${format !== 'avro' ? Buffer.from(r.value!).toString() : Buffer.from(r.value!).toString('hex')}`)
            .join('');
        return Object.defineProperty(made, fc.toStringMethod, { value: show });
      });
  });

export const wideSchemas = ({ source }: WideCase): ReadonlyMap<number, AvroSchema> => new Map([[WIDE_SCHEMA_ID, source.schema]]);

const WINDOWS: readonly (WindowSpec | null)[] = [
  null,
  { kind: 'hopping', sizeMs: 10, advanceMs: 5, zone: null, graceMs: 0, late: null },
  { kind: 'session', gapMs: 3, graceMs: 0, late: null },
  { kind: 'sliding', sizeMs: 10, graceMs: 0, late: null },
];

function stepsOver(columns: readonly Column[], scalars: readonly Column[]): fc.Arbitrary<StepSpec[]> {
  const group: fc.Arbitrary<Column[]> = scalars.length > 0 ? fc.subarray([...scalars]) : fc.constant([]);
  return fc
    .record({
      group,
      keeps: fc.constantFrom<'extremes' | 'values' | 'sets'>('extremes', 'values', 'sets'),
      filter: fc.option(fc.constantFrom(...columns)),
      derived: fc.boolean(),
      board: fc.boolean(),
      window: fc.constantFrom(...WINDOWS),
    })
    .map(({ group: by, keeps, filter, derived, board, window }) => {
      const transforms: Transform[] = [];
      if (filter !== null) transforms.push({ type: 'filter', condition: isNotNull(column(filter.name, filter.type)) });
      if (derived) transforms.push({ type: 'project', columns: columns.map((c) => ({ name: c.name, expr: column(c.name, c.type) })) });
      const fold = foldOf(by, columns, keeps, window);
      transforms.push(fold);
      if (board && window?.kind !== 'sliding')
        transforms.push(boardOf(fold, [...by.map((c) => c.name), ...(window !== null ? ['window_start', 'window_end'] : [])]));
      return transforms.map((transform, i) => ({ id: `s${i}`, input: i === 0 ? 'source' : `s${i - 1}`, transform }));
    });
}

/** The first two rows of a fold, by all that has an order. */
function boardOf(fold: FoldTransform, key: readonly string[]): Transform {
  const results = fold.results.map((r): Column => ({ name: r.name, type: r.expr.type })).filter(isScalar);
  const by = results.map((r, i) => ({ expr: column(r.name, r.type), descending: i % 2 === 0, nullsFirst: i % 3 === 0 }));
  return { type: 'rank', group: [], k: 2, by, tieBreak: key, rank: 'place', ties: true, emit: { mode: 'updates' } };
}

/** A union that may be null, in the rows of a table: null is a branch of it there. */
export function unionOnBoard(): WideCase {
  const columns: Column[] = [
    { name: 'x', type: nullable(CONTACT) },
    { name: 'at', type: TIMESTAMP },
  ];
  const schema = schemaOf('wide', columns);
  const encode = valueEncoder(schema, columns, 'avro');
  const values = [null, ...(['x', 60, { street: 'y' }, ['cold']] as const).map((value, i) => unionValue(CONTACT, i, value as Value))];
  const fold = foldOf([], columns, 'values', null);
  return {
    source: { columns, schema, time: 'at', latenessMs: 5, key: null, keyFormat: 'string', format: 'avro' },
    steps: [
      { id: 's0', input: 'source', transform: fold },
      { id: 's1', input: 's0', transform: boardOf(fold, []) },
    ],
    sinks: [{ input: 's1', format: 'avro' }],
    partitions: values.map((x, at): RawRecord[] => [{ key: null, value: encode({ x, at }) }]),
    seed: 1,
  };
}

/** Counts and sums, and, of every column, the extremes or what keeps values. */
function foldOf(
  group: readonly Column[],
  columns: readonly Column[],
  keeps: 'extremes' | 'values' | 'sets',
  window: WindowSpec | null,
): FoldTransform {
  const scalars = columns.filter(isScalar);
  const sums = scalars.filter((c) => ['int', 'long', 'float', 'double', 'decimal'].includes(definite(c.type).kind));
  const accumulators: FoldTransform['accumulators'] = [
    { fn: 'count', arg: null, where: null, type: LONG },
    ...scalars.map((c) => ({ fn: 'count', arg: column(c.name, c.type), where: null, type: LONG }) as const),
    ...sums.map((c) => ({ fn: 'sum', arg: column(c.name, c.type), where: null, type: sumType(definite(c.type)) }) as const),
    ...(keeps === 'extremes' ? scalars.flatMap(extremesOf) : keeps === 'values' ? columns.flatMap(keptOf) : scalars.flatMap(setsOf)),
  ];
  return {
    type: 'fold',
    group: group.map((c) => ({ name: c.name, expr: column(c.name, c.type) })),
    window,
    ttlMs: null,
    accumulators,
    results: accumulators.map((a, i) => ({ name: `r${i}`, expr: accumulator(i, a.type) })),
    emit: { mode: window?.kind === 'sliding' ? 'final' : 'updates' },
  };
}

const isScalar = ({ type }: Column): boolean => !['array', 'map', 'record', 'null'].includes(definite(type).kind);

function extremesOf({ name, type }: Column): Accumulator[] {
  return (['min', 'max'] as const).map((fn) => ({ fn, arg: column(name, type), where: null, type: nullable(type) }));
}

function keptOf({ name, type }: Column): Accumulator[] {
  if (definite(type).kind === 'null') return [];
  const arg = column(name, type);
  const one = (['first', 'last'] as const).map((fn): Accumulator => ({ fn, arg, where: null, type: nullable(type) }));
  const array: Type = { kind: 'array', items: definite(type) };
  const several: Accumulator[] = [{ fn: 'collect', arg, limit: 3, where: null, type: array }];
  const ordered = isScalar({ name, type }) && definite(type).kind !== 'bytes';
  if (ordered) several.push({ fn: 'topK', arg, by: arg, limit: 2, where: null, type: array });
  if (ordered) several.push({ fn: 'argMin', arg, by: arg, where: null, type: nullable(type) });
  return [...one, ...several];
}

function setsOf({ name, type }: Column): Accumulator[] {
  return (['distinct', 'approxDistinct'] as const).map((fn) => ({ fn, arg: column(name, type), where: null, type: LONG }));
}

function sumType(type: Type): Type {
  if (type.kind === 'int' || type.kind === 'long') return LONG;
  return type.kind === 'decimal' ? { ...type, precision: 38 } : { kind: 'double' };
}

function valueEncoder(schema: AvroSchema, columns: readonly Column[], format: SourceFormat): (row: Row) => Uint8Array {
  if (format === 'json') return (row) => Buffer.from(jsonOfRow(columns, row));
  if (format === 'csv') return (row) => Buffer.from(csvOfRow(columns, row));
  const codec = new RowCodec(schema, columns, (c) => c.name);
  return (row) => framed(WIDE_SCHEMA_ID, codec.encode(row));
}

function keyBytes(type: Type, value: Value, format: KeyFormat): Uint8Array {
  if (format !== 'avro') return plainKey(format, [{ name: 'key', type }], { key: value });
  return framed(77, new AvroCodec(type.kind).encode(toRaw(type, value)));
}

function framed(id: number, avro: Uint8Array): Uint8Array {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, avro]);
}
