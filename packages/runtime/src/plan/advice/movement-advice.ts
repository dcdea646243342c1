import { adviceMessages, type Diagnostic, type FoldTransform, type OverTransform, type SourceNode, type StepNode } from '@rta/dsl';
import type { PhysicalPlan, StageNode } from '../physical.js';
import { distinctGroups } from './distinct-values.js';
import { namesOf } from './expression-parts.js';
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
  const before = [step, ...graph.before(step)];
  const moved = before.slice(1).some(({ transforms }) => transforms.some(({ type }) => type !== 'filter' && type !== 'project'));
  if (moved || before.some(({ others }) => others !== undefined)) return null;
  return graph.plan.sources.find(({ id }) => id === before.at(-1)!.input) ?? null;
}
