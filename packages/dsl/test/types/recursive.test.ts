import { describe, expect, it } from 'vitest';
import { avroToType, isUnion, type AvroSchema, RecursiveRecord, sameType, typeFromJson, typeToAvro, type Type } from '../../src/index.js';

const record = (name: string, fields: Readonly<Record<string, AvroSchema>>): AvroSchema => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
});

const read = (schema: AvroSchema): Type => {
  const { type, unsupported } = avroToType(schema);
  expect(unsupported).toEqual([]);
  return type!;
};

const field = (type: Type, ...path: string[]): Type =>
  path.reduce((of, name) => {
    const inner = of.kind === 'nullable' ? of.of : of;
    if (inner.kind === 'array') return inner.items;
    return inner.kind === 'record' ? inner.fields.find((one) => one.name === name)!.type : inner;
  }, type);

const LIST = record('com.acme.Item', { value: 'int', next: ['null', 'Item'] });

describe('records that contain themselves', () => {
  it('have fields at every depth', () => {
    const list = read(LIST);
    expect(field(list, 'next', 'next', 'next', 'value')).toEqual({ kind: 'int' });
    expect(field(list, 'next')).toMatchObject({ kind: 'nullable', of: { name: 'com.acme.Item' } });
    const inner = field(list, 'next', 'next');
    expect(inner.kind === 'nullable' && inner.of).toBeInstanceOf(RecursiveRecord);
    expect(sameType(field(list, 'next'), inner)).toBe(true);
    expect(inner.kind === 'nullable' && sameType(list, inner.of) && sameType(inner.of, list)).toBe(true);
  });

  it('stand once in the schema that is written, and are referred to after that', () => {
    const list = read(LIST);
    const columns: Type = { kind: 'record', name: 'Row', fields: [{ name: 'a', type: list }, { name: 'b', type: field(list, 'next') }] }; // prettier-ignore
    const item = { type: 'record', name: 'Item', namespace: 'com.acme' };
    expect(typeToAvro(columns, { name: 'Row' })).toEqual({
      type: 'record',
      name: 'Row',
      fields: [
        {
          name: 'a',
          type: { ...item, fields: [{ name: 'value', type: 'int' }, { name: 'next', type: ['null', 'com.acme.Item'], default: null }] },
        },
        { name: 'b', type: ['null', 'com.acme.Item'], default: null },
      ],
    }); // prettier-ignore
    expect(sameType(read(typeToAvro(columns)), columns)).toBe(true);
  });

  it('contain each other', () => {
    const a = record('A', { b: record('x.B', { a: ['null', '.A'], bs: { type: 'array', items: 'B' } }), again: 'x.B' });
    const type = read(a);
    expect(sameType(field(type, 'b', 'bs', ''), field(type, 'again'))).toBe(true);
    expect(sameType(field(type, 'b', 'a', 'b', 'bs', ''), field(type, 'again'))).toBe(true);
    expect(sameType(read(typeToAvro(type)), type)).toBe(true);
    expect(sameType(read(typeToAvro(field(type, 'again'))), field(type, 'again'))).toBe(true);
  });

  it('stand in unions with others, and refer to types that are defined before them', () => {
    const tree = record('Tree', { of: ['Colour', { type: 'array', items: 'Tree' }, 'long', 'Tree'] });
    const type = read(record('Row', { colour: { type: 'enum', name: 'Colour', symbols: ['red'] }, tree }));
    const union = field(type, 'tree', 'of', 'array', '', 'of');
    expect(isUnion(union) && union.fields.map(({ name }) => name)).toEqual(['Colour', 'array', 'long', 'Tree']);
    expect(sameType(read(typeToAvro(type)), type)).toBe(true);
  });

  it('come back from JSON', () => {
    const list = read(LIST);
    const back = typeFromJson(JSON.stringify(list));
    expect(sameType(back, list)).toBe(true);
    expect(field(back, 'next', 'next', 'value')).toEqual({ kind: 'int' });
  });

  it('are no types where they have no end', () => {
    const { unsupported } = avroToType(record('R', { x: 'int', r: 'R', s: record('S', { r: ['R'] }) }));
    expect(unsupported.map(({ message }) => message)).toEqual([
      'field `r` is of `R`, which contains itself in every value, so that none has an end',
      'field `s.r` is of `R`, which contains itself in every value, so that none has an end',
    ]);
  });

  it('are read in bounded time from any schema', () => {
    let schema: AvroSchema = 'N0';
    for (let i = 0; i < 90; i++) schema = record(`N${i}`, { a: ['null', `N${Math.floor(i / 2)}`], b: { type: 'array', items: schema } });
    const fields = Array.from({ length: 500 }, (_, i) => [`f${i}`, record(`C${i}`, { x: ['null', `C${i}`, i > 0 ? `C${i - 1}` : 'int'] })]);
    expect(avroToType(schema).type).toBeDefined();
    const chain = avroToType(record('R', Object.fromEntries(fields) as Record<string, AvroSchema>));
    expect(chain.type?.kind).toBe('record');
    expect(JSON.stringify(typeToAvro(chain.type!)).length).toBeGreaterThan(1000);
  });
});
