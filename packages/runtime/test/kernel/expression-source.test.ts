/** Generated expressions against the language's own evaluator: same values, same errors. */
import {
  checkExpression,
  type Column,
  evaluate,
  ExpressionError,
  parseExpression,
  plainSource,
  type Scope,
  STREAM_META,
  type Type,
  type TypedExpr,
  type Value,
} from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionSource, expressionSource } from '../../src/kernel/expression-source.js';
import { Code, Constants, makeFunction } from '../../src/kernel/generate/code.js';
import { type Operand, valueOperand } from '../../src/kernel/generate/operand.js';
import { mayThrow } from '../../src/plan/may-throw.js';

const TYPES: Readonly<Record<string, Type>> = {
  b: { kind: 'boolean' },
  i: { kind: 'int' },
  l: { kind: 'long' },
  f: { kind: 'float' },
  d: { kind: 'double' },
  m: { kind: 'decimal', precision: 10, scale: 2 },
  s: { kind: 'string' },
  e: { kind: 'enum', name: 'Kind', symbols: ['requested', 'completed', 'cancelled'] },
  t: { kind: 'timestamp', unit: 'millis' },
  u: { kind: 'timestamp', unit: 'micros' },
  day: { kind: 'date' },
  a: { kind: 'array', items: { kind: 'string' } },
  map: { kind: 'map', values: { kind: 'long' } },
  r: { kind: 'record', name: 'R', fields: [{ name: 'zip', type: { kind: 'int' } }] },
};
const COLUMNS: readonly Column[] = Object.entries(TYPES).flatMap(([name, type]): Column[] => [
  { name, type },
  { name: `n${name}`, type: { kind: 'nullable', of: type } },
]);
const SCOPE: Scope = { columns: COLUMNS, meta: STREAM_META };

const { text } = fc.letrec<Record<'text' | 'whole' | 'real' | 'bool' | 'str' | 'time', string>>((tie) => {
  const pair = (of: 'whole' | 'real' | 'bool' | 'str' | 'time', ops: readonly string[]) =>
    fc.tuple(tie(of), fc.constantFrom(...ops), tie(of)).map(([x, op, y]) => `(${x} ${op} ${y})`);
  const branch = (of: 'whole' | 'real' | 'str' | 'bool') =>
    fc.tuple(tie('bool'), tie(of), tie(of)).map(([c, x, y]) => `if(${c}, ${x}, ${y})`);
  const orElse = (of: 'whole' | 'real' | 'str' | 'bool') => fc.tuple(tie(of), tie(of)).map(([x, y]) => `(${x} ?? ${y})`);
  const calls = (of: 'whole' | 'real' | 'str' | 'time', names: readonly string[]) =>
    fc.tuple(fc.constantFrom(...names), tie(of)).map(([fn, x]) => `${fn}(${x})`);
  const leaf = (...leaves: string[]) => fc.constantFrom(...leaves);
  return {
    text: fc.oneof(tie('whole'), tie('real'), tie('bool'), tie('str'), tie('time')),
    whole: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf('i', 'l', 'ni', 'nl', '0', '1', '-5', '9007199254740991', '9223372036854775807', 'map["x"]', 'nr.zip', 'r.zip', 'nmap["y"]'),
      pair('whole', ['+', '-', '*', '%']),
      branch('whole'),
      orElse('whole'),
      calls('whole', ['abs', '-', 'bitNot']),
      calls('real', ['sign']),
      fc
        .tuple(fc.constantFrom('bitAnd', 'bitOr', 'bitXor', 'shiftLeft', 'shiftRight', 'nullIf'), tie('whole'), tie('whole'))
        .map(([fn, x, y]) => `${fn}(${x}, ${y})`),
      fc.tuple(tie('whole'), leaf('0', 'i', 'd')).map(([x, low]) => `widthBucket(${x}, ${low}, 10, 3)`),
      calls('str', ['length']),
      calls('time', ['year', 'week', 'dayOfYear', 'hour', 'second']),
      tie('time').map((x) => `dayOfWeek(${x}, "Australia/Lord_Howe")`),
      leaf('day', 'nday', 'addDays(day, i)', 'truncate(nday, "quarter")').map((x) => `(month(${x}) + daysBetween(day, ${x}))`),
      fc.tuple(tie('str'), tie('str')).map(([x, y]) => `(indexOf(${x}, ${y}) ?? 7)`),
      fc.tuple(tie('whole'), tie('whole')).map(([x, y]) => `greatest(${x}, ${y})`),
    ),
    real: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf('d', 'nd', 'f', 'nf', '1.5', '0.0', 'm', 'nm'),
      tie('whole'),
      pair('real', ['+', '-', '*', '/', '%']),
      branch('real'),
      orElse('real'),
      calls('real', ['-', 'round']),
      leaf('d', 'nd', 'f', 'l').map((x) => `atan2(sin(${x}), log10(abs(${x})))`),
    ),
    bool: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf(
        'b',
        'nb',
        'true',
        'false',
        's == "x"',
        's != "requested"',
        'ns == "x"',
        'e == "requested"',
        'ne != "completed"',
        'ns == null',
        's in ["x", "y", "ä"]',
      ),
      leaf(
        'ns in ["x", "ü"]',
        'i in [1, 2, 3]',
        'e in ["requested"]',
        'nl not in [1, 2]',
        'l in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]',
        'd == nd',
        'a == na',
        'nd != null',
        'm == nm',
      ),
      pair('whole', ['==', '!=', '<', '<=', '>', '>=']),
      pair('real', ['==', '!=', '<', '<=', '>', '>=']),
      pair('str', ['==', '!=', '<', '<=', '>', '>=']),
      pair('time', ['==', '!=', '<', '<=', '>', '>=']),
      pair('bool', ['and', 'or', '==', '!=']),
      tie('bool').map((x) => `(not ${x})`),
      orElse('bool'),
      leaf('d', 'nd', 'l').map((x) => `isNaN(${x})`),
      fc.tuple(fc.constantFrom('startsWith', 'endsWith', 'contains'), tie('str'), tie('str')).map(([fn, x, y]) => `${fn}(${x}, ${y})`),
      tie('str').map((x) => `matches(${x}, "^[a-z]+e|\u00e4")`),
    ),
    str: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaf('s', 'ns', 'e', 'ne', '"x"', '""', '"requested"', 'a[0]', 'a[i]', 'na[1]', '"\u{1F600}"', '"\uFF5E"', '"é"'),
      branch('str'),
      orElse('str'),
      calls('str', ['lower', 'upper', 'trim', 'trimStart', 'trimEnd', 'capitalize', 'reverse', 'md5', 'toBase64', 'urlEncode']),
      fc.tuple(tie('time'), leaf('"Europe/Prague"', 's')).map(([x, z]) => `formatTime(${x}, "yy/MMM/d H:mm:ss.SSSSSS XXX", ${z})`),
      calls('str', ['fromBase64', 'fromHex', 'urlDecode', 'urlHost', 'urlPath']),
      fc
        .tuple(fc.constantFrom('left', 'right', 'repeat', 'padStart'), tie('str'), tie('whole'))
        .map(([fn, x, n]) => `${fn}(${x}, ${n} % 7)`),
      fc.tuple(tie('str'), tie('str')).map(([x, y]) => `join(split(${x}, ${y}), ${y})`),
      fc.tuple(tie('str'), tie('str')).map(([x, y]) => `urlParam(concat("?", ${x}, "=", ${y}), ${x})`),
      tie('str').map((x) => `extract(${x}, "(?P<a>[a-f]+)|(x)", "a")`),
      tie('str').map((x) => `replaceRegex(${x}, "[e-q]+(.)?", "<$1>")`),
      tie('str').map((x) => `(extractAll(${x}, ".e")[0] ?? splitRegex(${x}, " +")[1])`),
      pair('str', ['+']),
    ),
    time: fc.oneof(
      { maxDepth: 2 },
      leaf('t', 'nt', 'u', '$time'),
      tie('time').map((x) => `truncate(${x}, "day")`),
      fc
        .tuple(tie('time'), leaf('"hour"', '"week"', '"year"'), leaf('s', 'ns', '"Europe/Prague"'))
        .map(([x, u, z]) => `truncate(${x}, ${u}, ${z})`),
      fc.tuple(tie('time'), leaf('i', 'ni', '-3')).map(([x, n]) => `addMonths(${x}, ${n} % 99, "America/New_York")`),
      leaf('s', 'ns', 'formatTime(t, "d.M.yyyy")').map((x) => `parseTime(${x}, "d.M.yyyy", "Asia/Tokyo")`),
      fc.tuple(tie('time'), leaf('5m', '1ms', '-2h')).map(([x, d]) => `(${x} + ${d})`),
    ),
  };
});

const long = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.constantFrom(2 ** 53 - 1, -(2 ** 53) + 1, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 3037000500),
);
const double = fc.oneof(fc.constantFrom(0, -0, 1.5, -2.25, NaN, Infinity, 1e308, 0.1), fc.integer({ min: -3, max: 3 }));
const string = fc.constantFrom('x', 'y', '', 'requested', 'ä', '\u{1F600}', '\uFF5E', ' Long enough to be more than sixteen bytes');
const VALUES: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  b: fc.boolean(),
  i: fc.integer({ min: -5, max: 2 ** 31 - 1 }),
  l: long,
  f: double.map(Math.fround),
  d: double,
  m: fc.bigInt({ min: -500n, max: 9_999_999_999n }),
  s: string,
  e: fc.constantFrom('requested', 'completed', 'cancelled'),
  t: fc.integer({ min: -1000, max: 2_000_000_000 }),
  u: fc.integer({ min: -1000, max: 2_000_000_000 }).map((n) => n / 8),
  day: fc.integer({ min: -10, max: 20_000 }),
  a: fc.array(string, { maxLength: 2 }),
  map: long.map((value) => new Map([['x', value]])),
  r: fc.integer({ min: -2, max: 2 }).map((zip) => ({ zip })),
};
const row: fc.Arbitrary<Readonly<Record<string, Value>>> = fc.record(
  Object.fromEntries(
    Object.entries(VALUES).flatMap(
      ([name, value]) =>
        [
          [name, value],
          [`n${name}`, fc.option(value)],
        ] as const,
    ),
  ),
);

function typed(source: string): TypedExpr | null {
  const { ast, diagnostics } = parseExpression(plainSource(source));
  return ast === null || diagnostics.length > 0 ? null : checkExpression(ast, SCOPE).expr;
}

/** Columns as a scan has them: texts as bytes. */
function operands(): Map<string, Operand> {
  return new Map(
    COLUMNS.map(({ name, type }): [string, Operand] => {
      const value = `row[${JSON.stringify(name)}]`;
      if (name !== 's' && name !== 'ns') return [name, valueOperand(type, value)];
      const bytes = `bytes[${JSON.stringify(name)}]`;
      const isNull = name === 'ns' ? `(${value} === null)` : null;
      return [name, { ...valueOperand(type, value), isNull, text: { bytes, start: '2', end: `(${bytes}.length - 1)` } }];
    }),
  );
}

type Compiled = (row: unknown, bytes: unknown) => Value;

function compile(source: (scope: Parameters<typeof expressionSource>[1], code: Code) => string): Compiled {
  const constants = new Constants();
  const code = new Code(constants);
  const columns = operands();
  const result = source({ column: (name) => columns.get(name)!, meta: () => '12345', accumulator: () => columns.get('l')! }, code);
  return makeFunction<Compiled>(constants, `return function (row, bytes) {\n${code.toString()}\nreturn ${result};\n};`);
}

function outcome(run: () => Value): unknown {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { error: error.code };
  }
}

const bytesOf = (values: Readonly<Record<string, Value>>) =>
  Object.fromEntries(['s', 'ns'].map((name) => [name, new TextEncoder().encode(`..${(values[name] as string | null) ?? ''}.`)]));

describe('generated expressions', () => {
  it('give what the evaluator gives', () => {
    let checked = 0;
    fc.assert(
      fc.property(text, fc.array(row, { minLength: 1, maxLength: 4 }), (source, rows) => {
        const expr = typed(source);
        if (expr === null) return;
        checked++;
        const compiled = compile((scope, code) => expressionSource(expr, scope, code));
        for (const values of rows) {
          const expected = outcome(() => evaluate(expr, { column: (name) => values[name], meta: () => 12345, accumulator: () => null }));
          const actual = outcome(() => compiled(values, bytesOf(values)));
          expect(actual).toEqual(expected);
          if ('error' in (expected as object)) expect(mayThrow(expr)).toBe(true);
          if (expr.type.kind !== 'boolean' && !(expr.type.kind === 'nullable' && expr.type.of.kind === 'boolean')) continue;
          const condition = compile((scope, code) => conditionSource(expr, scope, code));
          const isTrue = outcome(() => condition(values, bytesOf(values)));
          expect(isTrue).toEqual('error' in (expected as object) ? expected : { value: (expected as { value: Value }).value === true });
        }
      }),
      { numRuns: 3000 },
    );
    expect(checked).toBeGreaterThan(1000);
  }, 120_000);

  it('quotes what users write', () => {
    const expr = typed('if(s == "\\u2028\\"); throw 1; (\\"", "\\u2029`${1}", s)')!;
    const compiled = compile((scope, code) => expressionSource(expr, scope, code));
    const values = { s: '\u2028"); throw 1; ("' };
    expect(compiled(values, bytesOf(values))).toBe('\u2029`${1}');
  });

  it('does not compile what nests without end', () => {
    let expr = typed('b')!;
    for (let i = 0; i < 300; i++) expr = { kind: 'unary', op: 'not', operand: expr, type: expr.type, span: expr.span };
    expect(() => compile((scope, code) => expressionSource(expr, scope, code))).toThrow('nests deeper');
  });
});
