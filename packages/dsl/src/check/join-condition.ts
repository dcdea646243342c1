/** `on` of a join as an expression: which of its conjuncts are keys, and what the others ask of rows with equal keys. */
import { nullablePath } from '../expression/checker.js';
import { nullableCondition } from '../expression/messages-types.js';
import { partsOf, withParts } from '../expression/parts.js';
import { joinSpans } from '../expression/source.js';
import type { TypedExpr } from '../expression/typed.js';
import type { Column, JoinCondition, NamedExpr } from '../plan/plan.js';
import { BOOLEAN, definite, isNullable, nullableIf } from '../types/lattice.js';
import type { Type } from '../types/type.js';
import type { Flow } from './flow.js';
import { messages } from './messages.js';
import type { Session } from './session.js';

/** Whether rows can be moved to those of equal values of the type. */
export function isKeyType(type: Type): boolean {
  return !['array', 'map', 'record', 'null', 'float', 'double'].includes(definite(type).kind);
}

/** When a row is: of the left one as it is, of the right one as if it were a column of its. */
export const TIME = '$time';

interface Conjuncts {
  /** Equalities of the two sides, the right one over its own columns. */
  readonly keys: readonly (readonly [left: TypedExpr, right: TypedExpr])[];
  readonly others: readonly TypedExpr[];
}

/** @param name of the right side, whose columns are fields of it */
export function splitOn(on: TypedExpr, left: Flow, right: Flow, name: string): Conjuncts {
  const all = conjunctsOf(on).map((expr) => ({ expr, key: keyOf(expr, name) }));
  const narrowed = (expr: TypedExpr, flow: Flow): boolean => isNarrowed(expr, flow.relation.columns);
  // Equal doubles are no key, but a condition beside one; so is what holds no null only where another condition is true.
  const good = all.filter(({ key }) => key !== null && isKeyType(key[0].type) && !narrowed(key[0], left) && !narrowed(key[1], right));
  const chosen = good.length > 0 ? good : all;
  const keys = chosen.flatMap(({ key }) => (key === null ? [] : [[withNulls(key[0], left), withNulls(key[1], right)] as const]));
  const others = all.filter((each) => each.key === null || !chosen.includes(each));
  return { keys, others: others.map(({ expr }) => expr) };

  function withNulls(expr: TypedExpr, flow: Flow): TypedExpr {
    return { ...expr, type: nullableIf(narrowed(expr, flow), expr.type) };
  }
}

/** Whether it reads columns that may be null, as if they were not. */
function isNarrowed(expr: TypedExpr, columns: readonly Column[]): boolean {
  if (expr.kind === 'column' && !isNullable(expr.type) && isNullable(columns.find(({ name }) => name === expr.name)!.type)) return true;
  if (expr.kind === 'field' && !isNullable(expr.type)) {
    const record = definite(expr.of.type);
    if (record.kind === 'record' && record.fields.some(({ name, type }) => name === expr.field && isNullable(type))) return true;
  }
  return partsOf(expr).some((part) => isNarrowed(part, columns));
}

function conjunctsOf(expr: TypedExpr): readonly TypedExpr[] {
  return expr.kind === 'binary' && expr.op === 'and' ? [expr.left, expr.right].flatMap(conjunctsOf) : [expr];
}

function keyOf(expr: TypedExpr, name: string): readonly [TypedExpr, TypedExpr] | null {
  if (expr.kind !== 'binary' || expr.op !== '==') return null;
  const [a, b] = [sideOf(expr.left, name), sideOf(expr.right, name)];
  if (a === 'left' && b === 'right') return [expr.left, overRight(expr.right, name, '')];
  if (a === 'right' && b === 'left') return [expr.right, overRight(expr.left, name, '')];
  return null;
}

/** Which side's columns an expression reads; null: of both, of none, or metadata. */
function sideOf(expr: TypedExpr, name: string): 'left' | 'right' | null {
  const sides = new Set(readings(expr, name));
  const [side] = sides;
  return sides.size === 1 && side !== 'other' ? side : null;
}

function readings(expr: TypedExpr, name: string): readonly ('left' | 'right' | 'other')[] {
  if (expr.kind === 'field' && expr.of.kind === 'column' && expr.of.name === name) return ['right'];
  if (expr.kind === 'column') return [expr.name === name ? 'other' : 'left'];
  if (expr.kind === 'meta') return ['other'];
  return partsOf(expr).flatMap((part) => readings(part, name));
}

/** The expression over the right side's own columns, whose names get the prefix. */
function overRight(expr: TypedExpr, name: string, prefix: string): TypedExpr {
  if (expr.kind === 'field' && expr.of.kind === 'column' && expr.of.name === name) {
    const { type, span } = expr;
    if (expr.field === TIME && prefix === '') return { kind: 'meta', name: TIME, type, span };
    return { kind: 'column', name: `${prefix}${expr.field}`, type, span };
  }
  return withParts(expr, (part) => overRight(part, name, prefix));
}

/** What all of `conjuncts` ask; null: nothing; undefined with reports. */
export function conditionOf(
  conjuncts: readonly TypedExpr[],
  right: Flow,
  name: string,
  { report }: Session,
): JoinCondition | null | undefined {
  let fine = true;
  for (const expr of conjuncts) {
    if (isNullable(expr.type)) {
      report(nullableCondition(expr.span, 'a condition in `on`', nullablePath(expr)));
      fine = false;
    }
    if (!hasValues(expr)) fine = false;
  }
  if (!fine) return undefined;
  if (conjuncts.length === 0) return null;
  const prefix = `${name}.`;
  const expr = conjuncts
    .map((each) => overRight(each, name, prefix))
    .reduce((a, b) => ({ kind: 'binary', op: 'and', left: a, right: b, type: BOOLEAN, span: joinSpans(a.span, b.span) }));
  const read = new Set(columnsIn(expr));
  const carried = right.relation.columns.flatMap((column): NamedExpr[] =>
    read.has(prefix + column.name) ? [{ name: prefix + column.name, expr: { kind: 'column', ...column, span: expr.span } }] : [],
  );
  const time = right.meta[TIME];
  if (read.has(prefix + TIME) && time)
    carried.push({ name: prefix + TIME, expr: { kind: 'meta', name: TIME, type: time, span: expr.span } });
  return { expr, carried };

  /** Whether all that it reads is there where the rows meet. */
  function hasValues(part: TypedExpr): boolean {
    if (part.kind === 'field' && part.of.kind === 'column') return true;
    if (part.kind === 'column' && part.name === name) {
      report(messages.joinWholeRow(part.span, name));
      return false;
    }
    if (part.kind === 'meta' && part.name !== TIME) {
      report(messages.joinMeta(part.span, part.name));
      return false;
    }
    return partsOf(part).map(hasValues).every(Boolean);
  }
}

function columnsIn(expr: TypedExpr): readonly string[] {
  return expr.kind === 'column' ? [expr.name] : partsOf(expr).flatMap(columnsIn);
}
