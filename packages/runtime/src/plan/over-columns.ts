/**
 * Splits what `over` computes of a single record (group, arguments, conditions) from what it keeps: the first becomes columns of their own
 * before the rows are sorted, and before they move, so that a record for which it fails is still at hand (SEMANTICS rule 12).
 */
import { type Column, type NamedExpr, nullable, type OverTransform, type ProjectTransform, type TypedExpr } from '@rta/dsl';

export interface OverColumns {
  /** Adds the columns, and drops those that are not kept; null: there are neither. */
  readonly project: ProjectTransform | null;
  /** Its group, arguments and conditions are columns. */
  readonly over: OverTransform;
}

/**
 * @param columns of the input
 * @param wanted those of them that are kept
 */
export function overColumns(over: OverTransform, columns: readonly Column[], wanted: readonly Column[]): OverColumns {
  const added: NamedExpr[] = [];
  const asColumn = (expr: TypedExpr): TypedExpr => {
    if (expr.kind === 'column') return expr;
    // No column of a pipeline has a dot in its name.
    const name = `over.${added.length}`;
    added.push({ name, expr });
    return { kind: 'column', name, type: expr.type, span: expr.span };
  };
  const prepared: OverTransform = {
    ...over,
    group: over.group.map(({ name, expr }) => ({ name, expr: asColumn(expr) })),
    accumulators: over.accumulators.map((accumulator) => ({
      ...accumulator,
      arg: accumulator.arg && asColumn(lookedAt(accumulator.arg, accumulator.where)),
      by: accumulator.by && asColumn(lookedAt(accumulator.by, accumulator.where)),
      where: accumulator.where && asColumn(accumulator.where),
    })),
  };
  if (added.length === 0 && wanted.length === columns.length) return { project: null, over: prepared };
  const { span } = over.columns[0].expr;
  const kept = wanted.map(({ name, type }): NamedExpr => ({ name, expr: { kind: 'column', name, type, span } }));
  return { project: { type: 'project', columns: [...kept, ...added] }, over: prepared };
}

/** Where the condition does not hold, the argument is not looked at: it may fail there. */
function lookedAt(arg: TypedExpr, where: TypedExpr | null): TypedExpr {
  if (where === null || arg.kind === 'column') return arg;
  const type = nullable(arg.type);
  const nothing: TypedExpr = { kind: 'literal', value: null, type, span: arg.span };
  return { kind: 'call', fn: 'if', args: [where, arg, nothing], type, span: arg.span };
}
