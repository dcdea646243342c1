import type { Column } from '../plan/plan.js';
import type { UnsupportedField } from '../types/avro.js';
import { definite, isNullable, LONG, nullable, STRING, TIMESTAMP, INT } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import { isStrict } from './functions/strict.js';
import type { MetaName, TypedExpr } from './typed.js';

/** What the names of an expression can mean. */
export interface Scope {
  readonly columns: readonly Column[];
  /** The metadata columns that there are here, with their types. */
  readonly meta: Readonly<Partial<Record<MetaName, Type>>>;
  /** Paths (`city`, `properties.page_id`) that hold no null here, whatever their types say. */
  readonly narrowed?: ReadonlySet<string>;
  /** Fields of the source's schema that the language cannot read: naming one is an error that says why. */
  readonly unsupported?: readonly UnsupportedField[];
}

/** The metadata of a stream record, where the record key is text. */
export const STREAM_META: Readonly<Partial<Record<MetaName, Type>>> = {
  $time: TIMESTAMP,
  $key: nullable(STRING),
  $offset: LONG,
  $partition: INT,
  $headers: { kind: 'map', values: STRING },
};

/** The scope in which `paths` hold no null. */
export function narrow(scope: Scope, paths: ReadonlySet<string>): Scope {
  if (paths.size === 0) return scope;
  return { ...scope, narrowed: new Set([...(scope.narrowed ?? []), ...paths]) };
}

/** The columns with the nulls of `paths` taken out of their types, those of nested fields too. */
export function narrowColumns(columns: readonly Column[], paths: ReadonlySet<string>): Column[] {
  return columns.map((column) => ({ ...column, type: narrowType(column.type, column.name, paths) }));
}

function narrowType(type: Type, path: string, paths: ReadonlySet<string>): Type {
  const inner = definite(type);
  const narrowed: Type =
    inner.kind === 'record' && [...paths].some((other) => other.startsWith(`${path}.`))
      ? { ...inner, fields: inner.fields.map((field) => ({ ...field, type: narrowType(field.type, `${path}.${field.name}`, paths) })) }
      : inner;
  return isNullable(type) && !paths.has(path) ? (inner.kind === 'null' ? type : nullable(narrowed)) : narrowed;
}

/** `a.b.c` of a column and its fields, or null for any other expression. */
export function pathOf(expr: TypedExpr): string | null {
  if (expr.kind === 'column') return expr.name;
  if (expr.kind === 'cast') return pathOf(expr.operand);
  if (expr.kind !== 'field') return null;
  const of = pathOf(expr.of);
  return of === null ? null : `${of}.${expr.field}`;
}

/** The paths that hold no null where the condition is true: what a `filter` proves to what follows it. */
export function narrowedBy(condition: TypedExpr): ReadonlySet<string> {
  return new Set(provenBy(condition, true));
}

/** The paths that hold no null where the condition is false. */
export function narrowedByFalse(condition: TypedExpr): ReadonlySet<string> {
  return new Set(provenBy(condition, false));
}

function provenBy(expr: TypedExpr, truth: boolean): readonly string[] {
  switch (expr.kind) {
    case 'cast':
      return provenBy(expr.operand, truth);
    case 'unary':
      return expr.op === 'not' ? provenBy(expr.operand, !truth) : [];
    case 'binary':
      return provenByBinary(expr, truth);
    case 'in':
      if (expr.negated === truth) return expr.options.some(isNullLiteral) ? provenNonNull(expr.operand) : [];
      return expr.options.every((option) => !isNullable(option.type)) ? provenNonNull(expr.operand) : [];
    default:
      return provenNonNull(expr);
  }
}

function provenByBinary(expr: TypedExpr & { kind: 'binary' }, truth: boolean): readonly string[] {
  const { op, left, right } = expr;
  switch (op) {
    case 'and':
    case 'or': {
      const [a, b] = [provenBy(left, truth), provenBy(right, truth)];
      return (op === 'and') === truth ? [...a, ...b] : a.filter((path) => b.includes(path));
    }
    case '??':
      // `x ?? false` is true only if x is; of `x ?? true` that holds for false.
      return right.kind === 'literal' && right.value === !truth ? provenBy(left, truth) : [];
    case '==':
    case '!=':
      if ((op === '==') !== truth) return isNullLiteral(right) ? provenNonNull(left) : isNullLiteral(left) ? provenNonNull(right) : [];
      return [...(isNullable(right.type) ? [] : provenNonNull(left)), ...(isNullable(left.type) ? [] : provenNonNull(right))];
    default:
      return provenNonNull(expr);
  }
}

function isNullLiteral(expr: TypedExpr): boolean {
  return expr.kind === 'cast' ? isNullLiteral(expr.operand) : expr.kind === 'literal' && expr.value === null;
}

/** The paths that hold no null where the expression is not null. */
function provenNonNull(expr: TypedExpr): readonly string[] {
  switch (expr.kind) {
    case 'column':
    case 'field': {
      const path = pathOf(expr);
      return [...(path === null ? [] : [path]), ...(expr.kind === 'field' ? provenNonNull(expr.of) : [])];
    }
    case 'index':
      return [...provenNonNull(expr.of), ...provenNonNull(expr.index)];
    case 'cast':
    case 'unary':
      return provenNonNull(expr.operand);
    case 'binary':
      return ['and', 'or', '??', '==', '!='].includes(expr.op) ? [] : [...provenNonNull(expr.left), ...provenNonNull(expr.right)];
    case 'call':
      return isStrict(expr.fn) ? expr.args.flatMap(provenNonNull) : [];
    default:
      return [];
  }
}
