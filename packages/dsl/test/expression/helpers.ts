import type { Ast, Column, Diagnostic, Scope, Type, TypedExpr, Value } from '@rta/dsl';
import {
  checkColumnExpression,
  checkCondition,
  checkExpression,
  evaluate,
  nullable,
  parseExpression,
  plainSource,
  showType,
  STREAM_META,
} from '@rta/dsl';

const ADDRESS: Type = {
  kind: 'record',
  name: 'com.acme.Address',
  fields: [
    { name: 'city', type: nullable({ kind: 'string' }) },
    { name: 'zip', type: { kind: 'int' } },
  ],
};

/** One column of each type: `i`, `l`, `f`, … and its nullable form `ni`, `nl`, … */
const TYPES: Readonly<Record<string, Type>> = {
  b: { kind: 'boolean' },
  i: { kind: 'int' },
  l: { kind: 'long' },
  f: { kind: 'float' },
  d: { kind: 'double' },
  m: { kind: 'decimal', precision: 10, scale: 2 },
  s: { kind: 'string' },
  y: { kind: 'bytes' },
  e: { kind: 'enum', name: 'com.acme.Kind', symbols: ['requested', 'completed', 'cancelled'] },
  t: { kind: 'timestamp', unit: 'millis' },
  u: { kind: 'timestamp', unit: 'micros' },
  day: { kind: 'date' },
  a: { kind: 'array', items: { kind: 'string' } },
  map: { kind: 'map', values: { kind: 'long' } },
  r: ADDRESS,
};

export const COLUMNS: readonly Column[] = Object.entries(TYPES).flatMap(([name, type]) => [
  { name, type },
  { name: `n${name}`, type: nullable(type) },
]);

export const SCOPE: Scope = { columns: COLUMNS, meta: STREAM_META };

export function parse(text: string): Ast {
  const { ast, diagnostics } = parseExpression(plainSource(text));
  if (ast === null || diagnostics.length > 0) throw new Error(`${text}: ${JSON.stringify(diagnostics.map(show))}`);
  return ast;
}

/** `RTA1101 1-5: message (help)`. */
function show({ code, span, message, help }: Diagnostic): string {
  return `${code} ${span.start}-${span.end}: ${message}${help === undefined ? '' : ` (${help})`}`;
}

/** Type and diagnostics of an expression's text. */
export function typeOf(text: string, scope: Scope = SCOPE): { readonly type: string | null; readonly problems: readonly Diagnostic[] } {
  const { expr, diagnostics } = checkExpression(parse(text), scope);
  return { type: expr && showType(expr.type), problems: diagnostics };
}

export function typed(text: string, scope: Scope = SCOPE): TypedExpr {
  return must(checkExpression(parse(text), scope), text);
}

export function typedColumn(text: string, scope: Scope = SCOPE): TypedExpr {
  return must(checkColumnExpression(parse(text), scope), text);
}

export function condition(text: string, scope: Scope = SCOPE): TypedExpr {
  return must(checkCondition(parse(text), scope), text);
}

function must(
  { expr, diagnostics }: { readonly expr: TypedExpr | null; readonly diagnostics: readonly Diagnostic[] },
  text: string,
): TypedExpr {
  if (expr === null) throw new Error(`${text}: ${diagnostics.map(show).join('; ')}`);
  return expr;
}

/** The value of an expression's text over a row; columns that the row does not name are null. */
export function valueOf(text: string, row: Readonly<Record<string, Value>> = {}): Value {
  return run(typed(text), row);
}

export function run(expr: TypedExpr, row: Readonly<Record<string, Value>> = {}): Value {
  return evaluate(expr, {
    column: (name) => row[name] ?? null,
    meta: (name) => row[name] ?? null,
    accumulator: (index) => row[`#${index}`] ?? null,
  });
}
