/** Records by any schema, read by any other: what the kernel makes of their bytes is what the interpreter makes of them. */
import { type AvroSchema, avroToType, type Column, type Type } from '@rta/dsl';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { Buffer } from 'node:buffer';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { AvroCodec, type Raw } from '../../src/kernel/interpreter/avro-codec.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { lockstep } from '../laws/lockstep.js';
import { buildPlan } from '../laws/plan-builder.js';
import { RUNS, SEED } from '../laws/settings.js';
import { column } from '../laws/typed-expressions.js';
import { envOf } from './stage-env.js';

/** A writer's field: its type, what a reader may make of it, and values. */
interface Kind {
  readonly writer: AvroSchema;
  readonly reader: AvroSchema;
  /** Of the reader's type, as JSON in the schema. */
  readonly default: unknown;
  readonly value: fc.Arbitrary<Raw>;
}

const long = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 63, 64, -65, 8191, 8192));
const double = fc.double();
const string = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('\ufeffbom', '\ufeff'), fc.string({ unit: 'binary', maxLength: 90 }));
const bytes = fc.uint8Array({ maxLength: 9 }).map((b): Raw => Buffer.from(b));
const enumOf = (name: string, symbols: readonly string[], fallback?: string): AvroSchema => ({
  type: 'enum',
  name,
  symbols: [...symbols],
  ...(fallback === undefined ? {} : { default: fallback }),
});

const leaf = (id: string): fc.Arbitrary<Kind> =>
  fc.constantFrom<Kind>(
    { writer: 'boolean', reader: 'boolean', default: true, value: fc.boolean() },
    ...(['int', 'long', 'float', 'double'] as const).map((reader): Kind => ({ writer: 'int', reader, default: 3, value: fc.integer() })),
    ...(['long', 'float', 'double'] as const).map((reader): Kind => ({ writer: 'long', reader, default: -3, value: long })),
    ...(['float', 'double'] as const).map((reader): Kind => ({ writer: 'float', reader, default: 0.5, value: double.map(Math.fround) })),
    { writer: 'double', reader: 'double', default: 1, value: double },
    ...(['string', 'bytes'] as const).map((reader): Kind => ({ writer: 'string', reader, default: 'ab', value: string })),
    { writer: 'bytes', reader: 'bytes', default: '\u00ff', value: bytes },
    { writer: 'int', reader: 'string', default: 'x', value: fc.integer() },
    { writer: 'long', reader: { type: 'long', logicalType: 'timestamp-millis' }, default: 5, value: fc.integer() },
    { writer: 'long', reader: { type: 'long', logicalType: 'timestamp-micros' }, default: 5, value: fc.maxSafeInteger() },
    { writer: 'int', reader: { type: 'int', logicalType: 'date' }, default: 5, value: fc.integer({ min: -1e6, max: 1e6 }) },
    { writer: 'bytes', reader: { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 }, default: '\u0001', value: bytes },
    ...['time-micros', 'timestamp-nanos', 'timestamp-millis'].map((logicalType): Kind => ({
      writer: { type: 'long', logicalType },
      reader: { type: 'long', logicalType: 'timestamp-nanos' },
      default: 5,
      value: fc.maxSafeInteger(),
    })),
    {
      writer: { type: 'int', logicalType: 'time-millis' },
      reader: { type: 'int', logicalType: 'time-millis' },
      default: 5,
      value: fc.nat(),
    },
    ...(
      [
        ['int', 'double'],
        ['long', 'int'],
        ['double', 'long'],
        ['int', 'long', 'double'],
      ] as const
    ).flatMap((reader): Kind[] => [
      { writer: ['double', 'int'], reader: [...reader], default: 3, value: fc.integer().map((int): Raw => ({ int })) },
      { writer: 'long', reader: [...reader], default: 3, value: long },
      { writer: ['long', 'boolean'], reader: [...reader], default: 3, value: fc.oneof<fc.Arbitrary<Raw>[]>(long, fc.boolean()) },
    ]),
    {
      writer: [enumOf(`E${id}`, ['A', 'B']), 'string'],
      reader: ['string', enumOf(`E${id}`, ['A'])],
      default: 'x',
      value: string.map((text): Raw => ({ string: text })),
    },
    {
      writer: { type: 'fixed', name: `G${id}`, size: 3 },
      reader: { type: 'fixed', name: `G${id}`, size: 3 },
      default: '\u0001\u0002\u00ff',
      value: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((b): Raw => Buffer.from(b)),
    },
    {
      writer: { type: 'fixed', name: `F${id}`, size: 5 },
      reader: { type: 'fixed', name: `F${id}`, size: 5, logicalType: 'decimal', precision: 11, scale: 1 },
      default: '\u0001\u0002\u0003\u0004\u0005',
      value: fc.uint8Array({ minLength: 5, maxLength: 5 }).map((b): Raw => Buffer.from(b)),
    },
    {
      writer: enumOf(`E${id}`, ['A', 'B', 'C']),
      reader: enumOf(`E${id}`, ['C', 'A']),
      default: 'A',
      value: fc.constantFrom('A', 'B', 'C'),
    },
    {
      writer: enumOf(`E${id}`, ['A', 'B', 'C']),
      reader: enumOf(`E${id}`, ['C', 'Z'], 'Z'),
      default: 'Z',
      value: fc.constantFrom('A', 'B', 'C'),
    },
    { writer: ['int', 'string'], reader: ['string', 'long'], default: 'x', value: fc.oneof<fc.Arbitrary<Raw>[]>(fc.integer(), string) },
    { writer: ['int', 'string'], reader: 'string', default: 'x', value: fc.oneof<fc.Arbitrary<Raw>[]>(fc.integer(), string) },
  );

function kind(id: string, depth: number): fc.Arbitrary<Kind> {
  if (depth === 0) return leaf(id);
  const inner = kind(`${id}_`, depth - 1);
  const plain = fc.oneof(leaf(id), inner);
  const single = inner.filter(({ writer, reader }) => !Array.isArray(writer) && !Array.isArray(reader));
  const record = (a: Kind, b: Kind): Kind => ({
    writer: {
      type: 'record',
      name: `R${id}`,
      fields: [
        { name: 'x', type: a.writer },
        { name: 'y', type: b.writer },
      ],
    },
    reader: {
      type: 'record',
      name: `R${id}`,
      fields: [
        { name: 'y', type: b.reader },
        { name: 'z', type: 'int', default: 7 },
      ],
    },
    default: { y: b.default },
    value: fc.record({ x: a.value, y: b.value }),
  });
  return fc.oneof(
    { weight: 3, arbitrary: plain },
    single.map((of): Kind => ({ writer: ['null', of.writer], reader: ['null', of.reader], default: null, value: fc.option(of.value) })),
    single.map((of): Kind => ({ writer: [of.writer, 'null'], reader: ['null', of.reader], default: null, value: fc.option(of.value) })),
    single.map((of): Kind => ({
      writer: ['null', of.writer],
      reader: of.reader,
      default: of.default,
      value: fc.option(of.value, { freq: 9 }),
    })),
    single.map((of): Kind => ({ writer: of.writer, reader: ['null', of.reader], default: null, value: of.value })),
    plain.map((of): Kind => ({
      writer: { type: 'array', items: of.writer },
      reader: { type: 'array', items: of.reader },
      default: [],
      value: fc.array(of.value, { maxLength: 3 }),
    })),
    plain.map((of): Kind => ({
      writer: { type: 'map', values: of.writer },
      reader: { type: 'map', values: of.reader },
      default: {},
      value: fc.dictionary(fc.constantFrom('a', 'b', 'é'), of.value, { maxKeys: 2 }),
    })),
    fc.tuple(leaf(`${id}x`), leaf(`${id}y`)).map(([a, b]) => record(a, b)),
  );
}

type Fate = 'kept' | 'renamed' | 'dropped' | 'added' | 'missing';

interface Setup {
  readonly writer: AvroSchema;
  readonly reader: AvroSchema;
  readonly values: readonly Raw[];
  readonly damage: readonly (readonly [what: number, where: number])[];
  /** Columns that are read: the others are passed over. */
  readonly selected: number;
}

const setup: fc.Arbitrary<Setup> = fc
  .tuple(
    ...Array.from({ length: 5 }, (_, i) =>
      fc.tuple(kind(`k${i}`, 2), fc.constantFrom<Fate>('kept', 'kept', 'kept', 'renamed', 'dropped', 'added')),
    ),
  )
  .chain((fields) =>
    fc
      .record({
        missing: fc.nat(20),
        order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
        rows: fc.array(fc.tuple(...fields.map(([k]) => k.value), fc.integer({ min: 0, max: 99 })), { minLength: 1, maxLength: 4 }),
        damage: fc.array(fc.tuple(fc.constantFrom(0, 0, 0, 1, 2, 3), fc.nat(60)), { minLength: 4, maxLength: 4 }),
        selected: fc.nat(63),
      })
      .map(({ missing, order, rows, damage, selected }): Setup => {
        const all = [
          ...fields.map(([k, fate], i) => ({ name: `f${i}`, kind: k, fate })),
          { name: 'at', kind: { writer: 'long', reader: 'long', default: 0, value: fc.nat() } as Kind, fate: 'kept' as Fate },
        ];
        const written = all.filter(({ fate }) => fate !== 'added');
        const read = order.map((i) => all[i]).filter(({ fate }) => fate !== 'dropped');
        return {
          writer: { type: 'record', name: 'rec', fields: written.map(({ name, kind: k }) => ({ name, type: k.writer })) },
          reader: {
            type: 'record',
            name: 'rec',
            fields: read.map(({ name, kind: k, fate }, i) => ({
              name: fate === 'renamed' ? `${name}_new` : name,
              type: k.reader,
              ...(fate === 'renamed' ? { aliases: [name] } : {}),
              ...(fate === 'added' && missing !== i ? { default: k.default } : {}),
            })),
          },
          values: rows.map((row) => Object.fromEntries(written.map(({ name }) => [name, row[name === 'at' ? 5 : Number(name[1])]])) as Raw),
          damage,
          selected,
        };
      }),
  );

function framed(avro: Buffer, [what, where]: readonly [number, number]): Buffer {
  if (what === 1) avro = avro.subarray(0, Math.max(0, avro.length - 1 - (where % 3)));
  if (what === 2) avro = Buffer.concat([avro, Buffer.of(where)]);
  if (what === 3 && avro.length > 0) avro[where % avro.length] ^= 1 << (where % 8);
  return Buffer.concat([Buffer.of(0, 0, 0, 0, 7), avro]);
}

function check({ writer, reader, values, damage, selected }: Setup): void {
  const { type } = avroToType(reader);
  const columns: readonly Column[] = (type as Type & { kind: 'record' }).fields;
  const chosen = columns.filter((c, i) => (selected & (1 << i)) !== 0 || c.name === 'at');
  const plan = buildPlan(
    { columns, schema: reader, time: 'at' },
    [
      {
        id: 's0',
        input: 'source',
        transform: { type: 'project', columns: chosen.map((c) => ({ name: c.name, expr: column(c.name, c.type) })) },
      },
    ],
    [{ input: 's0' }, { input: 's0', format: 'json' }],
  );
  const [stage] = planStages(plan).stages;
  const kernel = lockstep(stage, interpretStage(stage), compileStage(stage), ['interpreter', 'kernel'])(envOf());
  kernel.addWriterSchema(0, 7, writer);
  const codec = new AvroCodec(writer);
  const builder = new BatchBuilder('in', 0);
  for (const [i, value] of values.entries()) {
    const bytesOf = framed(codec.encode(value), damage[i]);
    builder.append(0, null, 0, 0, bytesOf, 0, bytesOf.length, null);
  }
  for (const { batch } of builder.take()) for (const b of parseBatches(batch, { verifyCrc: false })) kernel.process(0, b, 0);
  kernel.flush(-Infinity);
}

describe(`reading Avro (seed ${SEED})`, () => {
  it('agrees with the interpreter on any schemas and bytes', () => {
    fc.assert(
      fc.property(setup, (s) => {
        try {
          check(s);
        } catch (error) {
          // Times that no calendar reaches, and microseconds beyond 53 bits, are more than the interpreter writes.
          if (!/^Invalid time value$|^invalid "long"/.test((error as Error).message)) throw error;
        }
      }),
      { numRuns: RUNS * 5, seed: SEED },
    );
  }, 300_000);

  it('reads unions of records, and rejects what is no record', () => {
    const reader: AvroSchema = {
      type: 'record',
      name: 'rec',
      fields: [
        { name: 'at', type: 'long' },
        { name: 'name', type: 'string', default: '?' },
      ],
    };
    const damage = [
      [0, 0],
      [1, 0],
      [2, 0],
    ] as const;
    const other: AvroSchema = { type: 'record', name: 'other', fields: [{ name: 'name', type: 'string' }] };
    const union: AvroSchema = [{ type: 'record', name: 'first', fields: [{ name: 'at', type: 'int' }] }, reader, other];
    const values: Raw[] = [{ first: { at: 5 } }, { rec: { at: 6, name: 'x' } }, { other: { name: 'y' } }];
    for (const [what] of damage) check({ writer: union, reader, values, damage: values.map(() => [what, 1] as const), selected: 3 });
    check({ writer: 'string', reader, values: ['a', 'b', 'c'], damage, selected: 3 });
    check({ writer: ['null', 'int'], reader, values: [null, 5, 6], damage, selected: 3 });
  });

  it('finds the branch of a union by its whole name, else without the namespace', () => {
    const named = (name: string, field: string): AvroSchema => ({
      type: 'record',
      name,
      fields: [{ name: field, type: 'int', default: 0 }],
    });
    const of = (...branches: AvroSchema[]): AvroSchema => ({
      type: 'record',
      name: 'rec',
      fields: [
        { name: 'by', type: ['null', ...branches] },
        { name: 'at', type: 'long' },
      ],
    });
    const writer = of(named('x.A', 'n'), named('x.B', 'n'), 'long');
    const branches: Raw[] = [null, { 'x.B': { n: 5 } }, { 'x.A': { n: 6 } }, { long: 7 }];
    const values = branches.map((by, at): Raw => ({ by, at }));
    const damage = values.map(() => [0, 0] as const);
    for (const reader of [writer, of('string', named('y.B', 'n'), 'double', named('y.A', 'n')), of(named('y.A', 'm'), named('x.A', 'n'))])
      check({ writer, reader, values, damage, selected: 3 });
  });

  it('passes over recursive types', () => {
    const tree: AvroSchema = {
      type: 'record',
      name: 'rec',
      fields: [
        {
          name: 'tree',
          type: [
            'null',
            {
              type: 'record',
              name: 'T',
              fields: [
                { name: 'v', type: 'string' },
                { name: 'next', type: ['null', 'T'] },
              ],
            },
          ],
        },
        { name: 'at', type: 'long' },
      ],
    };
    const without: AvroSchema = { type: 'record', name: 'rec', fields: [{ name: 'at', type: 'long' }] };
    const values: Raw[] = [
      { tree: null, at: 1 },
      { tree: { v: 'a', next: { v: 'b', next: { v: 'c', next: null } } }, at: 2 },
    ];
    for (const reader of [tree, without])
      for (const what of [0, 1, 2])
        check({
          writer: tree,
          reader,
          values,
          damage: [
            [what, 1],
            [what, 2],
          ],
          selected: 63,
        });
  });
});
