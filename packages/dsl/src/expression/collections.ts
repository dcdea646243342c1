import { BOOLEAN, commonType, definite, isInteger, isText, LONG, nullableIf, sameType, STRING } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import type { Ast } from './ast.js';
import { adaptLiteral, call, castKeepingNull, castTo } from './build.js';
import type { Checker } from './checker.js';
import * as messages from './messages-types.js';
import { clashHelp } from './operators.js';
import type { Scope } from './scope.js';
import type { TypedExpr } from './typed.js';
import { unify } from './unify.js';

/** `[a, b]`: the items get one type. */
export function checkArray(ast: Ast & { readonly kind: 'array' }, scope: Scope, checker: Checker): TypedExpr | null {
  const checked = ast.items.map((item) => checker.column(item, scope));
  if (checked.includes(null)) return null;
  const unified = unify(checked as readonly TypedExpr[]);
  if ('clash' in unified) return checker.fail(messages.noCommonType(ast.span, 'the items of an array', ...unified.clash));
  const type = nullableIf(unified.nullable, unified.type);
  const items = unified.exprs.map((item) => castTo(item, type));
  return call('array', items, { kind: 'array', items: type }, ast.span);
}

/** `x in tags`: null-safe; in an array or map that is null there is nothing. */
export function checkInside(ast: Ast & { readonly kind: 'inside' }, scope: Scope, checker: Checker): TypedExpr | null {
  const [operand, of] = [checker.check(ast.operand, scope), checker.check(ast.of, scope)];
  if (operand === null || of === null) return null;
  const container = definite(of.type);
  if (container.kind !== 'array' && container.kind !== 'map') return checker.fail(messages.notSearchable(of.span, container));
  const isMap = container.kind === 'map';
  const item = comparableItem(operand, isMap ? STRING : container.items);
  if (item === null) return checker.fail(messages.wrongItem(operand.span, container, definite(operand.type), clashHelp(operand, of)));
  const found = call(isMap ? 'insideMap' : 'inside', [item, of], BOOLEAN, ast.span);
  return ast.negated ? { kind: 'unary', op: 'not', operand: found, type: BOOLEAN, span: ast.span } : found;
}

/** The expression as what items of a type are compared with, or null: an item is never converted. */
export function comparableItem(expr: TypedExpr, items: Type): TypedExpr | null {
  const [given, wanted] = [definite(expr.type), definite(items)];
  const literal = adaptLiteral(expr, wanted);
  if (literal !== null && sameType(definite(literal.type), wanted)) return literal;
  if (given.kind === 'null' || (isText(given) && isText(wanted))) return expr;
  if (isInteger(given) && isInteger(wanted)) return castKeepingNull(expr, LONG);
  const common = commonType(given, wanted);
  return common !== null && sameType(common, wanted) ? castKeepingNull(expr, wanted) : null;
}
