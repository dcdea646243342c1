import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ast, ExprSource } from '@rta/dsl';
import { MAX_DEPTH, parseExpression, plainSource, printExpression } from '@rta/dsl';
import { anyAst, withoutSpans } from './arbitrary.js';
import { parse } from './helpers.js';

/** The tree in Lisp's notation. */
function lisp(ast: Ast): string {
  switch (ast.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(ast.value);
    case 'integer':
    case 'double':
      return ast.text;
    case 'string':
      return JSON.stringify(ast.value);
    case 'duration':
      return `${ast.ms}ms`;
    case 'name':
      return ast.name;
    case 'field':
      return `(. ${lisp(ast.of)} ${ast.field})`;
    case 'index':
      return `([] ${lisp(ast.of)} ${lisp(ast.index)})`;
    case 'unary':
      return `(${ast.op} ${lisp(ast.operand)})`;
    case 'binary':
      return `(${ast.op} ${lisp(ast.left)} ${lisp(ast.right)})`;
    case 'in':
      return `(${ast.negated ? 'not-in' : 'in'} ${[ast.operand, ...ast.options].map(lisp).join(' ')})`;
    case 'inside':
      return `(${ast.negated ? 'not-inside' : 'inside'} ${lisp(ast.operand)} ${lisp(ast.of)})`;
    case 'array':
      return `(array ${ast.items.map(lisp).join(' ')})`;
    case 'call': {
      const over = ast.over ? ` over:${ast.over.previous ? 'previous:' : ''}${ast.over.size}${ast.over.unit}` : '';
      const args = ast.args.map((arg) => ` ${lisp(arg)}`).join('');
      return `(${ast.name}${ast.distinct ? ' distinct' : ''}${args}${ast.where ? ` where:${lisp(ast.where)}` : ''}${over})`;
    }
  }
}

describe('precedence and forms', () => {
  it.each([
    ['a ?? b or c and not d == e + f * -g.h[0]', '(?? a (or b (and c (not (== d (+ e (* f (- ([] (. g h) 0)))))))))'],
    ['a - b - c', '(- (- a b) c)'],
    ['a / b ?? 0', '(?? (/ a b) 0)'],
    ['abs(n - mean) > 3 * sigma ?? false', '(?? (> (abs (- n mean)) (* 3 sigma)) false)'],
    ['not a in [1, 2]', '(not (in a 1 2))'],
    ['a not in ["x"] and b', '(and (not-in a "x") b)'],
    ['not not a', '(not (not a))'],
    ['(a + b) * c', '(* (+ a b) c)'],
    ['- 5', '-5'],
    ['-(5)', '-5'],
    ['- -5', '5'],
    ['-a.b', '(- (. a b))'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['1.50 + 1e3 + 2.5e-3', '(+ (+ 1.50 1e3) 2.5e-3)'],
    ['5m + 90s + 1h30m + 10ms + 1d', '(+ (+ (+ (+ 300000ms 90000ms) 5400000ms) 10ms) 86400000ms)'],
    ['-5m', '-300000ms'],
    ['"a\\"b\\n\\u0041\\u{1F600}" == \'it\\\'s "x"\'', '(== "a\\"b\\nA😀" "it\'s \\"x\\"")'],
    ['$time > a', '(> $time a)'],
    ['count()', '(count)'],
    ['count(distinct user_id)', '(count distinct user_id)'],
    ['count(distinct)', '(count distinct)'],
    ['count() where price >= 10000 and price < 1000000', '(count where:(and (>= price 10000) (< price 1000000)))'],
    ['sum(a) where b ?? false', '(sum a where:(?? b false))'],
    ['sum(a) / count()', '(/ (sum a) (count))'],
    ['(count() where x) / count()', '(/ (count where:x) (count))'],
    ['avg(score) over 10s', '(avg score over:10000ms)'],
    ['avg(n) over previous 30 rows', '(avg n over:previous:30rows)'],
    ['avg(n) where startsWith(s, "x") over 3 rows', '(avg n where:(startsWith s "x") over:3rows)'],
    ['if(c, a, b)', '(if c a b)'],
    ['over + where + distinct + rows + is + like', '(+ (+ (+ (+ (+ over where) distinct) rows) is) like)'],
    ['a.in.and', '(. (. a in) and)'],
    ['a\n  + b', '(+ a b)'],
  ])('%s', (text, tree) => {
    expect(lisp(parse(text))).toBe(tree);
  });
});

describe('errors', () => {
  it.each([
    ['', 'RTA1001'],
    ['a # b', 'RTA1002'],
    ['`a`', 'RTA1002'],
    ['“a”', 'RTA1002'],
    ['5min', 'RTA1003'],
    ['1.5h', 'RTA1003'],
    ['30m1h', 'RTA1003'],
    ['0x1F', 'RTA1003'],
    ['1_000', 'RTA1003'],
    ['"\\d+"', 'RTA1004'],
    ['"abc', 'RTA1005'],
    ['a +', 'RTA1006'],
    ['f(a', 'RTA1006'],
    ['a b', 'RTA1007'],
    ['a + )', 'RTA1007'],
    ['or', 'RTA1007'],
    ['a. 5', 'RTA1007'],
    ['.5', 'RTA1007'],
    ['a < b < c', 'RTA1009'],
    ['a in 1', 'RTA1010'],
    ['a in (1, 2)', 'RTA1011'],
    ['a in []', 'RTA1012'],
    ['a[1, 2]', 'RTA1013'],
    ['(a, b)', 'RTA1014'],
    ['a.lower()', 'RTA1015'],
    ['avg(a) over x', 'RTA1016'],
    ['a where b', 'RTA1017'],
    ['sum(a) as total', 'RTA1018'],
    ['a desc', 'RTA1019'],
    ['5 minutes', 'RTA1020'],
    ['[]', 'RTA1021'],
    ['a && b', 'RTA1050'],
    ['a || b', 'RTA1050'],
    ['a = b', 'RTA1050'],
    ['a === b', 'RTA1050'],
    ['a !== b', 'RTA1050'],
    ['a <> b', 'RTA1050'],
    ['a AND b', 'RTA1050'],
    ['NOT a', 'RTA1050'],
    ['a NOT IN [1]', 'RTA1050'],
    ['a ?: b', 'RTA1050'],
    ['!a', 'RTA1051'],
    ['a is null', 'RTA1052'],
    ['a is not null and b', 'RTA1052'],
    ['a IS NOT NULL', 'RTA1052'],
    ['a ? b : c', 'RTA1053'],
    ['case when a then b end', 'RTA1054'],
    ['a like "x%"', 'RTA1055'],
    ['a not like "x%"', 'RTA1055'],
    ['a between 1 and 2', 'RTA1056'],
    ['count(*)', 'RTA1057'],
    ["interval '5' minute", 'RTA1058'],
    ["timestamp '2024-01-01'", 'RTA1059'],
    ['cast(a as int)', 'RTA1060'],
    ['if a then b', 'RTA1061'],
    ['a ** 2', 'RTA1062'],
    ['a // 2', 'RTA1062'],
    ['a::int', 'RTA1062'],
    ['a?.b', 'RTA1062'],
    ['a;', 'RTA1062'],
  ])('%s gives %s', (text, code) => {
    const { diagnostics } = parseExpression(plainSource(text));
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
  });

  it('reads on behind operators of other languages, so that one run shows all', () => {
    const { ast, diagnostics } = parseExpression(plainSource('a = 1 && !b || c is not null'));
    expect(ast && lisp(ast)).toBe('(or (and (== a 1) (not b)) (!= c null))');
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(['RTA1050', 'RTA1050', 'RTA1051', 'RTA1050', 'RTA1052']);
  });

  it.each([
    ['a like "x%"', 'use `startsWith(x, "x")`'],
    ['a like "%x%"', 'use `contains(x, "x")`'],
    ['a like "%x"', 'use `endsWith(x, "x")`'],
    ['5 minutes', 'use `5m`'],
    ['a || b', 'use `or`; texts are joined by `concat(a, b)`'],
  ])('%s: %s', (text, help) => {
    expect(parseExpression(plainSource(text)).diagnostics[0].help).toBe(help);
  });
});

describe('depth', () => {
  it.each([
    ['parentheses', (n: number) => '('.repeat(n) + 'a' + ')'.repeat(n)],
    ['not', (n: number) => 'not '.repeat(n) + 'a'],
    ['minus', (n: number) => '-'.repeat(n) + 'a'],
    ['calls', (n: number) => 'f('.repeat(n) + 'a' + ')'.repeat(n)],
    ['fields', (n: number) => 'a' + '.a'.repeat(n)],
    ['sums', (n: number) => 'a' + ' + a'.repeat(n)],
    ['defaults', (n: number) => 'a' + ' ?? a'.repeat(n)],
    ['indexes', (n: number) => 'a' + '[a'.repeat(n) + ']'.repeat(n)],
  ])('%s', (_name, make) => {
    expect(parseExpression(plainSource(make(MAX_DEPTH / 2))).diagnostics).toEqual([]);
    const { ast, diagnostics } = parseExpression(plainSource(make(50_000)));
    expect(ast).toBeNull();
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(['RTA1008']);
  });
});

describe('spans', () => {
  it('are those of the file, where the text is quoted and folded differently there', () => {
    // The file: `x: "a == \"b\""`; the expression's text: a == "b".
    const file = 'x: "a == \\"b\\""';
    const offsets = [4, 5, 6, 7, 8, 9, 11, 12, 14];
    const from: ExprSource = { text: 'a == "b"', source: { path: 'x.yaml', text: file }, at: (index) => offsets[index] };
    const ast = parseExpression(from).ast as Ast & { kind: 'binary' };
    expect([ast.span.start, ast.span.end]).toEqual([4, 13]);
    expect(file.slice(ast.opSpan.start, ast.opSpan.end)).toBe('==');
    expect(ast.span.source.path).toBe('x.yaml');
  });

  it('cover each node', () => {
    const text = ' (a + b) * count(distinct c) where d in [1, 2] ';
    const ast = parse(text) as Ast & { kind: 'binary' };
    const slice = ({ span }: Ast): string => text.slice(span.start, span.end);
    expect(slice(ast.right)).toBe('count(distinct c) where d in [1, 2]');
    expect(slice(ast.left)).toBe('a + b');
  });
});

describe('any text', () => {
  it('parses or is reported, never thrown', () => {
    const words = [
      'a',
      'and',
      'or',
      'not',
      'in',
      '(',
      ')',
      '[',
      ']',
      ',',
      '.',
      '+',
      '-',
      '??',
      '==',
      '<',
      '"x"',
      "'",
      '5',
      '5m',
      '1e5',
      '$time',
    ];
    const traps = [
      'is',
      'null',
      'case',
      'when',
      'like',
      'between',
      '!',
      '?',
      ':',
      '=',
      '&&',
      'where',
      'over',
      'distinct',
      'previous',
      '3 rows',
      '{',
      '\\',
    ];
    const soup = fc.array(fc.constantFrom(...words, ...traps), { maxLength: 15 }).map((parts) => parts.join(' '));
    const text = fc.oneof(soup, fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }));
    fc.assert(
      fc.property(text, (input) => {
        const { ast, diagnostics } = parseExpression(plainSource(input));
        if (ast === null && diagnostics.length === 0) throw new Error('nothing was said');
        for (const { span } of diagnostics)
          if (span.start < 0 || span.end > input.length || span.start > span.end) throw new Error('a span outside');
      }),
      { numRuns: 20_000 },
    );
  });

  it('printed again gives the same tree', () => {
    fc.assert(
      fc.property(anyAst, (ast) => {
        const text = printExpression(ast);
        const { ast: again, diagnostics } = parseExpression(plainSource(text));
        expect(diagnostics, text).toEqual([]);
        expect(withoutSpans(again!), text).toEqual(withoutSpans(ast));
      }),
      { numRuns: 2_000 },
    );
  });
});
