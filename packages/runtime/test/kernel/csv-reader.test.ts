/** CSV rows, typed by a schema: what is read and rejected, and that kernel and interpreter agree. */
import type { AvroSchema } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEED } from '../laws/settings.js';
import { implementations } from '../laws/implementations.js';
import { checkAgreement, copied } from './unframed.js';

const FIELDS: readonly { readonly name: string; readonly type: AvroSchema; readonly default?: unknown }[] = [
  { name: 'at', type: 'long' },
  { name: 'b', type: 'boolean' },
  { name: 'i', type: 'int' },
  { name: 'l', type: 'long' },
  { name: 'f', type: 'float' },
  { name: 'd', type: 'double' },
  { name: 's', type: 'string' },
  { name: 'y', type: 'bytes' },
  { name: 'e', type: { type: 'enum', name: 'E', symbols: ['A', 'B'] } },
  { name: 't', type: { type: 'long', logicalType: 'timestamp-millis' } },
  { name: 'u', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }] },
  { name: 'day', type: { type: 'int', logicalType: 'date' } },
  { name: 'm', type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 3 } },
  { name: 'n', type: ['null', 'long'] },
  { name: 'x', type: ['null', 'string'] },
  { name: 'q', type: ['null', 'long', 'double'] },
  { name: 'g', type: { type: 'fixed', name: 'G', size: 2 } },
  { name: 'v', type: [{ type: 'enum', name: 'V', symbols: ['A'] }, 'string'] },
  { name: 'more', type: ['string', 'null'], default: 'ž"' },
  { name: 'rest', type: 'int', default: 7 },
];

const CELLS = [
  '',
  '""',
  'x',
  '"x"',
  '"a ""b"", c"',
  '"\n"',
  'žluťoučký',
  '\u{1F600}',
  ' ',
  'true',
  '0',
  '-0',
  '007',
  '1.0',
  '1e3',
  '+1',
  '.5',
];
const NUMBERS = [
  '9007199254740993',
  '-9223372036854775808',
  '9223372036854775808',
  '123456789012345',
  '2147483648',
  '1e25',
  'NaN',
  '-Infinity',
];
const OTHERS = [
  'A',
  'C',
  '2024-05-06',
  '"2024-05-06T07:08:09.123Z"',
  '12.500',
  '-0.0010',
  'AAE=',
  '"AAE="',
  '%',
  '"',
  'a"b',
  '"a"b',
  '\r',
  'x\r',
];
const anything = fc.constantFrom(...CELLS, ...NUMBERS, ...OTHERS);
const FITTING: Readonly<Record<string, readonly string[]>> = {
  at: ['5', '1e2', '"6"'],
  b: ['true', 'false', '"true"'],
  i: ['-3', '7.0', '2147483647', '007'],
  l: ['5', '9007199254740993', '-9223372036854775808', '-0'],
  f: ['0.1', '1e10', '16777217', 'NaN'],
  d: ['0.1', '-1e-7', '-0', '12345678901234567890', '-Infinity', '3'],
  s: ['x', '""', '"a ""b"", c"', 'žluťoučký', '"ž"""', '"a\nb"', ' spaces '],
  y: ['AAE=', '""'],
  e: ['A', '"B"'],
  t: ['1700000000000', '2024-05-06T07:08:09.123Z', '2024-05-06T07:08:09+02:00'],
  u: ['', '1700000000000000', '2024-05-06T07:08:09.123Z'],
  day: ['19000', '2024-05-06'],
  m: ['12.5', '12.500', '-3', '12345678901234567.891', '0.001'],
  n: ['', '5', '9007199254740993'],
  x: ['', '""', 'y'],
  q: ['', '1', '1.5', '9007199254740993'],
  g: ['AAE='],
  v: ['A', 'b'],
  more: ['', '""', 'y', '"ž"'],
  rest: ['1'],
};

/** Times beyond 53 bits are more than the interpreter writes. */
const ofTime = anything.filter((text) => !/\d{16}|e25/.test(text));
const row = fc
  .record({
    cells: fc.tuple(
      ...FIELDS.map(({ name }) =>
        fc.oneof(
          { weight: 60, arbitrary: fc.constantFrom(...FITTING[name]) },
          { weight: 1, arbitrary: ['at', 't', 'u'].includes(name) ? ofTime : anything },
        ),
      ),
    ),
    length: fc.oneof({ weight: 4, arbitrary: fc.constant(FIELDS.length) }, { weight: 3, arbitrary: fc.constantFrom(18, 19) }, fc.nat(20)),
    end: fc.constantFrom('', '', '\n', '\r\n', '\r', ',', '\n\n'),
  })
  .map(({ cells, length, end }) => cells.slice(0, length).join(',') + end);
const text = fc.oneof({ weight: 20, arbitrary: row }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) }, anything);
const schema: AvroSchema = { type: 'record', name: 'rec', fields: FIELDS.map((f) => ({ ...f })) };

describe(`reading CSV (seed ${SEED})`, () => {
  it.each([undefined, ['at', 'l', 's', 'more']])(
    'agrees with the interpreter, columns used: %s',
    (used) => {
      checkAgreement('csv', schema, text, used);
    },
    300_000,
  );
});

const small: AvroSchema = {
  type: 'record',
  name: 'small',
  fields: [
    { name: 'at', type: 'long' },
    { name: 'name', type: 'string' },
    { name: 'score', type: ['null', 'int'] },
    { name: 'team', type: 'string', default: 'none' },
  ],
};

describe.each(implementations)('%s', (_name, kernelOf) => {
  it.each([
    ['1,x,5,red', '1,x,5,red'],
    ['1,x,5,red\r\n', '1,x,5,red'],
    ['1,"a, ""b""",,red\n', '1,"a, ""b""",,red'],
    ['1,"",,""', '1,"",,""'],
    ['1,x,5', '1,x,5,none'],
    ['1,x', '1,x,,none'],
    ['"1","two\nlines",5,red', '1,"two\nlines",5,red'],
  ])('reads %j', (value, written) => {
    expect(copied(kernelOf, 'csv', small, [value])).toEqual([written]);
  });

  it.each([
    ['1,,5,red', 'not_csv'],
    ['1', 'missing_field'],
    ['', 'not_csv'],
    ['1,x,5,red,more', 'not_csv'],
    ['1,x,5.5,red', 'not_csv'],
    ['1,x,"",red', 'not_csv'],
    ['1,x,5,r"ed', 'not_csv'],
    ['1,x,5,"red', 'not_csv'],
    ['1,x,5,"red"s', 'not_csv'],
    ['1,x,5,red\n2,y,6,blue', 'not_csv'],
    ['1,x,5,red\r', 'not_csv'],
  ])('rejects %j: %s', (value, code) => {
    expect(copied(kernelOf, 'csv', small, [value, '2,y,6,blue'])).toEqual(['2,y,6,blue', expect.stringMatching(new RegExp(`^${code}: `))]);
  });
});

it('says which column is wrong, and how', () => {
  const [, kernelOf] = implementations.find(([name]) => name !== 'interpreter')!;
  expect(copied(kernelOf, 'csv', small, ['1,,5,red', '1,x,many,red', '1'])).toEqual([
    'not_csv: column 2 (name) is empty, and its field is not nullable; an empty text is ""',
    'not_csv: column 3 (score) cannot be "many"',
    'missing_field: the row ends before column 2 (name), which has no default',
  ]);
});
