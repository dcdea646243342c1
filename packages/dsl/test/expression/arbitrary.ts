import fc from 'fast-check';
import type { Ast, BinaryOp, CallAst, Over, Span } from '@rta/dsl';

const span: Span = { source: { path: '', text: '' }, start: 0, end: 0 };
const OPS: readonly BinaryOp[] = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'and', 'or', '??'];

const name = fc.constantFrom('a', 'b2', '_c', 'where', 'over', 'rows', 'isnull');
const over: fc.Arbitrary<Over> = fc.record({
  previous: fc.boolean(),
  unit: fc.constantFrom('ms', 'rows'),
  size: fc.integer({ min: 1, max: 100_000_000 }),
  span: fc.constant(span),
});

/** Trees as the parser makes them: a minus in front of a literal is part of it. */
export const anyAst: fc.Arbitrary<Ast> = fc.letrec<{ ast: Ast; call: CallAst }>((tie) => ({
  ast: fc.oneof(
    { maxDepth: 6, depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constant<Ast>({ kind: 'null', span }),
      fc.boolean().map((value): Ast => ({ kind: 'boolean', value, span })),
      fc.bigInt(-(2n ** 64n), 2n ** 64n).map((value): Ast => ({ kind: 'integer', text: String(value), span })),
      fc.constantFrom('1.5', '-0.25', '1e9', '2.50e-3').map((text): Ast => ({ kind: 'double', text, span })),
      fc.string({ unit: 'binary', maxLength: 6 }).map((value): Ast => ({ kind: 'string', value, span })),
      fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((ms): Ast => ({ kind: 'duration', ms, span })),
      fc.oneof(name, fc.constant('$time')).map((text): Ast => ({ kind: 'name', name: text, span })),
    ),
    fc.record({ of: tie('ast'), field: name }).map(({ of, field }): Ast => ({ kind: 'field', of, field, fieldSpan: span, span })),
    fc.record({ of: tie('ast'), index: tie('ast') }).map(({ of, index }): Ast => ({ kind: 'index', of, index, span })),
    fc.record({ op: fc.constantFrom<'-' | 'not'>('-', 'not'), operand: tie('ast') }).map(({ op, operand }): Ast => {
      const literal = ['integer', 'double', 'duration'].includes(operand.kind);
      return { kind: 'unary', op: literal ? 'not' : op, operand, span };
    }),
    fc
      .record({ op: fc.constantFrom(...OPS), left: tie('ast'), right: tie('ast') })
      .map(({ op, left, right }): Ast => ({ kind: 'binary', op, opSpan: span, left, right, span })),
    fc
      .record({ operand: tie('ast'), options: fc.array(tie('ast'), { minLength: 1, maxLength: 3 }), negated: fc.boolean() })
      .map((parts): Ast => ({ kind: 'in', ...parts, span })),
    fc.array(tie('ast'), { minLength: 1, maxLength: 3 }).map((items): Ast => ({ kind: 'array', items, span })),
    fc
      .record({ operand: tie('ast'), of: name.map((text): Ast => ({ kind: 'name', name: text, span })), negated: fc.boolean() })
      .map((parts): Ast => ({ kind: 'inside', ...parts, span })),
    tie('call'),
  ),
  call: fc
    .record({
      name,
      args: fc.array(tie('ast'), { maxLength: 3 }),
      distinct: fc.boolean(),
      where: fc.option(tie('ast')),
      over: fc.option(over),
    })
    .map((parts): CallAst => ({ kind: 'call', nameSpan: span, ...parts, distinct: parts.distinct && parts.args.length > 0, span })),
})).ast;

/** A tree of which only the form is left. */
export function withoutSpans(ast: Ast): unknown {
  return JSON.parse(JSON.stringify(ast, (key, value: unknown) => (/span$/i.test(key) ? undefined : value))) as unknown;
}
