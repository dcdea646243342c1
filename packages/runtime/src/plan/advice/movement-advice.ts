import {
  adviceMessages,
  type Diagnostic,
  type FoldTransform,
  type OverTransform,
  type SourceNode,
  type StepNode,
  type TypedExpr,
} from '@rta/dsl';
import type { PhysicalPlan, StageNode } from '../physical.js';
import { distinctGroups } from './distinct-values.js';
import { namesOf } from './expression-parts.js';
import { PLAIN_KEYS } from '../stage-join.js';
import type { PlanGraph } from './plan-graph.js';
import { groupSpan } from './state-advice.js';

/** No more groups than this are few: a topic often has more partitions. */
const FEW_GROUPS = 16;

/** Rows that go through another topic, and groups that are so few that a few tasks do all. */
export function movementAdvice(graph: PlanGraph, physical: PhysicalPlan): Diagnostic[] {
  return graph.plan.steps.flatMap((step) => {
    const sender = senderOf(physical, step);
    if (sender === null) return [];
    const { group } = sender.transform;
    // What stands behind another aggregate is small, and its key was chosen there.
    if (graph.relationOf(step.input).kind === 'table') return [];
    const whole = sender.node.op === 'over';
    const groups = distinctGroups(group);
    const span = groupSpan(group, step);
    if (groups !== null && groups <= FEW_GROUPS) {
      const name =
        group.length === 0
          ? 'without `groupBy` the group'
          : namesOf(group)
              .map((column) => `\`${column}\``)
              .join(' with ');
      return [adviceMessages.skew(span, name, groups, whole)];
    }
    const source = unmovedSource(graph, step);
    if (source === null || group.length === 0) return [];
    const [{ expr }] = group;
    const column = group.length === 1 && expr.kind === 'column' && isKey(expr.name, source) ? expr.name : null;
    return [adviceMessages.repartition(span, namesOf(group), source.key?.join(', ') ?? null, source.name, sender.topic, whole, column)];
  });
}

/** Joins of streams that would not have to move. */
export function joinAdvice(graph: PlanGraph): Diagnostic[] {
  return graph.plan.steps.flatMap((step) => {
    const join = step.transforms.find((transform) => transform.type === 'join');
    if (join === undefined || join.how.kind !== 'within' || join.copartitioned === true) return [];
    const [left, right] = [step.input, step.others![0]];
    const sources = [unmoved(graph, left), unmoved(graph, right)];
    if (sources.some((source) => source === null || !PLAIN_KEYS.includes(source.keyFormat) || source.keyFormat !== sources[0]!.keyFormat))
      return [];
    const parts = (side: readonly TypedExpr[], key: readonly string[] | null): number[] | undefined =>
      key?.map((name) => side.findIndex((expr) => expr.kind === 'column' && expr.name === name));
    const by = parts(join.leftKey, graph.relationOf(left).key);
    const same = by !== undefined && !by.includes(-1) && by.join() === parts(join.rightKey, graph.relationOf(right).key)?.join();
    return same ? [adviceMessages.movedJoin(step.span, graph.relationOf(left).key!)] : [];
  });
}

/** The source whose records a step or source gives as they were partitioned; null where they have moved. */
function unmoved(graph: PlanGraph, id: string): SourceNode | null {
  const step = graph.step(id);
  if (step === null) return graph.plan.sources.find((source) => source.id === id)!;
  const moves = step.others !== undefined || step.transforms.some(({ type }) => type !== 'filter' && type !== 'project');
  return moves ? null : unmoved(graph, step.input);
}

/** Whether a source could be keyed by a column. */
function isKey(name: string, source: SourceNode): boolean {
  return source.output.columns.some((column) => column.name === name);
}

interface Sender {
  readonly node: StageNode;
  readonly transform: FoldTransform | OverTransform;
  readonly topic: string;
}

/** What of a step sends rows, or partial results, to another stage. */
function senderOf(physical: PhysicalPlan, step: StepNode): Sender | null {
  for (const stage of physical.stages) {
    for (const node of stage.nodes) {
      if (node.step !== step.id || (node.op !== 'fold' && node.op !== 'over') || node.output === null) continue;
      return { node, transform: node.transform, topic: stage.outputs[node.output].topic };
    }
  }
  return null;
}

/** The source whose records come to a step as they were partitioned; null where rows were grouped, merged or joined before. */
function unmovedSource(graph: PlanGraph, step: StepNode): SourceNode | null {
  return step.others === undefined ? unmoved(graph, step.input) : null;
}
