import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AvroSchema, Type } from '@rta/dsl';
import { avroToType, nullable, sameType, showType, typeToAvro } from '@rta/dsl';
import { anyType } from './arbitrary.js';

const record = (...fields: unknown[]): AvroSchema => ({ type: 'record', name: 'R', namespace: 'com.acme', fields });
const field = (schema: unknown): unknown => ({ name: 'x', type: schema });

function typeOfField(schema: unknown, ...before: unknown[]): string | undefined {
  const { type } = avroToType(record(...before, field(schema)));
  const found = type?.kind === 'record' ? type.fields.find(({ name }) => name === 'x') : undefined;
  return found && showType(found.type);
}

describe('reading schemas', () => {
  it.each([
    ['int', 'int'],
    [{ type: 'long' }, 'long'],
    [{ type: { type: 'string', 'avro.java.string': 'String' } }, 'string'],
    [['null', 'string'], 'string?'],
    [['string', 'null'], 'string?'],
    [['string'], 'string'],
    ['null', 'null'],
    [{ type: 'array', items: ['null', 'int'] }, 'array<int?>'],
    [{ type: 'map', values: 'double' }, 'map<double>'],
    [{ type: 'enum', name: 'E', symbols: ['a'] }, 'enum E'],
    [{ type: 'record', name: 'Inner', fields: [{ name: 'y', type: 'int' }] }, 'record Inner'],
    [{ type: 'long', logicalType: 'timestamp-millis' }, 'timestamp'],
    [{ type: 'long', logicalType: 'local-timestamp-micros' }, 'timestamp'],
    [{ type: 'int', logicalType: 'date' }, 'date'],
    [{ type: 'string', logicalType: 'uuid' }, 'string'],
    [{ type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }, 'decimal(10, 2)'],
    [{ type: 'bytes', logicalType: 'decimal', precision: 4 }, 'decimal(4, 0)'],
    [{ type: 'fixed', name: 'F', size: 8, logicalType: 'decimal', precision: 18, scale: 2 }, 'decimal(18, 2)'],
    [{ type: 'fixed', name: 'F', size: 16 }, 'bytes'],
    [{ type: 'fixed', name: 'F', size: 12, logicalType: 'duration' }, 'bytes'],
    [{ type: 'int', logicalType: 'time-millis' }, 'int'],
    [{ type: 'long', logicalType: 'time-micros' }, 'long'],
    [{ type: 'long', logicalType: 'timestamp-nanos' }, 'long'],
    [['int', 'long'], 'long'],
    [['int', 'null', 'double'], 'double?'],
    [['string', { type: 'enum', name: 'E', symbols: ['A'] }], 'string'],
    [['int', 'string'], 'union<int, string>'],
    [['string', 'null', { type: 'enum', name: 'E', symbols: ['A'] }, 'boolean'], 'union<string, enum E, boolean>?'],
    [{ type: 'array', items: ['int', { type: 'map', values: 'int' }] }, 'array<union<int, map<int>>>'],
    [['boolean', { type: 'long', logicalType: 'timestamp-millis' }], 'union<boolean, timestamp>'],
    // as Avro says, what is no valid logical type is ignored
    [{ type: 'bytes', logicalType: 'decimal', precision: 2, scale: 5 }, 'bytes'],
    [{ type: 'string', logicalType: 'timestamp-millis' }, 'string'],
    [{ type: 'int', logicalType: 'colour' }, 'int'],
  ])('%o is %s', (schema, shown) => {
    expect(typeOfField(schema)).toBe(shown);
  });

  it.each([
    [
      ['null', 'bytes', { type: 'bytes', logicalType: 'decimal', precision: 4 }],
      'RTA1402',
      'field `x` is a union of bytes and decimal, and the language has no type for that',
    ],
    [
      { type: 'array', items: ['bytes', { type: 'bytes', logicalType: 'decimal', precision: 4 }] },
      'RTA1402',
      'field `x` is an array whose items: it is a union of bytes and decimal, and the language has no type for that',
    ],
    ['R', 'RTA1401', 'field `x` is of `R`, which contains itself in every value, so that none has an end'],
    ['Nowhere', 'RTA1401', 'field `x` has the unknown type `Nowhere`'],
    [{ type: 'enum', name: 'E' }, 'RTA1401', 'field `x` is an enum (com.acme.E) without `symbols`'],
    [{ type: 'record', fields: [] }, 'RTA1401', 'field `x` is a record without a `name`'],
    [[], 'RTA1401', 'field `x` is an empty union'],
    [5, 'RTA1401', 'field `x` is not a schema: a name, an object or a list is expected'],
    [undefined, 'RTA1401', 'field `x` is not a schema: a name, an object or a list is expected'],
  ])('%o is left out: %s', (schema, code, message) => {
    const { type, unsupported } = avroToType(record({ name: 'good', type: 'int' }, field(schema)));
    expect(type?.kind === 'record' && type.fields.map(({ name }) => name)).toEqual(['good']);
    expect(unsupported).toMatchObject([{ code, path: 'x', message }]);
  });

  it('a nested field that cannot be read leaves its siblings', () => {
    const inner = {
      type: 'record',
      name: 'Inner',
      fields: [
        { name: 'bad', type: 'Inner' },
        { name: 'good', type: 'int' },
      ],
    };
    const { type, unsupported } = avroToType(record(field(['null', inner])));
    expect(unsupported.map(({ path }) => path)).toEqual(['x.bad']);
    expect(JSON.stringify(type)).toContain('good');
  });

  it('follows names through namespaces', () => {
    const kind = { name: 'k', type: { type: 'enum', name: 'Kind', symbols: ['a'] } };
    const other = { name: 'o', type: { type: 'record', name: 'O', namespace: 'org.other', fields: [{ name: 'z', type: 'int' }] } };
    expect(typeOfField('Kind', kind)).toBe('enum Kind');
    expect(typeOfField('com.acme.Kind', kind)).toBe('enum Kind');
    expect(typeOfField(['null', 'org.other.O'], kind, other)).toBe('record O?');
    expect(typeOfField('O', kind, other)).toBeUndefined();
    // a name that a union which is not read defines
    expect(typeOfField('Kind', { name: 'u', type: ['int', kind.type, 'R'] })).toBe('enum Kind');
  });

  it.each([
    ['a schema of nothing', {}],
    ['a list', []],
    ['a name', 'nothing'],
    ['null', null],
    ['a record without fields', { type: 'record', name: 'R' }],
  ])('says of %s that it is none', (_what, schema) => {
    const { type, unsupported } = avroToType(schema as AvroSchema);
    expect(type).toBeNull();
    expect(unsupported[0].code).toBe('RTA1401');
    expect(unsupported[0].message).toMatch(/^the schema /);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => void avroToType(json as AvroSchema)));
    const part = fc.constantFrom<unknown>('int', 'R', 'record', 'array', null, 7, ['null', 'R'], { type: 'R' });
    const shape = fc.record(
      { type: part, name: part, fields: fc.array(fc.record({ name: part, type: part })), items: part, symbols: part, size: part },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(shape, (json) => void avroToType(json as AvroSchema)));
    let deep: unknown = 'int';
    for (let i = 0; i < 10_000; i++) deep = { type: 'array', items: deep };
    expect(avroToType(deep as AvroSchema).type).toBeNull();
  });
});

describe('writing schemas', () => {
  it('names the outermost record and gives nullable fields a default', () => {
    const kind: Type = { kind: 'enum', name: 'com.acme.Kind', symbols: ['a'] };
    const type: Type = {
      kind: 'record',
      name: '',
      fields: [
        { name: 'user_id', type: { kind: 'string' }, doc: 'who' },
        { name: 'kind', type: kind },
        { name: 'other', type: nullable(kind) },
        { name: 'wait', type: { kind: 'duration' } },
      ],
    };
    expect(typeToAvro(type, { name: 'Board', namespace: 'com.acme' })).toEqual({
      type: 'record',
      name: 'Board',
      namespace: 'com.acme',
      fields: [
        { name: 'user_id', type: 'string', doc: 'who' },
        { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a'] } },
        { name: 'other', type: ['null', 'com.acme.Kind'], default: null },
        { name: 'wait', type: 'long' },
      ],
    });
  });

  it('gives a second shape of one name a name of its own', () => {
    const shape = (type: Type): Type => ({ kind: 'record', name: 'A', fields: [{ name: 'x', type }] });
    const both: Type = {
      kind: 'record',
      name: 'R',
      fields: [
        { name: 'a', type: shape({ kind: 'int' }) },
        { name: 'b', type: shape({ kind: 'long' }) },
        { name: 'c', type: shape({ kind: 'long' }) },
      ],
    };
    expect(JSON.stringify(typeToAvro(both))).toContain('"A_2"');
    expect(() => avsc.Type.forSchema(typeToAvro(both) as avsc.Schema)).not.toThrow();
  });

  it('read again is the same type, and is Avro to others too', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        const schema = typeToAvro(type);
        expect(() => avsc.Type.forSchema(structuredClone(schema) as avsc.Schema, { wrapUnions: true })).not.toThrow();
        const { type: again, unsupported } = avroToType(schema);
        expect(unsupported).toEqual([]);
        expect(sameType(withoutNames(again!), withoutNames(type))).toBe(true);
        expect(typeToAvro(again!)).toEqual(schema);
      }),
      { numRuns: 500 },
    );
  });

  /** Names of repeated shapes may have got a number. */
  function withoutNames(type: Type): Type {
    return JSON.parse(
      JSON.stringify(type, (key, value: unknown) =>
        key === 'name' && typeof value === 'string' ? value.replace(/^.*\.|_\d+$/g, '') : value,
      ),
    ) as Type;
  }
});
