import type { Diagnostic, Span } from '../diagnostics/diagnostic.js';
import type { Column } from '../plan/plan.js';
import {
  BOOLEAN,
  definite,
  DOUBLE,
  DURATION,
  INT,
  isInteger,
  isNullable,
  isText,
  LONG,
  NULL,
  nullable,
  nullableIf,
  STRING,
} from '../types/lattice.js';
import type { Type } from '../types/type.js';
import type { Ast, CallAst } from './ast.js';
import { castKeepingNull, castTo, literal } from './build.js';
import { checkCall } from './calls.js';
import { checkArray, checkInside } from './collections.js';
import { canonicalLong, MAX_LONG, MIN_LONG } from './long.js';
import * as messages from './messages-types.js';
import { fieldHint, unknownNameHint } from './hints.js';
import { checkArithmetic, checkEquality, checkIn, checkNegation, checkOrder, clashHelp, looseHelp, type Report } from './operators.js';
import { narrow, narrowedBy, narrowedByFalse, pathOf, type Scope } from './scope.js';
import type { MetaName, TypedExpr } from './typed.js';
import { unify } from './unify.js';

export interface CheckResult {
  /** Null if there are errors. */
  readonly expr: TypedExpr | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** Resolves the names of an expression and types it. The result may be of any type, a duration or the literal null too. */
export function checkExpression(ast: Ast, scope: Scope): CheckResult {
  return resultOf((checker) => checker.check(ast, scope));
}

/**
 * Checks a condition: it must be a boolean that is never null. `what` begins the message: "`filter`" must be true or false. What it
 * proves to what follows is `narrowedBy(expr)`.
 */
export function checkCondition(ast: Ast, scope: Scope, what = 'a condition'): CheckResult {
  return resultOf((checker) => checker.condition(ast, scope, what));
}

/**
 * Checks an expression whose value becomes a column: a duration becomes a long of milliseconds, and the literal null, which has no type,
 * is an error.
 */
export function checkColumnExpression(ast: Ast, scope: Scope): CheckResult {
  return resultOf((checker) => checker.column(ast, scope));
}

function resultOf(check: (checker: Checker) => TypedExpr | null): CheckResult {
  const checker = new Checker();
  const expr = check(checker);
  const failed = checker.diagnostics.some(({ severity }) => severity === 'error');
  return { expr: failed ? null : expr, diagnostics: checker.diagnostics };
}

/** What the surroundings add to a check: aggregates are calls of their own kind. */
export interface CheckerHooks {
  /** The node of a call that is no function of the library, null if it was reported, undefined if it is none of the hook's. */
  readonly call?: (call: CallAst, checker: Checker) => TypedExpr | null | undefined;
  /** What to say of a name that is not in scope, or null for the usual message. */
  readonly unknownName?: (name: string, span: Span) => Diagnostic | null;
}

/** Checks expressions, collecting what there is to say. Its methods give null where they have reported an error. */
export class Checker {
  readonly report: Report = (problem) => this.diagnostics.push(problem);

  constructor(
    readonly diagnostics: Diagnostic[] = [],
    readonly hooks: CheckerHooks = {},
  ) {}

  /** `beside` is the type of what a name is compared with, for hints. */
  check(ast: Ast, scope: Scope, beside?: Type): TypedExpr | null {
    const { span } = ast;
    switch (ast.kind) {
      case 'null':
        return literal(null, NULL, span);
      case 'boolean':
        return literal(ast.value, BOOLEAN, span);
      case 'string':
        return literal(ast.value, STRING, span);
      case 'duration':
        return literal(ast.ms, DURATION, span);
      case 'integer':
        return this.integer(ast.text, span);
      case 'double': {
        const value = Number(ast.text);
        if (!Number.isFinite(value)) return this.fail(messages.doubleRange(span, ast.text));
        return { kind: 'literal', value, text: ast.text, type: DOUBLE, span };
      }
      case 'name':
        return this.name(ast.name, span, scope, beside);
      case 'field':
        return this.field(ast, scope);
      case 'index':
        return this.index(ast, scope);
      case 'unary':
        return ast.op === 'not'
          ? this.not(ast.operand, span, scope)
          : this.then(this.check(ast.operand, scope), (x) => checkNegation(x, span, this.report));
      case 'binary':
        return this.binary(ast, scope);
      case 'in':
        return this.in(ast, scope);
      case 'inside':
        return checkInside(ast, scope, this);
      case 'array':
        return checkArray(ast, scope, this);
      case 'call':
        return this.call(ast, scope);
    }
  }

  private call(ast: CallAst, scope: Scope): TypedExpr | null {
    const special = this.hooks.call?.(ast, this);
    return special === undefined ? checkCall(ast, scope, this) : special;
  }

  condition(ast: Ast, scope: Scope, what: string): TypedExpr | null {
    const expr = this.check(ast, scope);
    if (expr === null) return null;
    if (definite(expr.type).kind !== 'boolean')
      return this.fail(messages.notBoolean(expr.span, what, definite(expr.type), conditionHelp(expr)));
    if (isNullable(expr.type)) return this.fail(messages.nullableCondition(expr.span, what, nullablePath(expr)));
    return expr;
  }

  column(ast: Ast, scope: Scope): TypedExpr | null {
    const expr = this.check(ast, scope);
    return expr && this.asColumn(expr);
  }

  /** A duration as a long of milliseconds; the literal null is an error. */
  asColumn(expr: TypedExpr): TypedExpr | null {
    const { kind } = definite(expr.type);
    if (kind === 'null') return this.fail(messages.nullColumn(expr.span));
    return kind === 'duration' ? castKeepingNull(expr, LONG) : expr;
  }

  fail(problem: Diagnostic): null {
    this.report(problem);
    return null;
  }

  private then<T>(value: T | null, next: (value: T) => TypedExpr | null): TypedExpr | null {
    return value === null ? null : next(value);
  }

  // ---- Literals and names ----

  private integer(text: string, span: Span): TypedExpr | null {
    const value = BigInt(text);
    if (value < MIN_LONG || value > MAX_LONG) return this.fail(messages.numberRange(span, text));
    const type = value >= -(2n ** 31n) && value < 2n ** 31n ? INT : LONG;
    return literal(canonicalLong(value), type, span);
  }

  private name(name: string, span: Span, scope: Scope, beside?: Type): TypedExpr | null {
    if (name.startsWith('$')) {
      const type = Object.hasOwn(scope.meta, name) ? scope.meta[name as MetaName] : undefined;
      if (type) return { kind: 'meta', name: name as MetaName, type: narrowedType(type, name, scope), span };
      return this.fail(this.hooks.unknownName?.(name, span) ?? messages.unknownMeta(span, name, Object.keys(scope.meta)));
    }
    const column = scope.columns.find((one) => one.name === name);
    if (column) return { kind: 'column', name, type: narrowedType(column.type, name, scope), span };
    const problem = this.unsupported(name, span, scope) ?? this.hooks.unknownName?.(name, span);
    const known = scope.columns.map((one) => one.name);
    return this.fail(problem ?? messages.unknownColumn(span, name, known, unknownNameHint(name, scope, beside)));
  }

  private unsupported(path: string, span: Span, scope: Scope): Diagnostic | null {
    const field = scope.unsupported?.find((one) => one.path === path);
    return field ? messages.unsupportedField(span, field) : null;
  }

  private field(ast: Ast & { readonly kind: 'field' }, scope: Scope): TypedExpr | null {
    const { of: owner, field: inner } = ast;
    const known = scope.columns.map(({ name }) => name);
    // `rides.city`, as SQL has it.
    if (owner.kind === 'name' && !owner.name.startsWith('$') && !known.includes(owner.name) && known.includes(inner))
      return this.fail(messages.unknownColumn(owner.span, owner.name, known, `a column stands alone: \`${inner}\``));
    const of = this.check(ast.of, scope);
    if (of === null) return null;
    const record = definite(of.type);
    const path = pathOf(of);
    if (record.kind !== 'record') return this.fail(messages.noFields(ast.fieldSpan, ast.field, record, fieldHint(ast.field)));
    const field = record.fields.find((one) => one.name === ast.field);
    if (!field) {
      const unsupported = path === null ? null : this.unsupported(`${path}.${ast.field}`, ast.fieldSpan, scope);
      return this.fail(
        unsupported ??
          messages.unknownField(
            ast.fieldSpan,
            ast.field,
            record,
            record.fields.map((one) => one.name),
          ),
      );
    }
    const type = nullableIf(isNullable(of.type), field.type);
    return {
      kind: 'field',
      of,
      field: ast.field,
      type: path === null ? type : narrowedType(type, `${path}.${ast.field}`, scope),
      span: ast.span,
    };
  }

  private index(ast: Ast & { readonly kind: 'index' }, scope: Scope): TypedExpr | null {
    const [of, index] = [this.check(ast.of, scope), this.check(ast.index, scope)];
    if (of === null || index === null) return null;
    const [container, key] = [definite(of.type), definite(index.type)];
    if (container.kind === 'array') {
      if (!isInteger(key)) return this.fail(messages.wrongIndex(index.span, container, 'an integer', key));
      return { kind: 'index', of, index: castKeepingNull(index, LONG), type: nullable(container.items), span: ast.span };
    }
    if (container.kind !== 'map') return this.fail(messages.notIndexable(ast.span, container));
    if (!isText(key)) return this.fail(messages.wrongIndex(index.span, container, 'a text', key));
    return { kind: 'index', of, index: castKeepingNull(index, STRING), type: nullable(container.values), span: ast.span };
  }

  // ---- Operators ----

  private not(ast: Ast, span: Span, scope: Scope): TypedExpr | null {
    const operand = this.boolean(ast, scope, '`not`');
    return operand && { kind: 'unary', op: 'not', operand, type: operand.type, span };
  }

  /** An operand of `and`, `or`, `not`: a boolean that may be null. */
  private boolean(ast: Ast, scope: Scope, what: string): TypedExpr | null {
    const expr = this.check(ast, scope);
    if (expr === null) return null;
    const { kind } = definite(expr.type);
    if (kind === 'null') return castTo(expr, nullable(BOOLEAN));
    return kind === 'boolean' ? expr : this.fail(messages.notBoolean(expr.span, what, definite(expr.type), conditionHelp(expr)));
  }

  private binary(ast: Ast & { readonly kind: 'binary' }, scope: Scope): TypedExpr | null {
    const { op, span } = ast;
    if (op === 'and' || op === 'or') return this.logical(op, ast, scope);
    if (op === '??') return this.coalesce(ast, scope);
    const [left, right] = this.pair(ast.left, ast.right, scope);
    if (left === null || right === null) return null;
    switch (op) {
      case '==':
      case '!=':
        return checkEquality(op, left, right, ast, this.report);
      case '<':
      case '<=':
      case '>':
      case '>=':
        return checkOrder(op, left, right, { span, opSpan: ast.opSpan }, this.report);
      default:
        return checkArithmetic(op, left, right, ast, this.report);
    }
  }

  /** Both sides; an unknown name last, so that its message can say what it is compared with. */
  private pair(left: Ast, right: Ast, scope: Scope): [TypedExpr | null, TypedExpr | null] {
    if (left.kind === 'name' && !scope.columns.some(({ name }) => name === left.name)) {
      const typed = this.check(right, scope);
      return [this.check(left, scope, typed?.type), typed];
    }
    const typed = this.check(left, scope);
    return [typed, this.check(right, scope, typed?.type)];
  }

  /** The right side is looked at where the left one is true (`and`) or false (`or`), so it knows what that proves. */
  private logical(op: 'and' | 'or', ast: Ast & { readonly kind: 'binary' }, scope: Scope): TypedExpr | null {
    const left = this.boolean(ast.left, scope, `\`${op}\``);
    // With a left side that may be null the right one is looked at then too, so nothing is proven.
    const proven = left === null || isNullable(left.type) ? new Set<string>() : op === 'and' ? narrowedBy(left) : narrowedByFalse(left);
    const right = this.boolean(ast.right, narrow(scope, proven), `\`${op}\``);
    if (left === null || right === null) return null;
    return { kind: 'binary', op, left, right, type: nullableIf(isNullable(left.type) || isNullable(right.type), BOOLEAN), span: ast.span };
  }

  private coalesce(ast: Ast & { readonly kind: 'binary' }, scope: Scope): TypedExpr | null {
    const [left, right] = [this.check(ast.left, scope), this.check(ast.right, scope)];
    if (left === null || right === null) return null;
    if (!isNullable(left.type)) this.report(messages.neverNull(ast.opSpan, left.type, '??'));
    const unified = unify([left, right]);
    if ('clash' in unified) {
      return this.fail(
        messages.noCommonType(
          ast.span,
          'both sides of `??`',
          ...unified.clash,
          looseHelp(right) ?? clashHelp(left, right) ?? clashHelp(right, left),
        ),
      );
    }
    const [x, y] = unified.exprs;
    return {
      kind: 'binary',
      op: '??',
      left: x,
      right: y,
      type: nullableIf(isNullable(left.type) && isNullable(right.type), unified.type),
      span: ast.span,
    };
  }

  private in(ast: Ast & { readonly kind: 'in' }, scope: Scope): TypedExpr | null {
    const operand = this.check(ast.operand, scope);
    const options = ast.options.map((option) => this.check(option, scope, operand?.type));
    if (operand === null || options.includes(null)) return null;
    return checkIn(operand, options as TypedExpr[], ast.negated, ast.span, this.report);
  }
}

function narrowedType(type: Type, path: string, scope: Scope): Type {
  return scope.narrowed?.has(path) ? definite(type) : type;
}

/** The first column or field in a condition that may be null and makes it so. */
export function nullablePath(expr: TypedExpr): string | null {
  if (!isNullable(expr.type)) return null;
  switch (expr.kind) {
    case 'column':
    case 'field':
      return pathOf(expr);
    case 'cast':
    case 'unary':
      return nullablePath(expr.operand);
    case 'binary':
      return nullablePath(expr.left) ?? nullablePath(expr.right);
    default:
      return null;
  }
}

function conditionHelp(expr: TypedExpr): string | undefined {
  if (definite(expr.type).kind === 'string') return 'compare it: `x == "…"`';
  return expr.kind === 'call' && expr.fn === 'if' ? 'compare the result of `if`' : undefined;
}

/** The scope of a row that has these columns and nothing else. */
export function scopeOf(columns: readonly Column[]): Scope {
  return { columns, meta: {} };
}
