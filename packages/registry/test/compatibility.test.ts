import type { AvroSchema } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolutionProblems, type CompatibilityRule } from '../src/compatibility.js';
import { checkCompatibility } from '../src/levels.js';
import { arbitrarySchema } from './arbitrary-schema.js';

const record = (fields: unknown[], more: object = {}): AvroSchema => ({ type: 'record', name: 'R', fields, ...more });
const one = (type: unknown, more: object = {}): AvroSchema => record([{ name: 'x', type, ...more }]);
const decimal = (precision: number, scale: number): object => ({ type: 'bytes', logicalType: 'decimal', precision, scale });
const logical = (type: string, logicalType: string): object => ({ type, logicalType });
const enumOf = (symbols: string[], more: object = {}): object => ({ type: 'enum', name: 'E', symbols, ...more });
const fixed = (size: number, more: object = {}): object => ({ type: 'fixed', name: 'F', size, ...more });
const list = (extra: unknown[] = []): AvroSchema => record([{ name: 'next', type: ['null', 'R'] }, ...extra]);

/** reader, writer, and the rule that forbids it (null: it can be read) with the path where. */
const PAIRS: readonly (readonly [what: string, reader: AvroSchema, writer: AvroSchema, rule: CompatibilityRule | null, path?: string])[] = [
  ['the same', one('int'), one('int'), null],
  ['int as long', one('long'), one('int'), null],
  ['int as double', one('double'), one('int'), null],
  ['long as float', one('float'), one('long'), null],
  ['float as double', one('double'), one('float'), null],
  ['long as int', one('int'), one('long'), 'type', 'x'],
  ['double as float', one('float'), one('double'), 'type', 'x'],
  ['string as bytes', one('bytes'), one('string'), null],
  ['bytes as string', one('string'), one('bytes'), null],
  ['string as int', one('int'), one('string'), 'type', 'x'],
  ['boolean as int', one('int'), one('boolean'), 'type', 'x'],
  ['a field less in the reader', record([]), one('int'), null],
  ['a new field without default', one('int'), record([]), 'missing_default', 'x'],
  ['a new field with default', one('int', { default: 0 }), record([]), null],
  ['a new field with default null', one(['null', 'int'], { default: null }), record([]), null],
  ['a nullable new field without default', one(['null', 'int']), record([]), 'missing_default', 'x'],
  ['fields in another order', record([{ name: 'a', type: 'int' }, { name: 'b', type: 'string' }]), record([{ name: 'b', type: 'string' }, { name: 'a', type: 'int' }]), null], // prettier-ignore
  ['a renamed field', record([{ name: 'y', type: 'int' }]), one('int'), 'missing_default', 'y'],
  ['a renamed field with an alias', record([{ name: 'y', type: 'int', aliases: ['x'] }]), one('int'), null],
  ['an alias, but another type', record([{ name: 'y', type: 'int', aliases: ['x'] }]), one('string'), 'type', 'y'],
  ['another record name', { type: 'record', name: 'S', fields: [] }, record([]), 'name', ''],
  ['another record name, with alias', { type: 'record', name: 'S', aliases: ['R'], fields: [] }, record([]), null],
  ['another record name, with full alias', { type: 'record', name: 'S', namespace: 'a', aliases: ['b.R'], fields: [] }, record([], { namespace: 'b' }), null], // prettier-ignore
  ['another record name, with an alias of another namespace', { type: 'record', name: 'S', aliases: ['b.R'], fields: [] }, record([], { namespace: 'c' }), 'name', ''], // prettier-ignore
  ['an alias without a namespace, in a record with one', { type: 'record', name: 'S', namespace: 'a', aliases: ['R', '.R'], fields: [] }, record([]), 'name', ''], // prettier-ignore
  ['an alias that is there beside the name', record([{ name: 'x', type: 'int', aliases: ['y'] }]), record([{ name: 'x', type: 'int' }, { name: 'y', type: 'int' }]), 'alias', 'x'], // prettier-ignore
  [
    'two fields of one',
    record([
      { name: 'x', type: 'int' },
      { name: 'y', type: 'int', aliases: ['x'] },
    ]),
    one('int'),
    'alias',
    'y',
  ],
  ['a decimal to a union with string alone', one(['null', 'string']), one(decimal(10, 2)), 'decimal', 'x'],
  ['another namespace', record([], { namespace: 'a' }), record([], { namespace: 'b' }), null],
  ['a namespace written in the name', { type: 'record', name: 'a.R', fields: [] }, record([], { namespace: 'a' }), null],
  ['null becomes possible', one(['null', 'int']), one('int'), null],
  ['null becomes impossible', one('int'), one(['null', 'int']), 'union_branch', 'x'],
  ['a union in another order', one(['int', 'null']), one(['null', 'int']), null],
  ['a branch more in the reader', one(['null', 'int', 'string']), one(['null', 'int']), null],
  ['a branch less in the reader', one(['null', 'int']), one(['null', 'int', 'string']), 'union_branch', 'x'],
  ['a branch promoted', one(['null', 'long']), one(['null', 'int']), null],
  ['a branch demoted', one(['null', 'int']), one(['null', 'long']), 'union_branch', 'x'],
  ['a union of one branch as that', one('int'), one(['int']), null],
  ['a union whose every branch can be read', one('double'), one(['int', 'float']), null],
  ['records of a union by unqualified name', one([{ type: 'record', name: 'a.A', fields: [] }, { type: 'record', name: 'a.B', fields: [] }]), one([{ type: 'record', name: 'b.B', fields: [] }]), null], // prettier-ignore
  ['a record of a union with a new field', one(['null', { type: 'record', name: 'A', fields: [{ name: 'n', type: 'int' }] }]), one({ type: 'record', name: 'A', fields: [] }), 'missing_default', 'x.n'], // prettier-ignore
  ['an enum symbol more in the reader', one(enumOf(['A', 'B'])), one(enumOf(['A'])), null],
  ['an enum symbol less in the reader', one(enumOf(['A'])), one(enumOf(['A', 'B'])), 'enum_symbol', 'x'],
  ['an enum symbol less, with a default', one(enumOf(['A'], { default: 'A' })), one(enumOf(['A', 'B'])), null],
  ['a default of the field does not help the enum', one(enumOf(['A']), { default: 'A' }), one(enumOf(['A', 'B'])), 'enum_symbol', 'x'],
  ['an enum of another name', one(enumOf(['A'], { name: 'Z' })), one(enumOf(['A'])), 'name', 'x'],
  ['an enum of another namespace', one(enumOf(['A'], { namespace: 'n' })), one(enumOf(['A'])), null],
  ['an enum as string', one('string'), one(enumOf(['A'])), 'type', 'x'],
  ['a string as enum', one(enumOf(['A'])), one('string'), 'type', 'x'],
  ['a fixed of another size', one(fixed(5)), one(fixed(4)), 'fixed_size', 'x'],
  ['a fixed of another namespace', one(fixed(4, { namespace: 'n' })), one(fixed(4)), null],
  ['a fixed as bytes', one('bytes'), one(fixed(4)), 'type', 'x'],
  ['decimals of equal scale, more precision', one(decimal(12, 2)), one(decimal(10, 2)), null],
  ['decimals of equal scale, less precision', one(decimal(8, 2)), one(decimal(10, 2)), 'decimal', 'x'],
  ['decimals of another scale', one(decimal(10, 4)), one(decimal(10, 2)), 'decimal', 'x'],
  ['a decimal as bytes', one('bytes'), one(decimal(10, 2)), 'decimal', 'x'],
  ['bytes as a decimal', one(decimal(10, 2)), one('bytes'), 'decimal', 'x'],
  ['a decimal as string', one('string'), one(decimal(10, 2)), 'decimal', 'x'],
  ['a decimal that is none (precision 0)', one('bytes'), one(decimal(0, 0)), null],
  ['a fixed decimal of another scale', one(fixed(8, { ...decimal(10, 2), type: 'fixed' })), one(fixed(8, { ...decimal(10, 3), type: 'fixed' })), 'decimal', 'x'], // prettier-ignore
  ['millis as micros', one(logical('long', 'timestamp-micros')), one(logical('long', 'timestamp-millis')), 'logical_type', 'x'],
  ['a timestamp as a local one', one(logical('long', 'local-timestamp-millis')), one(logical('long', 'timestamp-millis')), 'logical_type', 'x'], // prettier-ignore
  ['a date as a timestamp', one(logical('long', 'timestamp-millis')), one(logical('int', 'date')), 'logical_type', 'x'],
  ['long as timestamp', one(logical('long', 'timestamp-millis')), one('long'), null],
  ['timestamp as long', one('long'), one(logical('long', 'timestamp-millis')), null],
  ['an unknown logical type', one(logical('long', 'parsecs')), one(logical('long', 'timestamp-millis')), null],
  ['a misplaced logical type', one(logical('long', 'date')), one(logical('long', 'timestamp-millis')), null],
  ['items of an array', one({ type: 'array', items: 'int' }), one({ type: 'array', items: 'string' }), 'type', 'x[]'],
  ['items of an array promoted', one({ type: 'array', items: 'long' }), one({ type: 'array', items: 'int' }), null],
  ['values of a map', one({ type: 'map', values: 'int' }), one({ type: 'map', values: 'string' }), 'type', 'x{}'],
  ['an array as map', one({ type: 'map', values: 'int' }), one({ type: 'array', items: 'int' }), 'type', 'x'],
  ['a field of items of an array', one({ type: 'array', items: { type: 'record', name: 'I', fields: [{ name: 'n', type: 'int' }] } }), one({ type: 'array', items: { type: 'record', name: 'I', fields: [] } }), 'missing_default', 'x[].n'], // prettier-ignore
  ['a recursive record', list(), list(), null],
  ['a recursive record with a new field', list([{ name: 'n', type: 'int' }]), list(), 'missing_default', 'n'],
  ['a recursive record with a new field and default', list([{ name: 'n', type: 'int', default: 0 }]), list(), null],
  ['recursion to another depth', record([{ name: 'next', type: ['null', { type: 'record', name: 'S', aliases: ['R'], fields: [{ name: 'next', type: ['null', 'S'] }] }] }]), list(), null], // prettier-ignore
  ['a primitive schema', 'long', 'int', null],
  ['a primitive schema that does not fit', 'int', 'string', 'type', ''],
  ['an unused type that differs', one('int'), record([{ name: 'x', type: 'int' }, { name: 'y', type: enumOf(['A']) }]), null], // prettier-ignore
];

describe('resolution', () => {
  test.each(PAIRS.map((pair) => [...pair] as const))('%s', (_what, reader, writer, rule, path) => {
    const problems = resolutionProblems(reader, writer);
    expect(problems.map((problem) => problem.rule)).toEqual(rule === null ? [] : [rule]);
    if (rule !== null) expect(problems[0].path).toBe(path);
  });

  test('messages name the field, what is the matter, and what helps', () => {
    expect(resolutionProblems(one('int'), record([]))).toEqual([
      {
        path: 'x',
        rule: 'missing_default',
        message: 'field `x` is not in the data and has no default in the reader',
        fix: 'give it a default, or an alias if it was renamed',
        writerFix: 'keep the field: its readers have no default for it',
      },
    ]);
    expect(resolutionProblems(one(decimal(10, 4)), one(decimal(10, 2)))[0].message).toBe(
      'field `x` is decimal(10, 2) in the data and decimal(10, 4) in the reader',
    );
    expect(resolutionProblems(one('int'), one('long'))[0].fix).toContain('keep long');
  });

  test('all problems are found, not only the first', () => {
    const reader = record(['a', 'b', 'c'].map((name) => ({ name, type: 'int' })));
    expect(resolutionProblems(reader, record([{ name: 'b', type: 'string' }])).map(({ path }) => path)).toEqual(['a', 'b', 'c']);
  });

  test('a type used over and over within itself is judged once', () => {
    // Each level refers to the next twice, within unions: 2^40 comparisons if each were made.
    let schema: unknown = { type: 'record', name: 'L0', fields: [{ name: 'x', type: 'int' }] };
    let other: unknown = { type: 'record', name: 'L0', fields: [{ name: 'x', type: 'string' }] };
    for (let i = 1; i <= 40; i++) {
      const level = (inner: unknown): object => ({ type: 'record', name: `L${i}`, fields: [{ name: 'a', type: ['null', inner] }, { name: 'b', type: ['null', `L${i - 1}`] }] }); // prettier-ignore
      [schema, other] = [level(schema), level(other)];
    }
    expect(resolutionProblems(schema as AvroSchema, schema as AvroSchema)).toEqual([]);
    expect(resolutionProblems(schema as AvroSchema, other as AvroSchema).length).toBeGreaterThan(0);
  });
});

describe('levels', () => {
  const v1 = one('int');
  const v2 = record([{ name: 'x', type: 'int' }, { name: 'y', type: 'int', default: 0 }]); // prettier-ignore
  const required = record([{ name: 'x', type: 'int' }, { name: 'y', type: 'int' }]); // prettier-ignore
  const widened = one('long');
  const earlier = [
    { version: 1, schema: v1 },
    { version: 2, schema: v2 },
  ];

  test.each([
    ['NONE', one('string'), true],
    ['BACKWARD', widened, true],
    ['BACKWARD', required, true], // version 2 has y; only version 1 lacks it
    ['BACKWARD_TRANSITIVE', required, false],
    ['FORWARD', widened, false],
    ['FORWARD', required, true],
    ['FORWARD_TRANSITIVE', required, true],
    ['FULL', v1, true],
    ['FULL', widened, false],
    ['FULL', required, true],
    ['FULL_TRANSITIVE', required, false],
  ] as const)('%s: %j', (level, next, compatible) => {
    const check = checkCompatibility(next, earlier, level);
    expect(check.compatible).toBe(compatible);
    expect(check.messages.length === 0).toBe(compatible);
  });

  test('messages say the direction and the version', () => {
    expect(checkCompatibility(widened, earlier, 'FULL').messages).toEqual([
      'readers of version 2 cannot read the new data: field `x` is long in the data and int in the reader; keep int, or add a field of another name',
    ]);
    expect(checkCompatibility(required, earlier, 'BACKWARD_TRANSITIVE').messages[0]).toMatch(
      /^data of version 1 cannot be read: field `y` /,
    );
  });

  test('the first version fits every level', () => {
    expect(checkCompatibility(v1, [], 'FULL_TRANSITIVE')).toEqual({ compatible: true, messages: [] });
  });
});

describe('laws', () => {
  test('a schema can read itself, at every level', () => {
    fc.assert(
      fc.property(arbitrarySchema(), (schema) => {
        expect(resolutionProblems(schema, schema)).toEqual([]);
        expect(checkCompatibility(schema, [{ version: 1, schema }], 'FULL_TRANSITIVE').compatible).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('a field with a default may be added and taken away, at every level; one without only added forward', () => {
    fc.assert(
      fc.property(arbitrarySchema({ record: true }), (schema) => {
        const before = schema as { readonly [key: string]: unknown; readonly fields: readonly object[] };
        const added = (field: object): AvroSchema => ({ ...before, fields: [...before.fields, field] });
        const optional = added({ name: 'added', type: 'string', default: '' });
        const required = added({ name: 'added', type: 'string' });
        expect(checkCompatibility(optional, [{ version: 1, schema: before }], 'FULL').compatible).toBe(true);
        expect(checkCompatibility(before, [{ version: 1, schema: optional }], 'FULL').compatible).toBe(true);
        expect(checkCompatibility(required, [{ version: 1, schema: before }], 'FORWARD').compatible).toBe(true);
        expect(checkCompatibility(required, [{ version: 1, schema: before }], 'BACKWARD').compatible).toBe(false);
        expect(checkCompatibility(before, [{ version: 1, schema: required }], 'BACKWARD').compatible).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
