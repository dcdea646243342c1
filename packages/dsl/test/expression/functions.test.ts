import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ast, Column, FunctionSpec, Value } from '@rta/dsl';
import {
  checkExpression,
  closest,
  compareStrings,
  functionFamilies,
  functionLibrary,
  functionRuntime,
  parseDuration,
  parseExpression,
  parseTimestamp,
} from '@rta/dsl';
import { plainSource, showDuration, showTimestamp } from '@rta/dsl';
import { roundDouble } from '../../src/expression/functions/math.js';
import { run, typed, valueOf } from './helpers.js';

const examples = [...functionLibrary.values()].flatMap((spec) =>
  spec.examples.map((example) => [example.expression, example.value, spec] as const),
);

describe('examples', () => {
  it.each(examples)('%s is %s', (expression, value) => {
    expect(valueOf(expression)).toStrictEqual(value);
  });

  it.each(examples)('%s, computed from columns rather than literals', (expression, value, spec) => {
    const { expr, row } = throughColumns(expression);
    if (expr === null) return;
    expect(run(expr, row)).toStrictEqual(value);
    expect(JSON.stringify(expr)).toContain(`"${spec.name}`);
  });

  /** The expression with its literals put into columns; no tree where an argument must be a literal. */
  function throughColumns(text: string) {
    const columns: Column[] = [];
    const row: Record<string, Value> = {};
    const replace = (ast: Ast): Ast => {
      if (ast.kind === 'call') return { ...ast, args: ast.args.map(replace) };
      if (ast.kind === 'index') return { ...ast, of: replace(ast.of) };
      if (ast.kind === 'binary') return { ...ast, left: replace(ast.left), right: replace(ast.right) };
      const { expr } = checkExpression(ast, { columns: [], meta: {} });
      if (expr?.kind !== 'literal') throw new Error(text);
      const name = `c${columns.length}`;
      columns.push({ name, type: expr.type });
      row[name] = expr.value;
      return { kind: 'name', name, span: ast.span };
    };
    const ast = replace(parseExpression(plainSource(text)).ast!);
    return { expr: checkExpression(ast, { columns, meta: {} }).expr, row };
  }
});

describe('the library', () => {
  it.each([...functionLibrary.values()].map((spec) => [spec.name, spec] as const))('%s has its docs', (name, spec: FunctionSpec) => {
    expect(spec.signature.startsWith(`${name}(`)).toBe(true);
    expect(spec.summary).not.toBe('');
    expect(spec.examples.length).toBeGreaterThan(0);
    for (const [fn, run] of Object.entries(spec.runtime)) expect(functionRuntime[fn], `${fn} is defined twice`).toBe(run);
  });

  it('has each function once', () => {
    const names = Object.values(functionFamilies).flatMap((family) => family.map((spec) => spec.name));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('round', () => {
  it.each([
    [2.5, 0, 3],
    [-2.5, 0, -3],
    [0.5, 0, 1],
    [-0.4, 0, 0],
    [1.005, 2, 1.01],
    [1.255, 2, 1.26],
    [1.45, 1, 1.5],
    [8.345, 2, 8.35],
    [1e21, 2, 1e21],
    [1.5e-7, 7, 2e-7],
    [123456.789, -3, 123000],
    [1.333333333, 6, 1.333333],
    [0.1 + 0.2, 15, 0.3],
    [5e-324, 323, 1e-323],
    [Infinity, 2, Infinity],
  ])('%d to %i digits is %d', (x, digits, value) => {
    expect(roundDouble(x, digits)).toBe(value);
  });

  it('does on its fast path what it does by text', () => {
    const exact = (x: number, digits: number): number => {
      const [whole, fraction = ''] = Math.abs(x).toFixed(20).split('.');
      const short = String(Math.abs(x)).includes('e') ? `${whole}.${fraction}` : String(Math.abs(x));
      const [a, b = ''] = short.split('.');
      const unscaled = BigInt(a + b.padEnd(digits + 1, '0').slice(0, digits + 1));
      return Number(`${(unscaled + 5n) / 10n}e-${digits}`) * Math.sign(x) + 0;
    };
    const x = fc.oneof(
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1000),
    );
    fc.assert(
      fc.property(
        x,
        fc.integer({ min: 0, max: 8 }),
        (value, digits) => Math.abs(value) < 1e-5 || roundDouble(value, digits) === exact(value, digits),
      ),
    );
  });
});

describe('texts', () => {
  it('have an order by code point, which is that of their bytes', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 5 }), fc.constantFrom('\uffff', '😀', '\ue000', 'a😀', 'a\uffff'));
    fc.assert(
      fc.property(text, text, (a, b) => Math.sign(compareStrings(a, b)) === Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)))),
      { numRuns: 1000 },
    );
  });

  it('are cut by code points', () => {
    expect(valueOf('substring("a😀b", 1, 1)')).toBe('😀');
    expect(valueOf('substring("abc", -5, 2)')).toBe('ab');
    expect(valueOf('split("a😀", "")')).toEqual(['a', '😀']);
    expect(valueOf('replace("a$&b", "$&", "$1")')).toBe('a$1b');
  });
});

describe('times and durations', () => {
  it.each([
    ['2024-05-01', Date.UTC(2024, 4, 1)],
    ['2024-05-01T10:20', Date.UTC(2024, 4, 1, 10, 20)],
    ['2024-05-01 10:20:30', Date.UTC(2024, 4, 1, 10, 20, 30)],
    ['2024-05-01T10:20:30.5Z', Date.UTC(2024, 4, 1, 10, 20, 30, 500)],
    ['2024-05-01T10:20:30.123456+02:00', Date.UTC(2024, 4, 1, 8, 20, 30, 123) + 0.456],
    ['0001-01-01', -62135596800000],
    ['2024-02-30', null],
    ['2024-13-01', null],
    ['2024-05-01T24:00', null],
    ['12:00', null],
    ['', null],
  ])('timestamp %s', (text, ms) => {
    if (ms === null) expect(parseTimestamp(text)).toBeNull();
    else expect(parseTimestamp(text)).toBeCloseTo(ms, 3);
  });

  it('are written as they are read', () => {
    fc.assert(fc.property(fc.integer({ min: -62135596800000, max: 253402300799999 }), (ms) => parseTimestamp(showTimestamp(ms)) === ms));
    fc.assert(fc.property(fc.integer({ min: 0, max: 10_000_000_000 }), (ms) => parseDuration(showDuration(ms)) === ms));
  });

  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['10ms', 10],
    ['1d2h3m4s5ms', 93_784_005],
    ['m', null],
    ['30m1h', null],
    ['5m5m', null],
    ['1.5h', null],
    ['5 m', null],
  ])('duration %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('did you mean', () => {
  it.each([
    ['user_idd', 'user_id'],
    ['userId', 'user_id'],
    ['uesr_id', 'user_id'],
    ['scroe', 'score'],
    ['SCORE', 'score'],
    ['banana', null],
    ['x', null],
  ])('%s: %s', (word, found) => {
    expect(closest(word, ['user_id', 'score', 'city', 'y'])).toBe(found);
  });
});

describe('literal calls', () => {
  it('are computed when they are checked', () => {
    expect(typed('t > timestamp("1970-01-02")')).toMatchObject({
      right: { kind: 'literal', value: 86_400_000, type: { kind: 'timestamp' } },
    });
  });
});
