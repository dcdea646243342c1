import type { AvroSchema } from '@rta/dsl';
import { expect, test } from 'vitest';
import { laterDefaults } from '../src/avro/later-defaults.js';
import { parseSchema } from '../src/avro/parse.js';
import { schemaChanges } from '../src/diff.js';
import { inlineReferences } from '../src/references.js';

const record = (fields: unknown[], more: object = {}): AvroSchema => ({ type: 'record', name: 'R', fields, ...more });
const one = (type: unknown, more: object = {}): AvroSchema => record([{ name: 'x', type, ...more }]);
const enumOf = (symbols: string[], more: object = {}): object => ({ type: 'enum', name: 'E', symbols, ...more });

test.each<[string, AvroSchema, AvroSchema, string[]]>([
  ['nothing', one('int'), one({ type: 'int' }), []],
  ['a type', one('int'), one('long'), ['changed x int → long']],
  ['fields', one('int'), record([{ name: 'y', type: 'string', default: '' }]), ['added y string, default ""', 'removed x int']],
  [
    'a renamed field',
    one('int'),
    record([{ name: 'y', type: 'long', aliases: ['x'] }]),
    ['changed y renamed from x', 'changed y int → long'],
  ],
  ['a default', one('int'), one('int', { default: 1 }), ['changed x no default → default 1']],
  ['a name', record([]), record([], { namespace: 'a' }), ['changed  name R → a.R']],
  ['symbols', one(enumOf(['A', 'B'])), one(enumOf(['A', 'C'], { default: 'A' })), ['changed x symbols +C -B', 'changed x default of the enum none → A']], // prettier-ignore
  ['branches', one(['null', 'int']), one(['null', 'long', 'string']), ['changed x union +long, +string, -int']],
  ['nullable', one('int'), one(['null', 'int']), ['changed x int → union of null, int']],
  ['items', one({ type: 'array', items: 'int' }), one({ type: 'array', items: 'long' }), ['changed x[] int → long']],
  ['a decimal', one({ type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 }), one('bytes'), ['changed x decimal(9, 2) → bytes']],
  ['a type that holds itself', record([{ name: 'n', type: ['null', 'R'] }]), record([{ name: 'n', type: ['null', 'R'] }, { name: 'm', type: 'int' }]), ['added m int']], // prettier-ignore
])('%s', (_what, before, after, expected) => {
  expect(schemaChanges(before, after).map(({ kind, path, what }) => `${kind} ${path} ${what}`)).toEqual(expected);
});

test('defaults of a later branch', () => {
  const inner = record([{ name: 'b', type: ['int', 'string'], default: 'x' }], { name: 'I' });
  expect(laterDefaults(record([{ name: 'a', type: ['null', 'int'], default: null }, { name: 'i', type: { type: 'array', items: inner } }]))).toEqual(['i[].b']); // prettier-ignore
});

test('what two references bring along is written once', () => {
  const tag = { type: 'enum', name: 'Tag', symbols: ['X'] };
  const holding = (name: string): AvroSchema => ({ type: 'record', name, fields: [{ name: 'tag', type: tag }] });
  const definitions = new Map([['A', holding('A')], ['B', holding('B')]]); // prettier-ignore
  const whole = inlineReferences(record([{ name: 'a', type: 'A' }, { name: 'b', type: 'B' }]), definitions); // prettier-ignore
  expect(() => parseSchema(whole)).not.toThrow();
});
