import { describe, expect, it } from 'vitest';
import type { AggregateSpec, Column, TypedExpr } from '@rta/dsl';
import { castTo, checkAggregateExpression, definite, isNullable, isNumeric, nullableIf, showType } from '@rta/dsl';
import { parse, run, SCOPE } from './helpers.js';

/** Small aggregates of this test's own; the language's stand in `@rta/operators`. */
const base = { summary: '', doc: '', example: '', sample: { columns: {}, rows: [], gives: 0 } };
const AGGREGATES: readonly AggregateSpec[] = [
  {
    ...base,
    name: 'count',
    check: (args, where) => ({
      accumulators: [{ fn: 'count', arg: args[0] ?? null, where, type: { kind: 'long' } }],
      result: ([n]) => n,
    }),
  },
  {
    ...base,
    name: 'avg',
    check: ([arg], where, _distinct, span) => {
      if (!isNumeric(definite(arg.type))) return { error: `\`avg\` takes a number, not ${showType(arg.type)}` };
      const type = nullableIf(isNullable(arg.type) || where !== null, { kind: 'double' });
      return {
        accumulators: [
          { fn: 'sum', arg, where, type: { kind: 'long' } },
          { fn: 'count', arg, where, type: { kind: 'long' } },
        ],
        result: ([sum, n]): TypedExpr => ({
          kind: 'binary',
          op: '/',
          left: castTo(sum, { kind: 'double' }),
          right: castTo(n, { kind: 'double' }),
          type,
          span,
        }),
      };
    },
  },
  {
    ...base,
    name: 'max',
    check: (args, where) => {
      if (args.length !== 1) return { error: '`max` takes one value' };
      return { accumulators: [{ fn: 'max', arg: args[0], where, type: args[0].type }], result: ([value]) => value };
    },
  },
];
const GROUP: readonly Column[] = [{ name: 'city', type: { kind: 'string' } }];

function check(text: string) {
  return checkAggregateExpression(parse(text), SCOPE, AGGREGATES, { group: GROUP });
}

describe('aggregate expressions', () => {
  it.each([
    ['count()', 'long', 1],
    ['avg(i)', 'double', 2],
    ['avg(i) where b', 'double?', 2],
    ['count() / count()', 'double?', 1],
    ['(count() where e == "cancelled") / count() ?? 0', 'double', 2],
    ['round(avg(i), 2)', 'double', 2],
    ['avg(ni) where ni != null', 'double?', 2],
    ['max(t) - max(nt)', 'long?', 2],
    ['max(t - nt)', 'long?', 1],
    ['if(count() > 10, avg(i), null)', 'double?', 3],
    ['city', 'string', 0],
    ['concat(city, string(count()))', 'string', 1],
  ])('%s: %s with %i accumulators', (text, type, count) => {
    const { accumulators, result, diagnostics } = check(text);
    expect(diagnostics).toEqual([]);
    expect(result && showType(result.type)).toBe(type);
    expect(accumulators).toHaveLength(count);
  });

  it('share equal accumulators, those of earlier expressions too', () => {
    const first = check('avg(i + 1)');
    const second = checkAggregateExpression(parse('count(i   +   1) * 2'), SCOPE, AGGREGATES, first);
    expect(second.accumulators).toEqual(first.accumulators);
    expect(second.result).toMatchObject({ kind: 'binary', left: { kind: 'accumulator', index: 1 } });
    expect(run(second.result!, { '#1': 21 })).toBe(42);
  });

  it('narrow the arguments by where', () => {
    const { accumulators } = check('max(ni) where ni != null');
    expect(accumulators[0].arg?.type).toEqual({ kind: 'int' });
  });

  it.each([
    ['i', 'RTA1303', 'choose one, for example `max(i)`, or add it to `groupBy`'],
    ['count() + i', 'RTA1303', undefined],
    ['$time', 'RTA1306', undefined],
    ['nothing', 'RTA1101', undefined],
    ['max(count())', 'RTA1302', 'aggregate twice, in two `aggregate` steps'],
    ['count() where b / count()', 'RTA1302', 'a `where` reaches to the end of the expression: put parentheses around `(count() where …)`'],
    ['count() where nb', 'RTA1205', undefined],
    ['avg(s)', 'RTA1305', undefined],
    ['max(i, l)', 'RTA1305', 'of several values of one row, use `greatest(a, b)`'],
    ['avg(i) over 5m', 'RTA1304', 'the rows of an aggregate are chosen by `window`'],
    ['COUNT()', 'RTA1106', 'did you mean `count()`?'],
    ['median(i)', 'RTA1106', 'this aggregate is not available yet'],
    ['countIf(b)', 'RTA1106', 'use `count() where condition`'],
    ['avg(nosuch)', 'RTA1101', undefined],
  ])('%s gives %s', (text, code, help) => {
    const { accumulators, result, diagnostics } = check(text);
    expect(diagnostics.map((problem) => problem.code)).toEqual([code]);
    if (help !== undefined) expect(diagnostics[0].help).toBe(help);
    expect(result).toBeNull();
    expect(accumulators).toEqual([]);
  });
});
