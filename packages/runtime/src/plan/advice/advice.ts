import { inOrder, type Diagnostic, type Plan } from '@rta/dsl';
import { planStages } from '../plan-stages.js';
import { acceptanceOf } from './accepted.js';
import { joinAdvice, movementAdvice } from './movement-advice.js';
import { PlanGraph } from './plan-graph.js';
import { resultAdvice } from './result-advice.js';
import { stateAdvice } from './state-advice.js';
import { timeAdvice } from './time-advice.js';

/** A piece of advice, and the reason for which the pipeline accepts what it says. */
export interface Advice {
  readonly diagnostic: Diagnostic;
  /** What stands behind `# accepts RTA4001:`; null where nothing is said. */
  readonly accepted: string | null;
}

/**
 * What a plan will do that its author may not know: state without bound, rows that move, groups that are few, results that wait or that a
 * replay would not give. In the order of the file. A comment `# accepts RTA4001: why` accepts a piece: on the line of
 * its place, above it, or, for the whole file, among the comments that it begins with.
 *
 * @throws StagingError where the engine cannot run the plan
 */
export function adviceOf(plan: Plan): readonly Advice[] {
  const graph = new PlanGraph(plan);
  const found = [
    ...stateAdvice(graph),
    ...movementAdvice(graph, planStages(plan)),
    ...joinAdvice(graph),
    ...timeAdvice(graph),
    ...resultAdvice(graph),
  ];
  return inOrder(found).map((diagnostic) => ({ diagnostic, accepted: acceptanceOf(diagnostic) }));
}
