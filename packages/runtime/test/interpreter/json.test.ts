import { Buffer } from 'node:buffer';
import type { AvroSchema, Type, Value } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import { toValue } from '../../src/kernel/interpreter/avro-codec.js';
import { type Datum, Rejected } from '../../src/kernel/interpreter/avro-read.js';
import { parseSchema } from '../../src/kernel/interpreter/avro-schema.js';
import { readJson } from '../../src/kernel/interpreter/json-read.js';
import { jsonOf, textOf } from '../../src/kernel/interpreter/json-write.js';

const LONG: Type = { kind: 'nullable', of: { kind: 'long' } };
const TIMESTAMP: Type = { kind: 'timestamp', unit: 'millis' };
const DECIMAL: Type = { kind: 'decimal', precision: 10, scale: 2 };

function read(type: AvroSchema, json: string, value: Type = { kind: 'long' }): Value | string {
  try {
    const datum = readJson(
      parseSchema({ type: 'record', name: 'R', fields: [{ name: 'f', type }] }),
      Buffer.from(`{"f":${json},"more":[1,{"x":"\\u0041 1.5"}]}`),
    );
    return toValue(value, (datum as ReadonlyMap<string, Datum>).get('f')!);
  } catch (error) {
    if (error instanceof Rejected) return error.code;
    throw error;
  }
}

describe('JSON records', () => {
  it.each<readonly [AvroSchema, string, Value, Type]>([
    ['long', '9007199254740993', 9007199254740993n, LONG],
    ['long', '-9223372036854775808', -9223372036854775808n, LONG],
    ['long', '1e3', 1000, LONG],
    [['null', 'long'], 'null', null, LONG],
    ['string', '"1.5 \\" 2"', '1.5 " 2', { kind: 'string' }],
    ['double', '2', 2, { kind: 'double' }],
    ['boolean', 'true', true, { kind: 'boolean' }],
    [{ type: 'long', logicalType: 'timestamp-millis' }, '"2000-01-01T00:00:00.005Z"', 946684800005, TIMESTAMP],
    [{ type: 'long', logicalType: 'timestamp-millis' }, '5', 5, TIMESTAMP],
    [{ type: 'int', logicalType: 'date' }, '"1970-01-03"', 2, { kind: 'date' }],
    [{ type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }, '-12.5', -1250n, DECIMAL],
    [{ type: 'array', items: 'long' }, '[1,2]', [1, 2], { kind: 'array', items: { kind: 'long' } }],
  ])('%j from %s', (schema, json, expected, type) => {
    expect(read(schema, json, type)).toEqual(expected);
  });

  it.each<readonly [AvroSchema, string, string]>([
    ['long', '9223372036854775808', 'not_json'],
    ['int', '2147483648', 'not_json'],
    ['long', '1.5', 'not_json'],
    ['long', '"1"', 'not_json'],
    ['string', '1', 'not_json'],
    ['long', 'null', 'not_json'],
    ['long', '{]', 'not_json'],
    [{ type: 'enum', name: 'E', symbols: ['A'] }, '"B"', 'not_json'],
    [{ type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }, '1.255', 'not_json'],
    [{ type: 'record', name: 'S', fields: [{ name: 'g', type: 'long' }] }, '{}', 'missing_field'],
  ])('rejects %j from %s', (schema, json, code) => {
    expect(read(schema, json)).toBe(code);
  });
});

describe('JSON sinks', () => {
  it.each<readonly [Type, Value, string]>([
    [{ kind: 'long' }, 9007199254740993n, '9007199254740993'],
    [{ kind: 'double' }, NaN, 'null'],
    [{ kind: 'double' }, 0.1, '0.1'],
    [DECIMAL, -5n, '-0.05'],
    [{ kind: 'bytes' }, Uint8Array.of(255, 1), '"/wE="'],
    [TIMESTAMP, 5, '"1970-01-01T00:00:00.005Z"'],
    [{ kind: 'date' }, 2, '"1970-01-03"'],
    [{ kind: 'nullable', of: { kind: 'string' } }, null, 'null'],
    [{ kind: 'array', items: { kind: 'string' } }, ['a"', 'b'], '["a\\"","b"]'],
    [{ kind: 'map', values: { kind: 'long' } }, new Map([['x', 1]]), '{"x":1}'],
  ])('%j of %s', (type, value, json) => {
    expect(jsonOf(type, value)).toBe(json);
  });

  it('has plain text for a key of one column', () => {
    expect(textOf({ kind: 'string' }, 'a"b')).toBe('a"b');
    expect(textOf({ kind: 'long' }, 9007199254740993n)).toBe('9007199254740993');
    expect(textOf(TIMESTAMP, 5)).toBe('1970-01-01T00:00:00.005Z');
  });
});
