import type { NamedColumn, Relation, StepContext, StepResult } from '@rta/dsl';
import { messages } from '@rta/dsl';

/** The result of a step that gives `columns` of each row (select, drop, rename). A key lives on in the column that carries it. */
export function project(
  context: StepContext,
  columns: readonly NamedColumn[],
  missing: readonly string[],
  verb: string,
): StepResult | null {
  const { input } = context;
  if (columns.length === 0 && missing.length === 0) {
    context.report(messages.nothingLeft(context.verbSpan));
    return null;
  }
  const carriers = (input.key ?? []).map(
    (name) => columns.find((column) => column.expr.kind === 'column' && column.expr.name === name)?.name,
  );
  const lost = (input.key ?? []).filter((_, index) => carriers[index] === undefined);
  const key = input.key === null || lost.length > 0 ? null : carriers.map((name) => name!);
  if (input.kind === 'table' && lost.length > 0 && missing.length === 0) {
    context.report(messages.dropsTableKey(context.verbSpan, lost, verb));
    return null;
  }
  const isCarried = (name: string): boolean =>
    columns.some((column) => column.name === name && column.expr.kind === 'column' && column.expr.name === name);
  const output: Relation = {
    kind: input.kind,
    columns: columns.map(({ name, expr }) => ({ name, type: expr.type })),
    key: input.kind === 'table' ? (key ?? input.key) : key,
    windowed: input.windowed && isCarried('window_start') && isCarried('window_end'),
  };
  return { transforms: [{ type: 'project', columns: columns.map(({ name, expr }) => ({ name, expr })) }], output, missing };
}
