import { partsOf, type NamedExpr, type TypedExpr } from '@rta/dsl';

/** An expression and all that it is made of. */
export function allPartsOf(expr: TypedExpr): readonly TypedExpr[] {
  return [expr, ...partsOf(expr).flatMap(allPartsOf)];
}

/** Columns of a group, for people. */
export function namesOf(group: readonly NamedExpr[]): readonly string[] {
  return group.map(({ name }) => name);
}
