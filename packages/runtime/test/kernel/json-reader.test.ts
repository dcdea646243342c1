/** JSON values, typed by a schema: what the kernel makes of them is what the interpreter makes of them. */
import type { AvroSchema } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayHoldLongNumber, timeOf } from '../../src/kernel/run/json-reader.js';
import { SEED } from '../laws/settings.js';
import { checkAgreement } from './unframed.js';

const FIELDS: readonly { readonly name: string; readonly type: AvroSchema; readonly default?: unknown }[] = [
  { name: 'at', type: 'long' },
  { name: 'b', type: 'boolean' },
  { name: 'i', type: 'int', default: 3 },
  { name: 'l', type: 'long' },
  { name: 'f', type: 'float' },
  { name: 'd', type: 'double', default: 1.5 },
  { name: 's', type: 'string' },
  { name: 'y', type: 'bytes' },
  { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
  { name: 't', type: { type: 'long', logicalType: 'timestamp-millis' } },
  { name: 'u', type: { type: 'long', logicalType: 'timestamp-micros' } },
  { name: 'day', type: { type: 'int', logicalType: 'date' } },
  { name: 'm', type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 3 } },
  { name: 'n', type: ['null', 'long'] },
  { name: 'a', type: { type: 'array', items: 'int' } },
  { name: 'map', type: { type: 'map', values: ['null', 'string'] } },
  {
    name: 'r',
    type: {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'x', type: 'string' },
        { name: 'z', type: ['null', 'long'] },
      ],
    },
  },
  { name: 'w', type: ['int', 'string'] },
  { name: 'q', type: ['long', 'double'] },
  { name: 'g', type: { type: 'fixed', name: 'G', size: 2 } },
];

/** JSON texts: those that fit more often than not, and any others. */
const anything = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    '0',
    '-0',
    '1.0',
    '1e3',
    '1.5',
    '9007199254740993',
    '-9223372036854775808',
    '9223372036854775808',
    '1e25',
  ),
  fc.constantFrom(
    '"A"',
    '"x"',
    '""',
    '"2024-05-06"',
    '"2024-05-06T07:08:09.123Z"',
    '"12.50"',
    '"-0.0010"',
    '"AAE="',
    '"AAE"',
    '"%"',
    '[]',
    '[1,2]',
    '["a"]',
    '{}',
  ),
  fc.constantFrom('{"x":"y"}', '{"x":null,"z":3}', '123456789012.345', '12345678901234567.891', '0.1', '1.0000000000000000000001'),
  fc.json({ maxDepth: 2 }),
);
const FITTING: Readonly<Record<string, readonly string[]>> = {
  at: ['5', '1e2'],
  b: ['true', 'false'],
  i: ['-3', '7.0', '2147483647'],
  l: ['5', '9007199254740993', '-9223372036854775808'],
  f: ['0.1', '1e10', '16777217'],
  d: ['0.1', '-1e-7', '12345678901234567890'],
  s: ['"x"', '"\u00e9\u{1F600}"', '"1234567890123456789"', '"a\\nb\\"\\/c"', '"\\ud83d\\ude00"', '"\\ud800x"', '"\u007f"', '"a\\"'],
  y: ['"AAE="', '""'],
  e: ['"A"', '"B"'],
  t: ['1700000000000', '"2024-05-06T07:08:09.123Z"', '"2024-05-06T07:08:09+02:00"'],
  u: ['1700000000000000', '"2024-05-06T07:08:09.123Z"'],
  day: ['19000', '"2024-05-06"'],
  m: ['12.5', '"12.500"', '-3', '12345678901234567.891', '0.001', '1e3', '0.05e1', '1000e-4', '0.0000001', '"1e3"'],
  n: ['null', '5', '9007199254740993'],
  a: ['[]', '[1, 2]'],
  map: ['{}', '{"a": "b", "c": null}'],
  r: ['{"x": "y"}', '{"x": "y", "z": 5, "other": 6}'],
  w: ['1', '"x"'],
  q: ['1', '1.5', '9007199254740993'],
  g: ['"AAE="'],
};

/** Times beyond 53 bits are more than the interpreter writes. */
const ofTime = anything.filter((text) => !/\d{16}|e25/.test(text));

const record = fc
  .tuple(
    ...FIELDS.map(({ name }) =>
      fc.oneof(
        { weight: 40, arbitrary: fc.constantFrom(...FITTING[name]) },
        { weight: 1, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: ['at', 't', 'u'].includes(name) ? ofTime : anything },
      ),
    ),
  )
  .map((texts) => `{${texts.flatMap((text, i) => (text === null ? [] : [`${JSON.stringify(FIELDS[i].name)}: ${text}`])).join(', ')}}`);
/** What else may stand in a record: fields that no schema knows, names with escapes or twice, spaces. */
const odd = fc
  .tuple(
    record,
    fc.constantFrom('"z": ', '"\\u0069": ', '"i": ', '"s":', ' "other"\n:\t', '"": '),
    anything,
    fc.constantFrom('', ' ', '\r\n', ',', '}', ' x'),
  )
  .map(([text, name, value, after]) => `${text.slice(0, -1)}, ${name}${value}}${after}`);
const text = fc.oneof(
  { weight: 20, arbitrary: record },
  { weight: 5, arbitrary: odd },
  { weight: 2, arbitrary: odd.map((o) => ` ${o.replace(/^\{/, '{ \n')}`) },
  { weight: 1, arbitrary: record.map((r) => `\ufeff${r}`) },
  { weight: 1, arbitrary: anything },
  { weight: 1, arbitrary: fc.string() },
);

describe(`reading JSON (seed ${SEED})`, () => {
  const schema: AvroSchema = { type: 'record', name: 'rec', fields: FIELDS.map((f) => ({ ...f })) };
  it.each([undefined, ['at', 'l', 's']])(
    'agrees with the interpreter, columns used: %s',
    (used) => {
      checkAgreement('json', schema, text, used);
    },
    300_000,
  );
});

it('times are those of Date.parse', () => {
  const near = fc
    .date({ min: new Date('0900-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .chain((date) => fc.tuple(fc.constant(date.toISOString()), fc.nat(23), fc.constantFrom('', '', '0', '3', '9', '-', ' ')))
    .map(([text, at, character]) => (character === '' ? text : text.slice(0, at) + character + text.slice(at + 1)))
    .chain((text) => fc.constantFrom(text, text.replace(/\.\d+Z$/, 'Z')));
  fc.assert(
    fc.property(near, (text) => {
      expect(timeOf(text)).toBe(Date.parse(text));
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

it('long numbers are found wherever they stand', () => {
  const text = fc.array(fc.constantFrom(...Array.from('" -e0123456789.')), { maxLength: 60 }).map((characters) => characters.join(''));
  const run = fc.tuple(text, fc.stringMatching(/^[\d.]{14,18}$/), text).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(text, run), fc.nat(5), (json, start) => {
      const bytes = new TextEncoder().encode(`${'7'.repeat(start)}${json}9`);
      expect(mayHoldLongNumber(bytes, start, bytes.length - 1)).toBe(/[\d.]{16}/.test(json));
    }),
    { seed: SEED },
  );
});
