import {
  adviceMessages,
  RecursiveRecord,
  showExpr,
  type Column,
  type Diagnostic,
  type NamedExpr,
  type Span,
  type StepNode,
  type Transform,
  type Type,
} from '@rta/dsl';
import { distinctGroups } from './distinct-values.js';
import { namesOf, allPartsOf } from './expression-parts.js';
import { closesWithWindow } from '../window-times.js';
import type { PlanGraph } from './plan-graph.js';

/** State that nothing bounds: groups that are never let go, and groups that keep every value. */
export function stateAdvice(graph: PlanGraph): Diagnostic[] {
  return graph.plan.steps.flatMap((step) => {
    // A group over a table goes with the table's rows, so what bounds these bounds it.
    const overTable = graph.relationOf(step.input).kind === 'table';
    return overTable ? [] : step.transforms.flatMap((transform) => adviceOn(step, transform));
  });
}

function adviceOn(step: StepNode, transform: Transform): Diagnostic[] {
  if (transform.type === 'over') {
    const rows = Math.max(0, ...transform.accumulators.map(({ over }) => (over.unit === 'rows' ? over.size : 0)));
    if (rows === 0 || transform.ttlMs !== null || !grows(transform.group)) return [];
    return [adviceMessages.hiddenTrail(groupSpan(transform.group, step), rows, namesOf(transform.group))];
  }
  if (transform.type !== 'fold' || closesWithWindow(transform)) return [];
  const found: Diagnostic[] = [];
  if (transform.ttlMs === null && grows(transform.group)) {
    const megabytes = bytesOf(step.output.columns);
    found.push(adviceMessages.unboundedGroups(groupSpan(transform.group, step), step.verb, namesOf(transform.group), megabytes));
  }
  for (const { name, expr } of transform.results) {
    const accumulators = allPartsOf(expr).flatMap((part) => (part.kind === 'accumulator' ? [transform.accumulators[part.index]] : []));
    const distinct = accumulators.find(({ fn }) => fn === 'distinct');
    if (distinct !== undefined)
      found.push(adviceMessages.growingGroup(expr.span, name, distinct.arg === null ? '…' : showExpr(distinct.arg)));
  }
  return found;
}

/** Whether there is no end of groups. */
function grows(group: readonly NamedExpr[]): boolean {
  return distinctGroups(group) === null;
}

/** Where a group is written; of none, where the verb is. */
export function groupSpan(group: readonly NamedExpr[], step: StepNode): Span {
  return group.length === 0 ? step.span : group[0].expr.span;
}

/** About how many bytes a row takes in memory and in the changelog, with its key and place: an estimate for messages. */
function bytesOf(columns: readonly Column[]): number {
  return 40 + columns.reduce((sum, { type }) => sum + typeBytes(type), 0);
}

function typeBytes(type: Type): number {
  switch (type.kind) {
    case 'boolean':
      return 1;
    case 'string':
    case 'bytes':
      return 20;
    case 'nullable':
      return 1 + typeBytes(type.of);
    case 'array':
    case 'map':
      return 100;
    case 'record':
      return type instanceof RecursiveRecord ? 100 : bytesOf(type.fields);
    default:
      return 8;
  }
}
