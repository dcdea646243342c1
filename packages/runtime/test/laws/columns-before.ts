/** What a step of a plan gets, and a transform within it. */
import type { Column, Plan, Relation, StepNode } from '@rta/dsl';

/** The columns that the transform at `index` of a step gets. */
export function columnsBefore(plan: Plan, step: StepNode, index: number): readonly Column[] {
  const before = step.transforms[index - 1];
  if (before === undefined) return relationBefore(plan, step).columns;
  if (before.type === 'project') return before.columns.map(({ name, expr }) => ({ name, type: expr.type }));
  if (before.type === 'fold') return [...before.group, ...before.results].map(({ name, expr }) => ({ name, type: expr.type }));
  throw new Error(`the columns of ${before.type} within a step are not known`);
}

export function relationBefore({ steps, sources }: Plan, { input }: StepNode): Relation {
  return [...sources, ...steps].find(({ id }) => id === input)!.output;
}
