import { describe, expect, it } from 'vitest';
import { parseTime, zeroValue, type Type, type Value } from '../src/index.js';
import { compileText } from './compile-file.js';

describe('times of tests', () => {
  function check(text: string, expected: string | number | null): void {
    expect(parseTime(text)).toBe(typeof expected === 'string' ? Date.parse(expected) : expected);
  }

  it.each([
    ['12:00:10', '2000-01-01T12:00:10Z'],
    ['11:56', '2000-01-01T11:56:00Z'],
    ['9:05', '2000-01-01T09:05:00Z'],
    ['00:00:00.25', '2000-01-01T00:00:00.250Z'],
    ['2026-07-01', '2026-07-01T00:00:00Z'],
    ['2026-07-01T12:00', '2026-07-01T12:00:00Z'],
    ['2026-07-01 12:00:01Z', '2026-07-01T12:00:01Z'],
    ['2026-07-01T12:00:01.5+02:00', '2026-07-01T10:00:01.500Z'],
    ['2026-07-01T12:00:00-0130', '2026-07-01T13:30:00Z'],
    ['1751371200000', 1_751_371_200_000],
    ['-1', -1],
    ['', null],
    ['24:00', null],
    ['12:60', null],
    ['12', 12],
    ['2026-02-30', null],
    ['2026-13-01', null],
    ['noon', null],
    ['Z', null],
    ['2026-07-0112:00', null],
  ] as const)('%s', check);
});

describe('values of tests', () => {
  /** What a value of a ride's column becomes; null where it is refused. */
  function check(column: string, written: string, expected: Value | undefined, digits: number | null = null): void {
    const text = `pipeline: p\nsource: rides\nsink: { topic: out }\ntests:\n  t:\n    expect:\n      out:\n        - { ${column}: ${written} }\n`;
    const { plan } = compileText(text);
    expect(plan?.tests[0].expect[0].rows[0].values[column]).toEqual(expected === undefined ? undefined : { value: expected, digits });
  }

  it.each([
    ['user_id', 'no', 'no'],
    ['user_id', '007', '007'],
    ['user_id', '12:00:10', '12:00:10'],
    ['user_id', '1.50', '1.50'],
    ['user_id', '"null"', 'null'],
    ['user_id', '""', ''],
    ['user_id', 'null', undefined],
    ['city', '~', null],
    ['driver_id', '9007199254740991', 9_007_199_254_740_991],
    ['driver_id', '9007199254740993', 9_007_199_254_740_993n],
    ['driver_id', '-9223372036854775808', -9_223_372_036_854_775_808n],
    ['driver_id', '9223372036854775808', undefined],
    ['driver_id', '1.0', undefined],
    ['fare', '9.5', 950n],
    ['fare', '-0.05', -5n],
    ['fare', '1.100', 110n],
    ['fare', '1.005', undefined],
    ['fare', '123456789.00', undefined],
    ['event_type', 'cancelled', 'cancelled'],
    ['paid', 'true', true],
    ['paid', 'yes', undefined],
    ['timestamp', '00:00', 946_684_800_000],
    ['day', '1970-01-02', 1],
    ['tags', '[a, 1]', ['a', '1']],
    ['attributes', '{ a: 1 }', new Map([['a', '1']])],
    ['pickup', '{ lat: 1.5 }', { lat: 1.5, lon: 0, zone: null }],
  ] as const)('%s: %s', (column, written, expected) => check(column, written, expected as Value | undefined));

  it.each([
    ['20', 20, 0],
    ['20.0', 20, 1],
    ['1.333333', 1.333333, 6],
    ['.5', 0.5, 1],
    ['1.5e-7', 1.5e-7, 8],
    ['1e6', 1e6, 0],
    ['.nan', NaN, null],
    ['-.inf', -Infinity, null],
  ] as const)('digits of %s', (written, value, digits) => check('surge', written, value, digits));
});

describe('what a test does not name', () => {
  function check(type: Type, expected: Value): void {
    expect(zeroValue(type)).toEqual(expected);
  }

  it('is null, or the zero of its type', () => {
    check({ kind: 'nullable', of: { kind: 'string' } }, null);
    check({ kind: 'string' }, '');
    check({ kind: 'boolean' }, false);
    check({ kind: 'decimal', precision: 3, scale: 1 }, 0n);
    check({ kind: 'enum', name: 'E', symbols: ['a', 'b'] }, 'a');
    check({ kind: 'timestamp', unit: 'millis' }, 0);
    check({ kind: 'record', name: 'R', fields: [{ name: 'x', type: { kind: 'array', items: { kind: 'int' } } }] }, { x: [] });
  });
});
