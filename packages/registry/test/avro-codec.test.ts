import type { AvroSchema, Value } from '@rta/dsl';
import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AvroValueError, codecFor } from '../src/avro-codec.js';
import { frame, unframe } from '../src/wire-format.js';
import { arbitrarySchema, arbitrarySchemaAndValue } from './arbitrary-schema.js';

const record = (fields: unknown[], more: object = {}): AvroSchema => ({ type: 'record', name: 'R', fields, ...more });
const one = (type: unknown, more: object = {}): AvroSchema => record([{ name: 'x', type, ...more }]);
const decimal = (precision: number, scale: number): object => ({ type: 'bytes', logicalType: 'decimal', precision, scale });

function errorOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}

describe('values', () => {
  test.each<[AvroSchema, Value, string]>([
    ['null', null, ''],
    ['boolean', true, '01'],
    ['int', -64, '7f'],
    ['int', 2 ** 31 - 1, 'feffffff0f'],
    ['long', -(2 ** 53) + 1, 'fdffffffffffff1f'],
    ['long', 2n ** 63n - 1n, 'feffffffffffffffff01'],
    ['long', -(2n ** 63n), 'ffffffffffffffffff01'],
    ['float', 1.5, '0000c03f'],
    ['double', -0, '0000000000000080'],
    ['bytes', Uint8Array.of(1, 255), '0401ff'],
    ['string', 'ü', '04c3bc'],
    [{ type: 'enum', name: 'E', symbols: ['A', 'B'] }, 'B', '02'],
    [{ type: 'fixed', name: 'F', size: 2 }, Uint8Array.of(7, 8), '0708'],
    [{ type: 'array', items: 'int' }, [1, 2], '04020400'],
    [{ type: 'array', items: 'int' }, [], '00'],
    [{ type: 'map', values: 'int' }, new Map([['k', 1]]), '02026b0200'],
    [['null', 'string'], null, '00'],
    [['null', 'string'], 'a', '020261'],
    [decimal(10, 2) as AvroSchema, 12_345n, '043039'],
    [decimal(10, 2) as AvroSchema, -1n, '02ff'],
    [{ type: 'fixed', name: 'D', size: 4, logicalType: 'decimal', precision: 9, scale: 2 }, -2n, 'fffffffe'],
    [{ type: 'long', logicalType: 'timestamp-millis' }, 1_000, 'd00f'],
    [{ type: 'long', logicalType: 'timestamp-micros' }, 0.001, '02'],
    [{ type: 'long', logicalType: 'timestamp-micros' }, 1_790_000_000_000.125, 'fa81afa2dbffad06'],
    [{ type: 'int', logicalType: 'date' }, 20_000, 'c0b802'],
    [one('int'), { x: 3 }, '06'],
  ])('%j: %s', (schema, value, hex) => {
    const codec = codecFor(schema);
    const bytes = codec.encode(value);
    expect(bytes.toString('hex')).toBe(hex);
    expect(codec.decode(bytes)).toEqual(value);
  });

  test('longs are numbers where one can hold them, else bigints, on both sides of the border', () => {
    const codec = codecFor('long');
    for (const value of [
      2n ** 53n - 1n,
      2n ** 53n,
      -(2n ** 53n) + 1n,
      -(2n ** 53n),
      2n ** 51n,
      -(2n ** 51n),
      -(2n ** 51n) - 1n,
      2n ** 62n,
    ]) {
      const decoded = codec.decode(codec.encode(value));
      expect(typeof decoded).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'bigint');
      expect(BigInt(decoded as number | bigint)).toBe(value);
    }
  });

  test('missing fields take their default, made anew each time, or null', () => {
    const schema = record([
      { name: 'list', type: { type: 'array', items: 'int' }, default: [1] },
      { name: 'map', type: { type: 'map', values: 'long' }, default: { a: 1 } },
      { name: 'bytes', type: 'bytes', default: '\u00ff\u0001' },
      { name: 'price', type: decimal(5, 2), default: '\u0001\u0000' },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' }, default: 1500 },
      { name: 'maybe', type: ['null', 'int'], default: null },
      { name: 'either', type: ['int', 'string'], default: 'text' },
      { name: 'inner', type: { type: 'record', name: 'I', fields: [{ name: 'a', type: 'int', default: 7 }, { name: 'b', type: 'int' }] }, default: { b: 8 } }, // prettier-ignore
    ]);
    const codec = codecFor(schema);
    const expected = { list: [1], map: new Map([['a', 1]]), bytes: Uint8Array.of(255, 1), price: 256n, at: 1.5, maybe: null, either: 'text', inner: { a: 7, b: 8 } }; // prettier-ignore
    const first = codec.decode(codec.encode({})) as { list: Value[] };
    expect(first).toEqual(expected);
    first.list.push(2);
    expect(codec.decode(codec.encode({}))).toEqual(expected);
    const asReader = codec.decode(new Uint8Array(0), record([])) as { list: Value[] };
    expect(asReader).toEqual(expected);
    // Null is allowed, so a value may leave it out; a schema without a default may not.
    const nullable = codecFor(one(['null', 'int']));
    expect(nullable.decode(nullable.encode({}))).toEqual({ x: null });
    expect(() => nullable.decode(new Uint8Array(0), record([]))).toThrow('x: is not in the data');
  });

  test('a value that is not of the schema: the error has its path', () => {
    const schema = record([
      { name: 'items', type: { type: 'array', items: { type: 'record', name: 'I', fields: [{ name: 'price', type: decimal(4, 2) }] } } },
      { name: 'by', type: { type: 'map', values: 'int' }, default: {} },
    ]);
    const codec = codecFor(schema);
    for (const [value, message] of [
      [{ items: [{ price: 1n }, { price: 10_000n }] }, 'items[1].price: 10000 has more than 4 digits'],
      [{ items: [{ price: 1.5 }] }, 'items[0].price: 1.5 is not a decimal: its unscaled value as a bigint is'],
      [{}, 'items: is missing and has no default'],
      [{ items: [], by: { 'a b': 1.5 } }, 'by["a b"]: 1.5 is not a int'],
      ['text', '"text" is not a record R'],
    ] as const) {
      const error = errorOf(() => codec.encode(value as unknown as Value));
      expect(error).toBeInstanceOf(AvroValueError);
      expect(error.message).toBe(message);
    }
    // What failed leaves nothing behind.
    expect(codec.decode(codec.encode({ items: [], by: new Map([['a', 1]]) }))).toEqual({ items: [], by: new Map([['a', 1]]) });
  });

  test('bytes that are no value: an error, never a wrong value or an endless loop', () => {
    const codec = codecFor(record([{ name: 'a', type: { type: 'array', items: 'null' } }, { name: 's', type: 'string' }])); // prettier-ignore
    const bytes = codec.encode({ a: [null, null], s: 'text' });
    for (let length = 0; length < bytes.length; length++) expect(() => codec.decode(bytes.subarray(0, length))).toThrow(AvroValueError);
    expect(() => codec.decode(Buffer.concat([bytes, Buffer.of(0)]))).toThrow('1 bytes are left over');
    expect(() => codec.decode(Buffer.from('fcffffffffffffffff01', 'hex'))).toThrow(AvroValueError);
    expect(() => codecFor('long').decode(Buffer.alloc(11, 0xff))).toThrow(AvroValueError);
    expect(() => codecFor('int').decode(Buffer.from('80808080808001', 'hex'))).toThrow('does not fit an int');
    expect(() => codecFor('boolean').decode(Uint8Array.of(2))).toThrow(AvroValueError);
    const tree = codecFor(record([{ name: 'next', type: ['null', 'R'] }]));
    expect(() => tree.decode(Buffer.alloc(1_000_000, 2))).toThrow('nested deeper');
  });

  test('a recursive value', () => {
    const codec = codecFor(record([{ name: 'n', type: 'int' }, { name: 'next', type: ['null', 'R'] }])); // prettier-ignore
    const value = { n: 1, next: { n: 2, next: { n: 3, next: null } } };
    expect(codec.decode(codec.encode(value))).toEqual(value);
  });

  test('fields and keys with the names of the prototype', () => {
    const codec = codecFor(record([{ name: '__proto__', type: 'int' }, { name: 'constructor', type: ['null', 'int'] }, { name: 'm', type: { type: 'map', values: 'int' } }])); // prettier-ignore
    const value = codec.decode(codec.encode(JSON.parse('{"__proto__": 5, "m": {"__proto__": 6}}') as Value)) as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'm']);
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toBe(5);
    expect(value.constructor).toBeNull();
    expect(value.m).toEqual(new Map([['__proto__', 6]]));
  });

  test('any value of any schema comes back', () => {
    fc.assert(
      fc.property(arbitrarySchemaAndValue(), ({ schema, value }) => {
        const codec = codecFor(schema);
        expect(codec.decode(codec.encode(value))).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  test('avsc writes and reads the same bytes', () => {
    const plain = (schema: unknown): boolean =>
      !JSON.stringify(schema).includes('logicalType') && !JSON.stringify(schema).includes('"map"');
    const longType = avsc.types.LongType.__with({
      toBuffer: (n: number | bigint) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(BigInt(n));
        return bytes;
      },
      fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
      fromJSON: Number,
      toJSON: Number,
      isValid: (n: unknown) => typeof n === 'number' || typeof n === 'bigint',
      compare: () => 0,
    });
    const toAvsc = (value: Value): unknown => {
      if (value instanceof Uint8Array) return Buffer.from(value);
      if (Array.isArray(value)) return value.map(toAvsc);
      if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toAvsc(v)]));
      return value;
    };
    let compared = 0;
    fc.assert(
      fc.property(arbitrarySchemaAndValue(), ({ schema, value }) => {
        if (!plain(schema)) return;
        compared++;
        const type = avsc.Type.forSchema(schema as avsc.Schema, { registry: { long: longType } });
        const bytes = codecFor(schema).encode(value);
        expect(type.toBuffer(toAvsc(value)).toString('hex')).toBe(bytes.toString('hex'));
      }),
      { numRuns: 600 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  test('random bytes never crash it', () => {
    fc.assert(
      fc.property(arbitrarySchema(), fc.uint8Array({ maxLength: 60 }), (schema, bytes) => {
        const codec = codecFor(schema);
        try {
          codec.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AvroValueError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('data of another schema', () => {
  const E = (symbols: string[], more: object = {}): object => ({ type: 'enum', name: 'E', symbols, ...more });
  test.each<[string, AvroSchema, AvroSchema, Value, Value]>([
    ['a namespace renamed', one('int', {}) , { type: 'record', name: 'other.R', fields: [{ name: 'x', type: 'int' }] }, { x: 1 }, { x: 1 }], // prettier-ignore
    ['fields left out and added', record([{ name: 'z', type: 'string', default: '?' }, { name: 'x', type: 'long' }]), record([{ name: 'a', type: 'string' }, { name: 'x', type: 'int' }, { name: 'b', type: 'bytes' }]), { a: 'skip', x: 5, b: Uint8Array.of(1) }, { z: '?', x: 5 }], // prettier-ignore
    ['an alias', record([{ name: 'y', aliases: ['x'], type: 'int' }]), one('int'), { x: 4 }, { y: 4 }],
    ['int as double', one('double'), one('int'), { x: 4 }, { x: 4 }],
    ['a large long as double', one('double'), one('long'), { x: 2n ** 60n }, { x: 2 ** 60 }],
    ['string as bytes', one('bytes'), one('string'), { x: 'ü' }, { x: Uint8Array.of(0xc3, 0xbc) }],
    ['bytes as string', one('string'), one('bytes'), { x: Uint8Array.of(0xc3, 0xbc) }, { x: 'ü' }],
    ['int as union', one(['null', 'long']), one('int'), { x: 4 }, { x: 4 }],
    ['union as its one type', one('long'), one(['int', 'long']), { x: 2 ** 40 }, { x: 2 ** 40 }],
    ['an enum with a default', one(E(['A', 'Z'], { default: 'Z' })), one(E(['B', 'A'])), { x: 'B' }, { x: 'Z' }],
    ['a long as timestamp', one({ type: 'long', logicalType: 'timestamp-micros' }), one('long'), { x: 1_500 }, { x: 1.5 }],
    ['a decimal of less precision', one(decimal(12, 2)), one(decimal(4, 2)), { x: -1234n }, { x: -1234n }],
    ['records of a union', one(['null', { type: 'record', name: 'a.B', fields: [{ name: 'n', type: 'long' }] }]), one({ type: 'record', name: 'b.B', fields: [{ name: 'n', type: 'int' }] }), { x: { n: 1 } }, { x: { n: 1 } }], // prettier-ignore
  ])('%s', (_what, reader, writer, written, read) => {
    expect(codecFor(reader).decode(codecFor(writer).encode(written), writer)).toEqual(read);
  });

  test('what does not resolve is an error where it is met', () => {
    const reader = codecFor(one(['null', E(['A'])]));
    const writer = one(['null', E(['A', 'B'])]);
    const write = codecFor(writer);
    expect(reader.decode(write.encode({ x: 'A' }), writer)).toEqual({ x: 'A' });
    expect(reader.decode(write.encode({ x: null }), writer)).toEqual({ x: null });
    expect(() => reader.decode(write.encode({ x: 'B' }), writer)).toThrow("x: the reader's enum has no symbol B");
    expect(() => codecFor(one('int')).decode(codecFor(one('string')).encode({ x: 'a' }), one('string'))).toThrow('x: cannot be read');
    expect(() => codecFor(one(decimal(5, 1))).decode(codecFor(one(decimal(5, 2))).encode({ x: 1n }), one(decimal(5, 2)))).toThrow('scale');
    expect(() => codecFor(one('int')).decode(new Uint8Array(0), record([]))).toThrow('x: is not in the data and has no default');
  });
});

describe('schemas that are not valid', () => {
  test.each<[unknown, string]>([
    ['strin', 'the schema has the type `strin`, which is not defined'],
    [{}, 'the schema has no `type`'],
    [3, 'the schema is 3, not a schema'],
    [record([{ name: 'a b', type: 'int' }]), 'field `a b` has a name that Avro does not allow'],
    [record([{ name: 'a', type: 'int' }, { name: 'a', type: 'int' }]), 'field `a` is there twice'], // prettier-ignore
    [one('int', { default: 'no' }), 'field `x` has the default "no", which is not an int'],
    [one('int', { default: null }), 'field `x` has the default null, which is not an int'],
    [one(['null', 'int'], { default: 'x' }), 'field `x` has the default "x", which is a value of none of its union\'s types'],
    [one({ type: 'enum', name: 'E', symbols: ['A'], default: 'B' }), 'none of its symbols'],
    [one(['int', 'int']), 'field `x` is a union with two branches of int'],
    [one(['null', ['int']]), 'field `x` is a union within a union'],
    [one({ type: 'record', name: 'R', fields: [] }), 'field `x` defines `R` a second time'],
    [one({ type: 'fixed', name: 'F' }), 'without a `size`'],
    [one({ type: 'array' }), 'field `x` is an array without `items`'],
    [one({ type: 'map' }), 'field `x` is a map without `values`'],
  ])('%j', (schema, message) => {
    const error = errorOf(() => codecFor(schema as AvroSchema));
    expect(error).toMatchObject({ name: 'RegistryError', code: 'invalid_schema' });
    expect(error.message).toContain(message);
  });

  test('nested without end', () => {
    let schema: AvroSchema = 'int';
    for (let i = 0; i < 100_000; i++) schema = { type: 'array', items: schema };
    expect(() => codecFor(schema)).toThrow('nested deeper');
  });
});

describe('wire format', () => {
  test('a frame and back', () => {
    expect(frame(258, Uint8Array.of(9)).toString('hex')).toBe('000000010209');
    expect(unframe(frame(0x7fff_ffff, Uint8Array.of(1, 2)))).toEqual({ id: 0x7fff_ffff, data: Buffer.of(1, 2) });
    expect(unframe(frame(0, new Uint8Array(0)))?.data.length).toBe(0);
  });

  test('what is not framed', () => {
    for (const hex of ['', '00', '00000001', '0100000001', '00ffffffff']) expect(unframe(Buffer.from(hex, 'hex'))).toBeNull();
    expect(() => frame(2 ** 31, new Uint8Array(0))).toThrow(RangeError);
    expect(() => frame(-1, new Uint8Array(0))).toThrow(RangeError);
  });
});
