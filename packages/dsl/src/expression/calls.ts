import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { definite, isInteger, isNullable, showType } from '../types/lattice.js';
import type { Ast, CallAst } from './ast.js';
import { literal } from './build.js';
import type { Checker } from './checker.js';
import { calleeOf } from './functions/callee.js';
import { nativeFunction } from './functions/foreign.js';
import { AGGREGATE_NAMES, functionLibrary, functionRuntime } from './functions/library.js';
import type { FunctionSpec, Resolution, ResolutionProblem } from './functions/spec.js';
import * as messages from './messages-types.js';
import { clashHelp } from './operators.js';
import { narrow, narrowedBy, narrowedByFalse, type Scope } from './scope.js';
import { ExpressionError, type TypedExpr } from './typed.js';

/** Types a call of a library function; an aggregate among them is out of place here. */
export function checkCall(ast: CallAst, scope: Scope, checker: Checker): TypedExpr | null {
  const spec = functionLibrary.get(ast.name);
  if (!spec) return checker.fail(unknownCall(ast, checker));
  if (ast.over) return checker.fail(messages.overUnavailable(ast.over.span, false));
  if (ast.where || ast.distinct) return checker.fail(messages.functionModifier(ast.span, ast.name, ast.where ? 'where' : 'distinct'));
  const args = ast.name === 'if' ? checkBranches(ast.args, scope, checker) : ast.args.map((arg) => checker.check(arg, scope));
  if (args.includes(null)) return null;
  const checked = args as readonly TypedExpr[];
  const resolution = spec.resolve(checked);
  if ('problem' in resolution) return checker.fail(problemOf(resolution, spec, ast, checked));
  return folded(resolution, ast, checker);
}

function unknownCall(ast: CallAst, checker: Checker): Diagnostic {
  if (AGGREGATE_NAMES.has(ast.name)) {
    if (ast.over) return messages.overUnavailable(ast.over.span, false);
    if (!checker.hooks.call) return messages.aggregateOutside(ast.nameSpan, ast.name);
    return messages.unknownFunction(ast.nameSpan, ast.name, [], 'this aggregate is not available yet');
  }
  const known = [...functionLibrary.keys(), ...(checker.hooks.call ? AGGREGATE_NAMES : [])];
  return messages.unknownFunction(ast.nameSpan, ast.name, known, nativeFunction(ast.name));
}

/** The arguments of `if`: a value is looked at where its condition is true and those before were false. */
function checkBranches(args: readonly Ast[], scope: Scope, checker: Checker): (TypedExpr | null)[] {
  const checked: (TypedExpr | null)[] = [];
  let rest = scope;
  for (const [i, arg] of args.entries()) {
    const isCondition = i % 2 === 0 && i + 1 < args.length;
    if (isCondition || i % 2 === 0) checked.push(checker.check(arg, rest));
    else {
      const condition = checked[i - 1];
      checked.push(checker.check(arg, condition ? narrow(rest, narrowedBy(condition)) : rest));
      // A null condition goes on to the next one too, so only a definite one proves something there.
      if (condition && !isNullable(condition.type)) rest = narrow(rest, narrowedByFalse(condition));
    }
  }
  return checked;
}

function problemOf(problem: ResolutionProblem, spec: FunctionSpec, ast: CallAst, args: readonly TypedExpr[]): Diagnostic {
  switch (problem.problem) {
    case 'count':
      return messages.argumentCount(ast.span, spec.signature, args.length);
    case 'clash': {
      const [a, b] = problem.types;
      const what = spec.name === 'if' ? 'the values of `if`' : `the arguments of \`${spec.name}\``;
      const find = (kind: string): TypedExpr => args.find((arg) => definite(arg.type).kind === kind) ?? args[0];
      const [x, y] = [find(a.kind), find(b.kind)];
      return messages.noCommonType(ast.span, what, a, b, clashHelp(x, y) ?? clashHelp(y, x));
    }
    case 'literal': {
      const { index, wanted, reason, help } = problem;
      return messages.wrongLiteral(args[index].span, shownLiteral(args[index]), wanted, reason, help);
    }
    case 'argument': {
      const arg = args[problem.index];
      return messages.wrongArgument(
        arg.span,
        spec.signature,
        problem.wanted,
        definite(arg.type),
        problem.help ?? argumentHelp(arg, problem.wanted),
      );
    }
  }
}

function shownLiteral(arg: TypedExpr): string {
  const value = arg.kind === 'literal' ? arg.value : null;
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : showType(arg.type);
}

function argumentHelp(arg: TypedExpr, wanted: string): string | undefined {
  const { kind } = definite(arg.type);
  if (wanted.includes('integer') && kind === 'double') {
    const quotient = arg.kind === 'binary' && arg.op === '/' && isWhole(arg.left) && isWhole(arg.right);
    return quotient ? '`/` on integers gives a double; `div(a, b)` is integer division' : 'a double becomes an integer by `long(x)`';
  }
  const isText = kind === 'string' || kind === 'enum';
  if (/number|integer/.test(wanted) && isText) {
    const text = arg.kind === 'literal' && typeof arg.value === 'string' ? arg.value : '';
    return /^-?\d+(\.\d+)?$/.test(text)
      ? `write the number without quotes: \`${text}\``
      : 'a text becomes a number by `long(x)` or `double(x)`';
  }
  if (wanted.startsWith('a text') && !isText) return 'other values become texts by `string(x)`';
  if (wanted.includes('a timestamp')) return 'a text or milliseconds since 1970 become a timestamp by `timestamp(x)`';
  if (wanted.includes('number') && kind === 'decimal') return 'a decimal becomes a double by `double(x)`';
  return undefined;
}

/** Whether an operand of `/` was an integer before it was cast to a double. */
function isWhole(operand: TypedExpr): boolean {
  if (operand.kind === 'literal') return Number.isInteger(operand.value) && operand.text === undefined;
  return operand.kind === 'cast' && isInteger(definite(operand.operand.type));
}

/** A call of literals alone is computed now, and told now if it fails. */
function folded({ fn, args, type }: Resolution, ast: CallAst, checker: Checker): TypedExpr | null {
  const node = { kind: 'call', fn, args, type, span: ast.span } as const;
  if (!Object.hasOwn(functionRuntime, fn) || !args.every((arg) => arg.kind === 'literal' && arg.value !== null)) return node;
  try {
    const value = calleeOf(node)(...args.map((arg) => (arg as { readonly value: unknown }).value));
    return value === null ? node : literal(value, definite(type), ast.span);
  } catch (error) {
    if (error instanceof ExpressionError) return checker.fail(messages.failsAlways(ast.span, error.message));
    throw error;
  }
}
