/** Where `--until-end` ends. */
import { tpKey, type Log } from '../log/log.js';
import { keptMs } from '../plan/join-times.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { spanOf } from '../plan/window-times.js';
import type { Task } from './task.js';
import { inputTopics } from './topology.js';

/**
 * The end of each input partition that holds records, by `topic-partition`. Not the last stable offset: the marker of a transaction that
 * has just ended (of the pipeline before this one) may still be on its way; what is open has an end, by the broker's timeout.
 */
export async function endOfInputs(plan: PhysicalPlan, log: Log): Promise<Map<string, number>> {
  const targets = new Map<string, number>();
  for (const topic of inputTopics(plan))
    for (const { partition, high, low } of await log.offsets(topic)) if (high > low) targets.set(tpKey(topic, partition), high);
  return targets;
}

/** Event time (ms) by which every window that holds a record of these tasks has ended, and every row that waits is out, also in chains. */
export function closingTime(plan: PhysicalPlan, tasks: readonly Task[]): number {
  return tasks.reduce((max, task) => Math.max(max, task.maxEventTime()), -Infinity) + closingSpan(plan);
}

/** ms from the last event until nothing is open and nothing waits any more. */
export function closingSpan(plan: PhysicalPlan): number {
  let span = 0;
  for (const stage of plan.stages)
    for (const node of stage.nodes)
      if (node.op === 'fold' && node.mode !== 'partial' && node.transform.window) span += spanOf(node.transform.window);
      else if (node.op === 'join') span += Math.max(keptMs(node.transform, 0), keptMs(node.transform, 1)) + 1;
      // A row is out when the watermark has passed it.
      else if (node.op === 'over' && node.mode !== 'send') span += 1;
  return span;
}
