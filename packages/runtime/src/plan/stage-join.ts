import type { JoinTransform, NamedExpr, StepNode } from '@rta/dsl';
import type { StageNode } from './physical.js';
import { type Place, ROWS_OF_STREAMS } from './place.js';
import type { StageBuilder } from './stage-builder.js';

/** Both sides are sent by the join key to a stage of the join's own. */
export function stageJoin(
  builder: StageBuilder,
  left: readonly Place[],
  others: readonly Place[],
  step: StepNode,
  transform: JoinTransform,
): Place {
  const next = builder.newStage();
  const all = left[0].relation.columns.map((column): NamedExpr => ({
    name: column.name,
    expr: { kind: 'column', ...column, span: step.span },
  }));
  const right = [...transform.take, ...(transform.condition?.carried ?? [])];
  const graceMs = transform.how.kind === 'within' ? transform.how.graceMs : 0;
  const sides = [
    builder.sendRows(left, next, step, { type: 'send', key: transform.leftKey, columns: all, graceMs, table: false }),
    builder.sendRows(others, next, step, {
      type: 'send',
      key: transform.rightKey,
      columns: right,
      graceMs,
      table: transform.how.kind !== 'within',
    }),
  ] as const;
  const relation = step.output;
  const feeds = next.inputs.map((_, input) => ({ input }));
  const received: Place = { stage: next, feeds, relation: left[0].relation, partitionedBy: null, folded: false, ...ROWS_OF_STREAMS };
  const rightColumns = right.map(({ name, expr }) => ({ name, type: expr.type }));
  next.stores.push({ kind: 'join', node: 0 });
  // Where a left row is missing, what is no plain column has no value.
  const names = transform.leftKey.map((expr) => (expr.kind === 'column' ? expr.name : null));
  const partitionedBy = names.includes(null) ? null : (names as string[]);
  const node: StageNode = { op: 'join', transform, sides, rightColumns, store: 0, ...builder.base(received, step, relation) };
  return { ...builder.add(received, node, relation, partitionedBy), folded: true };
}
