import type { Value } from '../types/type.js';
import { castValue } from './cast.js';
import { arithmeticOf, nodeRuntime } from './node-runtime.js';
import { compareValues, equalValues } from './order.js';
import type { MetaName, TypedExpr } from './typed.js';

/** Where the values of names come from. */
export interface Env {
  column(name: string): Value;
  meta(name: MetaName): Value;
  accumulator(index: number): Value;
}

/**
 * The value of an expression: the plain interpreter, which defines what generated code must do. May throw an `ExpressionError`.
 *
 * Binary operators by the types of their operands (definite parts; the checker has cast both to one type unless said):
 *
 *   + - * %     long, double, decimal (`*`: each of its own scale; `+ - %`: of one scale)
 *   /           double, decimal (each of its own scale), duration (gives a double)
 *   + -         timestamp and duration (either way round for `+`), duration and duration; `-`: timestamps (gives a duration)
 *   < <= > >=   any ordered type; doubles by IEEE rules, so NaN is neither less nor greater
 *   == !=       any type, null-safe; doubles by IEEE rules, so NaN equals nothing
 *
 * In a micros timestamp the fraction of a millisecond is rounded to micros after `+` and `-`.
 */
export function evaluate(expr: TypedExpr, env: Env): Value {
  switch (expr.kind) {
    case 'literal':
      return expr.value;
    case 'column':
      return env.column(expr.name);
    case 'meta':
      return env.meta(expr.name);
    case 'accumulator':
      return env.accumulator(expr.index);
    case 'field': {
      const of = evaluate(expr.of, env);
      return of === null ? null : (of as { readonly [field: string]: Value })[expr.field];
    }
    case 'index':
      return nodeRuntime(expr)(evaluate(expr.of, env), evaluate(expr.index, env));
    case 'unary': {
      const operand = evaluate(expr.operand, env);
      if (operand === null) return null;
      return expr.op === 'not' ? operand !== true : nodeRuntime(expr)(operand);
    }
    case 'binary':
      return evaluateBinary(expr, env);
    case 'in': {
      const operand = evaluate(expr.operand, env);
      return expr.options.some((option) => equalValues(operand, evaluate(option, env))) !== expr.negated;
    }
    case 'cast':
      return castValue(evaluate(expr.operand, env), expr.operand.type, expr.type);
    case 'call':
      return evaluateCall(expr, env);
  }
}

function evaluateCall(expr: TypedExpr & { readonly kind: 'call' }, env: Env): Value {
  const { fn, args } = expr;
  if (fn === 'if') {
    for (let i = 0; i + 1 < args.length; i += 2) {
      if (evaluate(args[i], env) === true) return evaluate(args[i + 1], env);
    }
    return evaluate(args[args.length - 1], env);
  }
  return nodeRuntime(expr)(...args.map((arg) => evaluate(arg, env)));
}

function evaluateBinary(expr: TypedExpr & { readonly kind: 'binary' }, env: Env): Value {
  const { op } = expr;
  const left = evaluate(expr.left, env);
  switch (op) {
    case '??':
      return left ?? evaluate(expr.right, env);
    case 'and':
    case 'or': {
      // Kleene: `decided` decides whatever the other side is, else null wins over the rest.
      const decided = op === 'or';
      if (left === decided) return decided;
      const right = evaluate(expr.right, env);
      if (right === decided) return decided;
      return left === null || right === null ? null : !decided;
    }
    case '==':
      return equalValues(left, evaluate(expr.right, env));
    case '!=':
      return !equalValues(left, evaluate(expr.right, env));
    default: {
      const right = evaluate(expr.right, env);
      if (left === null || right === null) return null;
      return op === '<' || op === '<=' || op === '>' || op === '>=' ? compare(op, left, right) : arithmeticOf(expr)(left, right);
    }
  }
}

function compare(op: '<' | '<=' | '>' | '>=', left: Value, right: Value): boolean {
  if (Number.isNaN(left) || Number.isNaN(right)) return false;
  const order = compareValues(left, right);
  switch (op) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}
