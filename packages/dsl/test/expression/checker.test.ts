import { describe, expect, it } from 'vitest';
import type { Scope } from '@rta/dsl';
import { checkColumnExpression, checkCondition, nullable, parseExpression, plainSource, showType } from '@rta/dsl';
import { SCOPE, parse, typed, typedColumn, typeOf } from './helpers.js';

describe('types', () => {
  it.each([
    // literals and names
    ['1', 'int'],
    ['2147483648', 'long'],
    ['-9223372036854775808', 'long'],
    ['1.5', 'double'],
    ['"x"', 'string'],
    ['5m', 'duration'],
    ['null', 'null'],
    ['ni', 'int?'],
    ['$time', 'timestamp'],
    ['$key', 'string?'],
    ['r.zip', 'int'],
    ['r.city', 'string?'],
    ['nr.zip', 'int?'],
    ['a[0]', 'string?'],
    ['map["x"]', 'long?'],
    // arithmetic
    ['i + i', 'long'],
    ['i * l', 'long'],
    ['-i', 'long'],
    ['ni + 1', 'long?'],
    ['f + i', 'double'],
    ['-f', 'double'],
    ['l / i', 'double?'],
    ['l / 2', 'double'],
    ['nl / 2', 'double?'],
    ['l % 2', 'long'],
    ['l % i', 'long?'],
    ['d % d', 'double?'],
    ['m + m', 'decimal(11, 2)'],
    ['m + i', 'decimal(13, 2)'],
    ['m + 1', 'decimal(11, 2)'],
    ['m * m', 'decimal(20, 4)'],
    ['m * 0.15', 'decimal(12, 4)'],
    ['m * -1', 'decimal(11, 2)'],
    ['m / m', 'decimal(16, 6)?'],
    ['m / 3', 'decimal(14, 6)'],
    ['m % 7', 'decimal(10, 2)'],
    ['m * m * m * m', 'decimal(38, 8)'],
    // times
    ['t + 5m', 'timestamp'],
    ['5m + t', 'timestamp'],
    ['t - 1d', 'timestamp'],
    ['t - t', 'duration'],
    ['nt - t', 'duration?'],
    ['t - u', 'duration'],
    ['5m + 1h', 'duration'],
    ['(t - nt) / 1m', 'double?'],
    ['(t - t) / 1m', 'double'],
    ['-(t - t)', 'duration'],
    ['t < u', 'boolean'],
    ['t - t > 5m', 'boolean'],
    // comparison and logic
    ['i < d', 'boolean'],
    ['ni < 5', 'boolean?'],
    ['ni == 5', 'boolean'],
    ['ni != null', 'boolean'],
    ['e == "cancelled"', 'boolean'],
    ['e == s', 'boolean'],
    ['e < "x"', 'boolean'],
    ['e in ["cancelled", "completed"]', 'boolean'],
    ['ns in ["a", null]', 'boolean'],
    ['ns not in ["a"]', 'boolean'],
    ['m == 1.5', 'boolean'],
    ['m in [1, 2.5]', 'boolean'],
    ['f == 0.1', 'boolean'],
    ['a == a', 'boolean'],
    ['r == nr', 'boolean'],
    ['y == ny', 'boolean'],
    ['b and nb', 'boolean?'],
    ['nb or b', 'boolean?'],
    ['not nb', 'boolean?'],
    ['nb and null', 'boolean?'],
    // ??
    ['ni ?? 0', 'int'],
    ['ni ?? nl', 'long?'],
    ['nf ?? 0', 'float'],
    ['nm ?? 0', 'decimal(10, 2)'],
    ['nl ?? 0.5', 'double'],
    ['ns ?? "x"', 'string'],
    ['ne ?? "unknown"', 'string'],
    ['l / i ?? 0', 'double'],
    ['ni > 3 ?? false', 'boolean'],
    ['ni ?? nl ?? 0', 'long'],
    // calls
    ['if(b, i, l)', 'long'],
    ['if(b, i)', 'int?'],
    ['if(b, 1, 2.5)', 'double'],
    ['if(b, s, nb, e, "x")', 'string'],
    ['if(b, null, 1)', 'int?'],
    ['if(b, m, 0)', 'decimal(10, 2)'],
    ['greatest(i, l, 5)', 'long'],
    ['least(ns, "x")', 'string?'],
    ['greatest(t, u)', 'timestamp'],
    ['abs(i)', 'long'],
    ['abs(m)', 'decimal(10, 2)'],
    ['round(d, 2)', 'double'],
    ['round(l)', 'long'],
    ['round(m, 1)', 'decimal(10, 1)'],
    ['round(m)', 'decimal(9, 0)'],
    ['floor(m)', 'decimal(9, 0)'],
    ['div(l, 2)', 'long'],
    ['div(l, i)', 'long?'],
    ['lower(e)', 'string'],
    ['length(ns)', 'int?'],
    ['split(s, "/")', 'array<string>'],
    ['date(t)', 'date'],
    ['hour(nt)', 'int?'],
    ['timestamp(l)', 'timestamp'],
    ['long(t)', 'long'],
    ['double(m)', 'double'],
    ['decimal(d, 10, 2)', 'decimal(10, 2)'],
    ['concat(s, e, "x")', 'string'],
  ])('%s: %s', (text, type) => {
    expect(typeOf(text)).toEqual({ type, problems: [] });
  });

  it('durations in columns are long milliseconds', () => {
    expect(showType(typedColumn('t - nt').type)).toBe('long?');
    expect(typedColumn('5m')).toMatchObject({ kind: 'literal', value: 300_000, type: { kind: 'long' } });
  });
});

describe('errors', () => {
  it.each([
    // names
    ['lenth', 'RTA1101', 'there is no column `lenth` here', undefined],
    ['mpa', 'RTA1101', 'there is no column `mpa` here', 'did you mean `map`?'],
    ['zip', 'RTA1101', 'there is no column `zip` here', 'did you mean `r.zip`?'],
    ['e == cancelled', 'RTA1101', 'there is no column `cancelled` here', 'a text has quotes: `"cancelled"`'],
    ['e in [cancelled]', 'RTA1101', 'there is no column `cancelled` here', 'a text has quotes: `"cancelled"`'],
    ['NULL == ns', 'RTA1101', 'there is no column `NULL` here', 'there is `null`'],
    ['count', 'RTA1101', 'there is no column `count` here', 'the aggregate is written `count()`'],
    ['$tiem', 'RTA1102', 'there is no `$tiem` here', 'did you mean `$time`?'],
    ['r.zpi', 'RTA1103', 'record Address has no field `zpi`', 'did you mean `zip`?'],
    ['s.x', 'RTA1104', 'string has no fields, so no `x`', undefined],
    ['map.x', 'RTA1104', 'map<long> has no fields, so no `x`', 'a map\'s values are `x["x"]`'],
    ['lenght(s)', 'RTA1106', 'there is no function `lenght`', 'did you mean `length()`?'],
    ['coalesce(ns, "x")', 'RTA1106', 'there is no function `coalesce`', 'use `a ?? b`'],
    ['IFNULL(ns, "x")', 'RTA1106', 'there is no function `IFNULL`', 'use `a ?? b`'],
    ['toUpper(s)', 'RTA1106', 'there is no function `toUpper`', 'use `upper(text)`'],
    ['countIf(b)', 'RTA1106', 'there is no function `countIf`', 'use `count() where condition`'],
    ['sum_if(i, b)', 'RTA1106', 'there is no function `sum_if`', 'use `sum(x) where condition`'],
    ['iif(b, 1, 2)', 'RTA1106', 'there is no function `iif`', 'use `if(condition, a, b)`'],
    ['now()', 'RTA1106', 'there is no function `now`', 'results depend on the records only: use `$time`'],
    ['e == "canceled"', 'RTA1107', '"canceled" is none of the symbols of enum Kind', 'did you mean "cancelled"?'],
    ['e in ["x"]', 'RTA1107', '"x" is none of the symbols of enum Kind', 'it has "requested", "completed" and "cancelled"'],
    // comparison
    ['t > "2024-05-01"', 'RTA1201', 'cannot compare timestamp with string', 'write `timestamp("2024-05-01")`'],
    [
      '"soon" < t',
      'RTA1201',
      'cannot compare string with timestamp',
      'write `timestamp("soon")`, with a time such as "2024-05-01T10:00:00Z"',
    ],
    ['day == "2024-05-01"', 'RTA1201', 'cannot compare date with string', 'write `date("2024-05-01")`'],
    ['t > l', 'RTA1201', 'cannot compare timestamp with long', 'milliseconds since 1970 become a timestamp by `timestamp(x)`'],
    [
      't > 5m',
      'RTA1201',
      'cannot compare timestamp with duration',
      'how long ago something was is a difference of two timestamps: `a - b`',
    ],
    [
      'l > 5m',
      'RTA1201',
      'cannot compare long with duration',
      'write the unit, such as `60s`; the milliseconds of a duration are `long(5m)`',
    ],
    ['i == "5"', 'RTA1201', 'cannot compare int with string', 'write the number without quotes: `5`'],
    ['b == "true"', 'RTA1201', 'cannot compare boolean with string', 'write `true` without quotes'],
    ['m > d', 'RTA1201', 'cannot compare decimal(10, 2) with double', 'a decimal becomes a double by `double(x)`'],
    ['i in [1, "2"]', 'RTA1201', 'cannot compare int with string', 'write the number without quotes: `2`'],
    ['s == 1', 'RTA1201', 'cannot compare string with int', 'a text becomes a number by `long(x)` or `double(x)`'],
    [
      'r < r',
      'RTA1206',
      '`<` is not defined on record Address',
      'numbers, texts, times and booleans have an order; others are compared by `==` and `!=`',
    ],
    ['i < null', 'RTA1207', '`<` with null is always null', 'only `==` and `!=` compare with null'],
    // arithmetic
    [
      's + s',
      'RTA1202',
      '`+` is not defined on string and string',
      'texts are joined by `concat(a, b)`, other values become texts by `string(x)`',
    ],
    [
      't + 5',
      'RTA1202',
      '`+` is not defined on timestamp and int',
      'to a timestamp a duration is added: `x + 5m`; milliseconds since 1970 become a timestamp by `timestamp(x)`',
    ],
    ['m * d', 'RTA1202', '`*` is not defined on decimal(10, 2) and double', 'a decimal becomes a double by `double(x)`'],
    ['i + null', 'RTA1202', '`+` is not defined on int and null', 'the result would always be null'],
    ['-s', 'RTA1203', '`-` is not defined on string', undefined],
    ['i / 0', 'RTA1212', '`/` by zero is always null', undefined],
    ['i % 0', 'RTA1212', '`%` by zero is always null', undefined],
    ['9223372036854775808', 'RTA1210', '9223372036854775808 does not fit a long (64 bits)', 'as a double: `9223372036854775808.0`'],
    ['1e999', 'RTA1211', '1e999 does not fit a double', undefined],
    ['m / 0.00000000000000000000000000000000000001 * 0.00000000000000000000000000000000000001', 'RTA1213', undefined, undefined],
    // logic
    ['i and b', 'RTA1204', '`and` takes a boolean, this is int', 'compare it: `x != 0`'],
    ['not s', 'RTA1204', '`not` takes a boolean, this is string', 'compare it: `x == "…"`'],
    [
      'ni ?? "x"',
      'RTA1214',
      'both sides of `??` must have one type, and these are int and string',
      'a text becomes a number by `long(x)` or `double(x)`',
    ],
    [
      'if(b, 1, "x")',
      'RTA1214',
      'the values of `if` must have one type, and these are int and string',
      'a text becomes a number by `long(x)` or `double(x)`',
    ],
    // items
    ['s[0]', 'RTA1208', 'string has no items', 'a part of a text is `substring(x, 0, 1)`'],
    ['a["x"]', 'RTA1209', 'the index of array<string> is an integer, not string', undefined],
    ['map[0]', 'RTA1209', 'the index of map<long> is a text, not int', undefined],
    // calls
    ['lower()', 'RTA1220', 'no argument given to `lower(text)`', undefined],
    ['if(b)', 'RTA1220', undefined, undefined],
    ['lower(i)', 'RTA1221', '`lower(text)` takes a text here, not int', 'other values become texts by `string(x)`'],
    [
      'div(l / 2, 3)',
      'RTA1221',
      '`div(integer, integer)` takes an integer here, not double',
      '`/` on integers gives a double; `div(a, b)` is integer division',
    ],
    [
      'substring(s, d)',
      'RTA1221',
      '`substring(text, start[, length])` takes an integer here, not double',
      'a double becomes an integer by `long(x)`',
    ],
    [
      'hour(s)',
      'RTA1221',
      '`hour(timestamp[, zone])` takes a timestamp here, not string',
      'a text or milliseconds since 1970 become a timestamp by `timestamp(x)`',
    ],
    ['if(i, 1, 2)', 'RTA1221', undefined, undefined],
    ['greatest(r, r)', 'RTA1221', undefined, 'record Address has none'],
    ['round(m, i)', 'RTA1221', undefined, undefined],
    [
      'formatTime(t, "YYYY")',
      'RTA1224',
      '"YYYY" is no time pattern: `YYYY` means nothing in it',
      "it has yyyy, yy, MMM, MM, M, dd, d, EEE, HH, H, hh, h, a, mm, ss, SSS, SSSSSS, XXX, and other letters in '…'",
    ],
    ['timestamp("2024-02-30")', 'RTA1222', '"2024-02-30" is no time such as 2024-05-01T10:00:00Z', undefined],
    ['int("x")', 'RTA1222', '"x" is no integer', undefined],
    ['lower(distinct s)', 'RTA1223', '`lower` is no aggregate, so it takes no `distinct`', undefined],
    ['lower(s) where b', 'RTA1223', '`lower` is no aggregate, so it takes no `where`', undefined],
    // aggregates
    ['sum(i)', 'RTA1301', '`sum` is an aggregate, and this expression sees one row', 'use it in an `aggregate` step'],
    ['max(i, 5)', 'RTA1301', undefined, 'of several values of one row, use `greatest(a, b)`; over rows, an `aggregate` step'],
    ['avg(i) over 3 rows', 'RTA1304', '`over` belongs to an aggregate in `derive`', undefined],
  ])('%s gives %s', (text, code, message, help) => {
    const { type, problems } = typeOf(text);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(type).toBeNull();
    if (message !== undefined) expect(problems[0].message).toBe(message);
    if (help !== undefined) expect(problems[0].help).toBe(help);
  });

  it('are all reported in one run, each at its place', () => {
    const text = 'lenth(s) > i + s and t > "x"';
    const { problems } = typeOf(text);
    expect(problems.map(({ code, span }) => `${code} ${text.slice(span.start, span.end)}`)).toEqual([
      'RTA1106 lenth',
      'RTA1202 +',
      'RTA1201 t > "x"',
    ]);
  });

  it('say why a field of the schema cannot be read', () => {
    const scope: Scope = {
      ...SCOPE,
      unsupported: [{ code: 'RTA1402', path: 'r.either', message: 'field `r.either` is a union of int and string' }],
    };
    expect(typeOf('r.either', scope).problems[0]).toMatchObject({
      code: 'RTA1105',
      message: 'field `r.either` is a union of int and string',
    });
  });
});

describe('warnings', () => {
  it.each([
    ['i == null', 'int is never null, so this is always false'],
    ['null != i', 'int is never null, so this is always true'],
    ['i ?? 0', 'int is never null, so the right side is never used'],
  ])('%s', (text, message) => {
    const { type, problems } = typeOf(text);
    expect(type).not.toBeNull();
    expect(problems).toMatchObject([{ code: 'RTA1350', severity: 'warning', message }]);
  });
});

describe('conditions', () => {
  const check = (text: string): readonly (readonly [string, string | undefined])[] => {
    const { diagnostics } = checkCondition(parseExpression(plainSource(text)).ast!, SCOPE, '`filter`');
    return diagnostics.map((problem) => [problem.code, problem.help] as const);
  };

  it.each(['b', 'ni == 5', 'ni != null and ni > 3', 'ni > 3 ?? false', 'nb == true', 'ni in [1]', 'ni == null or ni > 3'])('%s', (text) => {
    expect(check(text)).toEqual([]);
  });

  it.each([
    ['ni > 3', 'RTA1205', 'say what null means: `(…) ?? false`, or exclude it: `ni != null and …`'],
    ['nr.zip > 3 and b', 'RTA1205', 'say what null means: `(…) ?? false`, or exclude it: `nr.zip != null and …`'],
    ['contains(ns, "x")', 'RTA1205', 'say what null means: `(…) ?? false`'],
    ['i', 'RTA1204', 'compare it: `x != 0`'],
    ['null', 'RTA1204', undefined],
  ])('%s gives %s', (text, code, help) => {
    expect(check(text)).toEqual([[code, help]]);
  });

  it('a column cannot be null only', () => {
    expect(checkColumnExpression(parse('null'), SCOPE).diagnostics.map(({ code }) => code)).toEqual(['RTA1215']);
  });
});

describe('decimals and floats beside literals', () => {
  it('take all digits as they were written', () => {
    const wide: Scope = { columns: [{ name: 'm', type: { kind: 'decimal', precision: 30, scale: 2 } }], meta: {} };
    expect(typed('m == 12345678901234567890.05', wide)).toMatchObject({ right: { value: 1234567890123456789005n } });
  });

  it('a literal beside a float is that float', () => {
    expect(typed('f == 0.1')).toMatchObject({ right: { value: Math.fround(0.1), type: { kind: 'float' } } });
    expect(typed('f == 16777217')).toMatchObject({ left: { kind: 'cast', type: { kind: 'double' } }, right: { value: 16777217 } });
  });

  it('an unfitting one is an error', () => {
    expect(typeOf('m == 1e300').problems.map(({ code }) => code)).toEqual(['RTA1201']);
  });

  it('nullable types stay so', () => {
    expect(typed('nm == 1').kind === 'binary' && showType(nullable({ kind: 'int' }))).toBe('int?');
  });
});
