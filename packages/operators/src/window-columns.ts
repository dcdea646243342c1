import type { StepContext, TypedExpr } from '@rta/dsl';

/** What a windowed step adds. */
export const WINDOW_COLUMNS: readonly string[] = ['window_start', 'window_end'];

/** Where rows that are results of windows are grouped by these: the end of the row's window. Else null. */
export function windowEndOf({ input, groupBy }: StepContext): TypedExpr | null {
  if (!input.windowed || groupBy === null) return null;
  const found = WINDOW_COLUMNS.map((name) =>
    groupBy.find(({ name: as, expr }) => as === name && expr.kind === 'column' && expr.name === name),
  );
  return found.every((column) => column !== undefined) ? found[1].expr : null;
}
