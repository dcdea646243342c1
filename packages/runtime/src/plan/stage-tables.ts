import { nullableIf, type Column, type JoinTransform, type NamedExpr, type Relation, type StepNode, type TypedExpr } from '@rta/dsl';
import { columnsOf } from './columns-used.js';
import type { SendTransform, StageNode } from './physical.js';
import type { Place, StageDraft } from './place.js';
import type { StageBuilder } from './stage-builder.js';
import { addRowsFold, rowsFold, rowsOf, splitColumns } from './table-rows.js';

/** A join of two tables: on the left one's key both meet where that is; else by way of the rows that are referred to. */
export function stageTables(builder: StageBuilder, left: Place, right: Place, step: StepNode, transform: JoinTransform): Place {
  const facts = { periodic: false, inexactTimes: left.inexactTimes || right.inexactTimes };
  // What the step gives may be less: a filter of the pairs can follow.
  const output: Relation = { ...step.output, columns: [...leftColumnsOf(left, transform), ...rightColumnsOf(transform)] };
  step = { ...step, output };
  const isForeign = transform.how.kind === 'tables' && transform.how.foreign;
  return { ...(isForeign ? stageForeign : stagePrimary)(builder, left, right, step, transform), ...facts };
}

function stagePrimary(builder: StageBuilder, left: Place, right: Place, step: StepNode, transform: JoinTransform): Place {
  const { leftKey, rightKey, take, outer } = transform;
  const { key, rest } = splitColumns(left.relation);
  const order = key.map(({ name }) => leftKey.findIndex((expr) => expr.kind === 'column' && expr.name === name));
  const next = builder.newStage();
  const columns = rest.map((column) => columnExpr(column, step));
  const sides = [
    builder.sendRows(
      [left],
      next,
      step,
      sent(
        order.map((i) => leftKey[i]),
        columns,
      ),
    ),
    builder.sendRows(
      [right],
      next,
      step,
      sent(
        order.map((i) => rightKey[i]),
        take,
      ),
    ),
  ];
  const accumulators = [rowsOf('newest', rest, outer === 'outer'), rowsOf('newest', columnsOfTake(take), outer !== 'inner')];
  const place = received(left, next);
  return addRowsFold(builder, place, step, rowsFold(key, accumulators, step.span), step.output, left.relation.key, sides);
}

function stageForeign(builder: StageBuilder, left: Place, right: Place, step: StepNode, transform: JoinTransform): Place {
  const { leftKey, outer } = transform;
  const pads = outer !== 'inner';
  const { key, rest } = splitColumns(left.relation);
  const fixed = leftKey.every((expr) => [...columnsOf(expr)].every((name) => key.some((column) => column.name === name)));
  const rightKey = transform.rightKey.map((expr, i) => (leftKey[i].type.kind === 'nullable' ? nullable(expr) : expr));
  const take = pads ? transform.take.map(({ name, expr }) => ({ name, expr: nullable(expr) })) : transform.take;
  const next = builder.newStage();

  const leftColumns = rest.map((column) => columnExpr(column, step));
  const output = builder.send(left, next, rest);
  const store = fixed ? null : left.stage.stores.length;
  if (store !== null) left.stage.stores.push({ kind: 'version', node: left.stage.nodes.length });
  const refer = { type: 'refer', key: leftKey, columns: leftColumns, fixed, pads } as const;
  builder.add(left, { op: 'refer', transform: refer, output, store, ...builder.base(left, step, left.relation) }, left.relation, null);
  const referred = builder.sendRows([right], next, step, sent(rightKey, take));

  const rightColumns = columnsOfTake(take);
  const place = received(left, next);
  const joined = { ...step.output, columns: [...rest, ...rightColumns] };
  const owner = fixed ? null : builder.newStage();
  const node: StageNode = {
    op: 'foreign',
    transform,
    sides: [[0], referred],
    leftColumns: rest,
    rightColumns,
    store: next.stores.length,
    output: owner === null ? null : builder.send(place, owner, joined.columns),
    ...builder.base(place, step, joined),
  };
  next.stores.push({ kind: 'foreign', node: next.nodes.length });
  const at = builder.add(place, node, joined, null);
  const fold = rowsFold(key, [rowsOf('owned', joined.columns, false)], step.span);
  if (owner === null) {
    const names = leftKey.map((expr) => (expr.kind === 'column' ? expr.name : null));
    return addRowsFold(builder, at, step, fold, step.output, names.includes(null) ? null : (names as string[]));
  }
  return addRowsFold(builder, received(left, owner), step, fold, step.output, left.relation.key, [[0]]);
}

function leftColumnsOf({ relation }: Place, { outer }: JoinTransform): Column[] {
  return relation.columns.map(({ name, type }) => ({
    name,
    type: nullableIf(outer === 'outer' && relation.key?.includes(name) !== true, type),
  }));
}

function rightColumnsOf({ outer, take }: JoinTransform): Column[] {
  return take.map(({ name, expr }) => ({ name, type: nullableIf(outer !== 'inner', expr.type) }));
}

function sent(key: readonly TypedExpr[], columns: readonly NamedExpr[]): SendTransform {
  return { type: 'send', key, columns, graceMs: 0, table: true };
}

/** Where a stage has what is sent to it. */
function received(left: Place, stage: StageDraft): Place {
  return { ...left, stage, feeds: stage.inputs.map((_, input) => ({ input })), partitionedBy: null, folded: false };
}

function columnsOfTake(take: readonly NamedExpr[]): Column[] {
  return take.map(({ name, expr }) => ({ name, type: expr.type }));
}

function columnExpr(column: Column, { span }: StepNode): NamedExpr {
  return { name: column.name, expr: { kind: 'column', ...column, span } };
}

function nullable(operand: TypedExpr): TypedExpr {
  if (operand.type.kind === 'nullable') return operand;
  return { kind: 'cast', operand, type: nullableIf(true, operand.type), span: operand.span };
}
