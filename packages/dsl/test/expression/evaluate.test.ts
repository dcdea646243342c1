import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '@rta/dsl';
import { canonicalLong, ExpressionError, showDecimal } from '@rta/dsl';
import { run, typed, typedColumn, valueOf } from './helpers.js';

const DAY = 86_400_000;
const ROW: Readonly<Record<string, Value>> = {
  b: true,
  i: 7,
  l: 9007199254740993n,
  f: Math.fround(0.1),
  d: 2.5,
  m: 1250n,
  s: 'Brno',
  e: 'cancelled',
  t: DAY,
  u: DAY + 0.001,
  day: 1,
  a: ['x', 'y'],
  map: new Map<string, Value>([['k', 5]]),
  r: { city: null, zip: 60200 },
  $time: 5000,
};

describe('values', () => {
  it.each<[string, Value]>([
    ['i + 1', 8],
    ['l + 1', 9007199254740994n],
    ['l - 9007199254740992', 1],
    ['i / 2', 3.5],
    ['i / (i - 7)', null],
    ['i % 4', 3],
    ['-i % 4', -3],
    ['i % (i - 7)', null],
    ['d % (d - 2.5)', null],
    ['-d', -2.5],
    ['f == 0.1', true],
    ['f == d', false],
    ['l == 9007199254740993', true],
    ['l > 9007199254740992', true],
    ['m + 1', 1350n],
    ['m * 1.5', 18750n],
    ['m / 3', 4166667n],
    ['-m / 3', -4166667n],
    ['m / (m - 12.5)', null],
    ['m % 5', 250n],
    ['m == 12.5', true],
    ['m > i', true],
    ['-m', -1250n],
    ['t + 1m', DAY + 60_000],
    ['u + 1m', DAY + 60_000.001],
    ['t - 1h', DAY - 3_600_000],
    ['u > t', true],
    ['(t - $time) / 1s', 86_395],
    ['t - $time > 1h', true],
    ['t > timestamp("1970-01-01T23:59:59Z")', true],
    ['date(t) == date("1970-01-02")', true],
    ['e == "cancelled"', true],
    ['e < "x"', true],
    ['concat(s, "-", e)', 'Brno-cancelled'],
    ['a[1]', 'y'],
    ['a[2]', null],
    ['a[-1]', null],
    ['a[ni]', null],
    ['map["k"]', 5],
    ['map["other"]', null],
    ['r.zip', 60200],
    ['r.city', null],
    ['nr.zip', null],
    ['r == nr', false],
    ['a == na', false],
    ['s in ["Praha", "Brno"]', true],
    ['s not in ["Praha"]', true],
    ['ns in ["a", null]', true],
    ['ns in ["a"]', false],
    ['ns == null', true],
    ['ns != "x"', true],
    ['ni < 5', null],
    ['ni + 1', null],
    ['-ni', null],
    ['not nb', null],
    ['ni ?? 5', 5],
    ['if(i > 5, "big", "small")', 'big'],
    ['if(nb, 1, 2)', 2],
    ['if(nb, 1)', null],
    ['lower(ns)', null],
    ['greatest(i, 5, 9)', 9],
    ['greatest(i, ni)', null],
    ['abs(i - 9)', 2],
    ['length(a)', 2],
    ['string(m)', '12.50'],
    ['round(m, 1)', 125n],
    ['floor(-m)', -13n],
    ['ceil(m)', 13n],
    ['double(m)', 12.5],
    ['long(-m)', -12],
    ['string(f)', '0.1'],
    ['string(u)', '1970-01-02T00:00:00.000001Z'],
  ])('%s is %s', (text, value) => {
    expect(valueOf(text, ROW)).toStrictEqual(value);
  });

  it('evaluates of `if` only what is needed', () => {
    expect(valueOf('if(i == 7, 1, long(s))', ROW)).toBe(1);
    expect(valueOf('b or long(s) == 1', ROW)).toBe(true);
    expect(() => valueOf('if(i != 7, 1, long(s))', ROW)).toThrow(ExpressionError);
  });

  it('a duration in a column is whole milliseconds', () => {
    expect(run(typedColumn('u - $time'), ROW)).toBe(DAY - 5000);
  });

  it.each([
    ['l * l', 'overflow'],
    ['int(l)', 'overflow'],
    ['long(d * 1e300)', 'overflow'],
    ['int(s)', 'cast'],
    ['timestamp(s)', 'cast'],
    ['timestamp(l)', 'domain'],
    ['decimal(i, 2, 2)', 'overflow'],
  ])('%s fails: %s', (text, code) => {
    expect(() => valueOf(text, ROW)).toThrow(expect.objectContaining({ name: 'ExpressionError', code }));
  });
});

describe('Kleene logic', () => {
  const values: readonly (boolean | null)[] = [true, false, null];
  const known = (value: Value): number => (value === null ? 0.5 : Number(value));
  const back = (value: number): Value => (value === 0.5 ? null : value === 1);

  it('is min, max and complement of 0, ½, 1', () => {
    const [and, or, not] = [typed('nb and nx', scope()), typed('nb or nx', scope()), typed('not nb', scope())];
    for (const nb of values) {
      expect(run(not, { nb })).toBe(back(1 - known(nb)));
      for (const nx of values) {
        expect(run(and, { nb, nx }), `${String(nb)} and ${String(nx)}`).toBe(back(Math.min(known(nb), known(nx))));
        expect(run(or, { nb, nx }), `${String(nb)} or ${String(nx)}`).toBe(back(Math.max(known(nb), known(nx))));
      }
    }
  });

  function scope() {
    const type = { kind: 'nullable', of: { kind: 'boolean' } } as const;
    return { columns: ['nb', 'nx'].map((name) => ({ name, type })), meta: {} };
  }
});

describe('arithmetic, beside an independent reference', () => {
  const small = fc.integer({ min: -1000, max: 1000 }).map(BigInt);
  const long = fc.oneof(
    small,
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    fc.constantFrom(2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n), -(2n ** 63n), 2n ** 63n - 1n),
  );
  const scope = { columns: ['x', 'y'].map((name) => ({ name, type: { kind: 'long' } as const })), meta: {} };

  it.each<[string, (x: bigint, y: bigint) => bigint | null]>([
    ['x + y', (x, y) => x + y],
    ['x - y', (x, y) => x - y],
    ['x * y', (x, y) => x * y],
    ['x % y', (x, y) => (y === 0n ? null : x % y)],
    ['div(x, y)', (x, y) => (y === 0n ? null : x / y)],
    ['mod(x, y)', (x, y) => (y === 0n ? null : x % y)],
    ['-x', (x) => -x],
    ['abs(x)', (x) => (x < 0n ? -x : x)],
    ['greatest(x, y)', (x, y) => (x > y ? x : y)],
    ['least(x, y)', (x, y) => (x < y ? x : y)],
    ['long(string(x))', (x) => x],
    ['round(x, -2)', (x) => (x < 0n ? -1n : 1n) * (((x < 0n ? -x : x) + 50n) / 100n) * 100n],
  ])('of longs: %s', (text, reference) => {
    const expr = typed(text, scope);
    fc.assert(
      fc.property(long, long, (x, y) => {
        const expected = reference(x, y);
        const row = { x: canonicalLong(x), y: canonicalLong(y) };
        if (expected !== null && expected !== BigInt.asIntN(64, expected)) {
          expect(() => run(expr, row)).toThrow(expect.objectContaining({ code: 'overflow' }));
        } else {
          const value = run(expr, row);
          expect(value === null ? null : BigInt(value as number | bigint)).toBe(expected);
          if (typeof value === 'bigint') expect(Number.isSafeInteger(Number(value))).toBe(false);
          expect(Object.is(value, -0)).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of comparisons of longs', () => {
    const expr = typed('x < y', scope);
    fc.assert(fc.property(long, long, (x, y) => run(expr, { x: canonicalLong(x), y: canonicalLong(y) }) === x < y));
    const equal = typed('x == y', scope);
    fc.assert(fc.property(long, long, (x, y) => run(equal, { x: canonicalLong(x), y: canonicalLong(y) }) === (x === y)));
  });

  it.each<[string, (x: number, y: number) => number | null]>([
    ['x + y', (x, y) => x + y],
    ['x - y', (x, y) => x - y],
    ['x * y', (x, y) => x * y],
    ['x / y', (x, y) => (y === 0 ? null : x / y)],
    ['x % y', (x, y) => (y === 0 ? null : x % y)],
  ])('of doubles: %s', (text, reference) => {
    const doubles = { columns: ['x', 'y'].map((name) => ({ name, type: { kind: 'double' } as const })), meta: {} };
    const expr = typed(text, doubles);
    fc.assert(fc.property(fc.double(), fc.double(), (x, y) => Object.is(run(expr, { x, y }), reference(x, y))));
  });

  it.each([
    ['x + y', (x: bigint, y: bigint) => [x * 10n + y, 1000n] as const],
    ['x - y', (x: bigint, y: bigint) => [x * 10n - y, 1000n] as const],
    ['x * y', (x: bigint, y: bigint) => [x * y, 100_000n] as const],
    ['x / y', (x: bigint, y: bigint) => [x * 10n, y] as const],
  ])('of decimals: %s', (text, reference) => {
    const columns = [
      { name: 'x', type: { kind: 'decimal', precision: 12, scale: 2 } as const },
      { name: 'y', type: { kind: 'decimal', precision: 9, scale: 3 } as const },
    ];
    const expr = typed(text, { columns, meta: {} });
    const type = expr.type.kind === 'nullable' ? expr.type.of : expr.type;
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 12n) + 1n, 10n ** 12n - 1n), fc.bigInt(-(10n ** 9n) + 1n, 10n ** 9n - 1n), (x, y) => {
        const [n, d] = reference(x, y);
        const value = run(expr, { x, y }) as bigint | null;
        if (d === 0n) return value === null;
        if (value === null || type.kind !== 'decimal') return false;
        // |value / 10^scale - n / d| <= half a unit of the last digit.
        const difference = value * d - n * 10n ** BigInt(type.scale);
        const distance = 2n * (difference < 0n ? -difference : difference);
        return distance <= (d < 0n ? -d : d) && (value < 0n ? -value : value) < 10n ** BigInt(type.precision);
      }),
    );
  });
});

describe('null', () => {
  it('in any operand makes arithmetic, comparison and calls null', () => {
    const texts = [
      'ni + nl',
      'ni * nl',
      'nl / ni',
      'nl % ni',
      'ni < nl',
      'div(ni, nl)',
      'greatest(ni, nl)',
      'nt - nu',
      'nm / nm',
      'concat(ns, ne)',
    ];
    const values: Readonly<Record<string, Value>> = { ni: 1, nl: 2, nt: 3, nu: 4, nm: 5n, ns: 'x', ne: 'completed' };
    for (const text of texts) {
      const expr = typed(text);
      expect(run(expr, values), text).not.toBeNull();
      for (const name of Object.keys(values).filter((one) => new RegExp(`\\b${one}\\b`).test(text))) {
        expect(run(expr, { ...values, [name]: null }), `${text} without ${name}`).toBeNull();
      }
    }
  });
});

describe('decimals as text', () => {
  it('have all their digits', () => {
    expect([showDecimal(-5n, 2), showDecimal(0n, 2), showDecimal(123n, 0), showDecimal(-12345n, 3)]).toEqual([
      '-0.05',
      '0.00',
      '123',
      '-12.345',
    ]);
  });
});
