import type { NamedExpr, TypedExpr } from '@rta/dsl';

/** How many different groups there can be; null: as many as there are values. */
export function distinctGroups(group: readonly NamedExpr[]): number | null {
  return group.reduce<number | null>((product, { expr }) => {
    const values = distinctValues(expr);
    return product === null || values === null ? null : product * values;
  }, 1);
}

/** How many values an expression that is never null can have, by its type and form. */
function distinctValues(expr: TypedExpr): number | null {
  if (expr.kind === 'literal') return 1;
  if (expr.kind === 'cast') return distinctValues(expr.operand);
  if (expr.type.kind === 'boolean') return 2;
  if (expr.type.kind === 'enum') return expr.type.symbols.length;
  // `if(c, "a", d, "b", "c")`
  if (expr.kind === 'call' && expr.fn === 'if') {
    const values = expr.args.filter((_, i) => i % 2 === 1 || i === expr.args.length - 1).map(distinctValues);
    return values.some((value) => value === null) ? null : values.reduce<number>((sum, value) => sum + value!, 0);
  }
  return null;
}
