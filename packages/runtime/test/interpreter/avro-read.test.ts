/** The strict reader against avsc's encoder, and against what no encoder writes. */
import { Buffer } from 'node:buffer';
import type { AvroSchema } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AvroCodec, bigintOfBytes, bytesOfBigint, type Raw } from '../../src/kernel/interpreter/avro-codec.js';
import { type Datum, InUnion, readDatum, Rejected, resolveDatum } from '../../src/kernel/interpreter/avro-read.js';
import { parseSchema } from '../../src/kernel/interpreter/avro-schema.js';
import { canonicalLong } from '../../src/kernel/interpreter/values.js';

/** A schema and a value of it. */
type Typed = readonly [schema: AvroSchema, value: Raw];

const primitive: fc.Arbitrary<Typed> = fc.oneof(
  fc.constant<Typed>(['null', null]),
  fc.boolean().map((v): Typed => ['boolean', v]),
  fc.integer().map((v): Typed => ['int', v]),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((v): Typed => ['long', canonicalLong(v)]),
  fc.double().map((v): Typed => ['double', v]),
  fc.float().map((v): Typed => ['float', v]),
  fc.string({ unit: 'grapheme' }).map((v): Typed => ['string', v]),
  fc.uint8Array().map((v): Typed => ['bytes', Buffer.from(v)]),
  fc.constantFrom('A', 'B').map((v): Typed => [{ type: 'enum', name: 'E', symbols: ['A', 'B'] }, v]),
);

const nested: fc.Arbitrary<Typed> = fc.oneof(
  primitive,
  primitive.map(([schema, value]): Typed => [{ type: 'array', items: schema }, [value, value]]),
  primitive.map(([schema, value]): Typed => [
    { type: 'map', values: schema },
    { x: value, y: value },
  ]),
  primitive
    .filter(([schema]) => schema !== 'null')
    .chain(([schema, value]) => fc.constantFrom<Typed>([['null', schema], value], [['null', schema], null])),
);

const record: fc.Arbitrary<Typed> = fc.array(nested, { maxLength: 5 }).map((fields): Typed => {
  const named = fields.map(([schema, value], i) => ({ name: `f${i}`, schema: unshared(schema, i), value }));
  const schema = { type: 'record', name: 'R', fields: named.map((f) => ({ name: f.name, type: f.schema })) };
  return [schema, Object.fromEntries(named.map((f) => [f.name, f.value]))];
});

/** Names are defined once in a schema. */
function unshared(schema: AvroSchema, index: number): AvroSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"name":"E"', `"name":"E${index}"`)) as AvroSchema;
}

/** As avsc would give it. */
function plain(datum: Datum): unknown {
  if (datum instanceof InUnion) return plain(datum.value);
  if (datum instanceof Map) return Object.fromEntries([...(datum as ReadonlyMap<string, Datum>)].map(([k, v]) => [k, plain(v)]));
  if (Array.isArray(datum)) return datum.map(plain);
  return datum instanceof Uint8Array ? Buffer.from(datum) : datum;
}

const rejected = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof Rejected) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('strict reading', () => {
  it('gives back what avsc wrote', () => {
    fc.assert(
      fc.property(record, ([schema, value]) => {
        const codec = new AvroCodec(schema);
        expect(plain(codec.decode(codec.encode(value)))).toEqual(value);
      }),
    );
  });

  it('rejects every prefix, and every byte too many', () => {
    fc.assert(
      fc.property(record, ([schema, value]) => {
        const bytes = new AvroCodec(schema).encode(value);
        const node = parseSchema(schema);
        for (let end = 0; end < bytes.length; end++) expect(rejected(() => readDatum(node, bytes.subarray(0, end)))).toBe('not_avro');
        expect(rejected(() => readDatum(node, Buffer.concat([bytes, Buffer.of(0)])))).toBe('not_avro');
      }),
      { numRuns: 50 },
    );
  });

  it.each<readonly [string, AvroSchema, number[]]>([
    ['an int beyond 32 bits', 'int', [0x80, 0x80, 0x80, 0x80, 0x10]],
    ['a long beyond 64 bits', 'long', [255, 255, 255, 255, 255, 255, 255, 255, 255, 2]],
    ['a number of eleven bytes', 'long', [128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0]],
    ['a length beyond the end', 'string', [10, 65]],
    ['a negative length', 'string', [1]],
    ['a symbol out of range', { type: 'enum', name: 'E', symbols: ['A'] }, [2]],
    ['a negative branch', ['null', 'int'], [1]],
    ['a boolean that is neither', 'boolean', [2]],
    ['a block of more items than bytes', { type: 'array', items: 'null' }, [200, 1, 0]],
  ])('rejects %s', (_name, schema, bytes) => {
    expect(rejected(() => readDatum(parseSchema(schema), Uint8Array.from(bytes)))).toBe('not_avro');
  });

  it('reads blocks that come with their size', () => {
    expect(readDatum(parseSchema({ type: 'array', items: 'int' }), Uint8Array.from([3, 4, 2, 4, 2, 6, 0]))).toEqual([1, 2, 3]);
  });
});

describe('resolution', () => {
  const fields = (...list: readonly object[]): AvroSchema => ({ type: 'record', name: 'R', fields: list });
  const read = (writer: AvroSchema, reader: AvroSchema, value: Raw): unknown => {
    const [w, r] = [parseSchema(writer), parseSchema(reader)];
    return plain(resolveDatum(w, r, readDatum(w, new AvroCodec(writer).encode(value))));
  };

  it('finds fields by name or alias, takes defaults, skips the others', () => {
    const writer = fields({ name: 'old', type: 'int' }, { name: 'gone', type: 'string' });
    const reader = fields(
      { name: 'fresh', type: { type: 'array', items: 'int' }, default: [7] },
      { name: 'renamed', type: 'long', aliases: ['old'] },
      { name: 'raw', type: 'bytes', default: 'ÿ' },
    );
    expect(read(writer, reader, { old: 5, gone: 'x' })).toEqual({ fresh: [7], renamed: 5, raw: Buffer.of(255) });
  });

  it.each<readonly [string, AvroSchema, AvroSchema, Raw, unknown]>([
    ['int to double', 'int', 'double', 3, 3],
    ['long to float', 'long', 'float', 16777217, 16777216],
    ['string to bytes', 'string', 'bytes', 'é', Buffer.from('é')],
    ['a value to a union', 'int', ['null', 'long'], 3, 3],
    ['a union to the value that is there', ['null', 'int'], 'int', 3, 3],
    [
      'a symbol that the reader has',
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      { type: 'enum', name: 'E', symbols: ['B'] },
      'B',
      'B',
    ],
    [
      'a symbol by the reader’s default',
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      { type: 'enum', name: 'E', symbols: ['B'], default: 'B' },
      'A',
      'B',
    ],
  ])('%s', (_name, writer, reader, value, expected) => {
    expect(read(fields({ name: 'f', type: writer }), fields({ name: 'f', type: reader }), { f: value })).toEqual({ f: expected });
  });

  it.each<readonly [string, AvroSchema, AvroSchema, Raw, string]>([
    ['a null where the reader has none', ['null', 'int'], 'int', null, 'incompatible_schema'],
    [
      'a symbol that the reader lacks',
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      { type: 'enum', name: 'E', symbols: ['B'] },
      'A',
      'incompatible_schema',
    ],
    ['a long as int', 'long', 'int', 3, 'incompatible_schema'],
  ])('rejects %s', (_name, writer, reader, value, code) => {
    expect(rejected(() => read(fields({ name: 'f', type: writer }), fields({ name: 'f', type: reader }), { f: value }))).toBe(code);
  });

  it('rejects a missing field without default', () => {
    expect(rejected(() => read(fields(), fields({ name: 'f', type: 'int' }), {}))).toBe('missing_field');
  });
});

it('decimals are two’s complement, as short as can be', () => {
  fc.assert(fc.property(fc.bigInt(), (x) => bigintOfBytes(bytesOfBigint(x)) === x));
  expect([...bytesOfBigint(127n)]).toEqual([127]);
  expect([...bytesOfBigint(128n)]).toEqual([0, 128]);
  expect([...bytesOfBigint(-128n)]).toEqual([128]);
});
