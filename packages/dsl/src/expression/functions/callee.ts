import type { Value } from '../../types/type.js';
import type { TypedExpr } from '../typed.js';
import { externalCallee } from './external.js';
import { functionRuntime } from './library.js';
import type { RuntimeFunction } from './spec.js';

type Call = TypedExpr & { readonly kind: 'call' };

/** What was made of a call's literals stays as long as the call itself: the interpreter comes by for each record. */
const prepared = new WeakMap<Call, RuntimeFunction>();

/**
 * The function that a `call` node (not of `if`) stands for, its literals read. It takes all the arguments; where one is null it must not be
 * called, unless the function is not strict.
 */
export function calleeOf(expr: Call): RuntimeFunction {
  const known = prepared.get(expr);
  if (known !== undefined) return known;
  if (expr.external !== undefined) {
    const external = externalCallee(expr, expr.external);
    prepared.set(expr, external);
    return external;
  }
  const implementation = functionRuntime[expr.fn];
  if (typeof implementation === 'function') return implementation;
  const literals = expr.args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined));
  const callee = literals.includes(null) ? nothing : implementation.prepare(...literals);
  prepared.set(expr, callee);
  return callee;
}

function nothing(): Value {
  return null;
}
