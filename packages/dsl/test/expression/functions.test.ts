import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ast, Column, FunctionSpec, Type, TypedExpr, Value } from '@rta/dsl';
import {
  calleeOf,
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
import { nativeFunction } from '../../src/expression/functions/foreign.js';
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
    // A call without arguments is computed when it is checked.
    if (!spec.signature.endsWith('()')) expect(JSON.stringify(expr)).toContain(`"${spec.name}`);
  });

  /** The expression with its literals put into columns; no tree where an argument must be a literal. */
  function throughColumns(text: string) {
    const columns: Column[] = [];
    const row: Record<string, Value> = {};
    const replace = (ast: Ast): Ast => {
      if (ast.kind === 'call') return { ...ast, args: ast.args.map(replace) };
      if (ast.kind === 'array') return { ...ast, items: ast.items.map(replace) };
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

  it('has a native answer for words of others, and none of its own words', () => {
    for (const spec of functionLibrary.values()) expect(nativeFunction(spec.name), spec.name).toBeUndefined();
    for (const word of ['NVL', 'REGEXP_EXTRACT', 'SUBSTR', 'LPAD', 'UUID', 'SPLIT_INDEX'])
      expect(nativeFunction(word), word).toMatch(/^use|^results/);
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

describe('more of texts', () => {
  it.each([
    ['right("a😀b", 2)', '😀b'],
    ['left("ab", -1)', ''],
    ['right("ab", 9223372036854775807)', 'ab'],
    ['indexOf("😀ab", "b")', 2],
    ['padStart("😀", 3, "ab")', 'ab😀'],
    ['padStart("x", 3, "")', 'x'],
    ['padEnd("x", 4, "😀a")', 'x😀a😀'],
    ['repeat("x", -3)', ''],
    ['repeat("", 5)', ''],
    ['reverse("a😀b")', 'b😀a'],
    ['join(na, "-")', null],
    ['fromBase64("bsOpPw")', 'né?'],
    ['fromBase64("a")', null],
    ['fromBase64("/w==")', null],
    ['toHex(y)', '00ff'],
    [
      'md5(y)',
      createHash('md5')
        .update(Buffer.from([0, 255]))
        .digest('hex'),
    ],
    ['urlHost("//[::1]:80/x")', '[::1]'],
    ['urlHost("http://:80/")', null],
    ['urlHost("mailto:a@b.c")', null],
    ['urlPath("http://a.b")', ''],
    ['urlPath("http://a.b?x=/y")', ''],
    ['urlParam("?a&b=1&b=2&c=%zz&d%20e==#f", "a")', ''],
    ['urlParam("?a&b=1&b=2&c=%zz&d%20e==#f", "b")', '1'],
    ['urlParam("?a&b=1&b=2&c=%zz&d%20e==#f", "c")', null],
    ['urlParam("?a&b=1&b=2&c=%zz&d%20e==#f", "d e")', '='],
    ['urlParam("?a&b=1&b=2&c=%zz&d%20e==#f", "f")', null],
  ])('%s is %j', (text, value) => {
    expect(valueOf(text, { y: new Uint8Array([0, 255]) })).toStrictEqual(value);
  });

  it('joins what is there', () => {
    const items: Type = { kind: 'array', items: { kind: 'nullable', of: { kind: 'string' } } };
    const expr = typed('join(x, ",")', { columns: [{ name: 'x', type: items }], meta: {} });
    expect(run(expr, { x: ['a', null, 'b'] })).toBe('a,b');
  });

  it('makes no giants', () => {
    expect(() => valueOf('repeat(s, l)', { s: 'abc', l: 2n ** 62n })).toThrow('more than 1000000');
    expect(() => valueOf('padEnd(s, l)', { s: 'abc', l: 2_000_000 })).toThrow('more than 1000000');
  });
});

describe('bits and buckets', () => {
  it.each([
    ['bitAnd(l, -1)', -(2n ** 63n)],
    ['bitOr(4294967296, 1)', 4294967297],
    ['bitXor(-1, 0)', -1],
    ['bitNot(l)', 2n ** 63n - 1n],
    ['shiftLeft(1, 63)', -(2n ** 63n)],
    ['shiftLeft(1, 64)', 0],
    ['shiftRight(l, 100)', -1],
    ['sign(l)', -1],
    ['widthBucket(-1, 0, 10, 5)', 0],
    ['widthBucket(0, 0, 10, 5)', 1],
    ['widthBucket(9.99, 0, 10, 5)', 5],
    ['nullIf(l, null)', -(2n ** 63n)],
    ['nullIf(null, 1)', null],
    ['nullIf(i, 1.0)', null],
  ])('%s is %s', (text, value) => {
    expect(valueOf(text, { l: -(2n ** 63n), i: 1 })).toStrictEqual(value);
  });
});

describe('regular expressions', () => {
  it.each([
    ['matches("a\\nb", "^b")', false],
    ['matches("a\\nb", "(?m)^b")', true],
    ['matches("😀", "^.$")', true],
    ['extract("ab", "(a)|(b)", 2)', null],
    ['extract("ab", "b|(x)")', null],
    ['extract("ab", "b|(x)", 0)', 'b'],
    ['extractAll("aXbX", "x?")', ['', '', '', '', '']],
    ['replaceRegex("abc", "", "-")', '-a-b-c-'],
    ['replaceRegex("abc", "x", "-")', 'abc'],
    ['replaceRegex("abc", "b", "")', 'ac'],
    ['replaceRegex("a", "a", "")', ''],
    ['replaceRegex("a1", "(?P<d>[0-9])|z(y)", "<${d}$2$$$0>")', 'a<1$1>'],
    ['splitRegex("abc", "x*")', ['abc']],
    ['splitRegex(",a,", ",")', ['', 'a', '']],
  ])('%s is %j', (text, value) => {
    expect(valueOf(text)).toStrictEqual(value);
    const columns = text.replace(/^(\w+)\(("[^"]*")/, '$1(s');
    expect(valueOf(columns, { s: JSON.parse(/"[^"]*"/.exec(text)![0]) })).toStrictEqual(value);
  });

  it('take time in proportion to the text, whatever the pattern', () => {
    // Backtracking, each of these takes longer than the universe has lasted.
    const row = { s: `${'a'.repeat(20_000)}!` };
    const start = performance.now();
    for (const pattern of ['^(a+)+$', '^(a|aa)+$', '(a*)*b', '^(.*a){20}$', '(x+x+)+y'])
      expect(valueOf(`matches(s, "${pattern}")`, row), pattern).toBe(false);
    expect(valueOf('extract(s, "^((a+)+)$")', row)).toBeNull();
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it('compile their pattern once', () => {
    const expr = typed('matches(s, "^a")') as TypedExpr & { kind: 'call' };
    expect(calleeOf(expr)).toBe(calleeOf(expr));
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
