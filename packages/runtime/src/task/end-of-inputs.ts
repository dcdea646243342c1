/** Where `--until-end` ends. */
import { tpKey, type Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { spanOf } from '../plan/window-times.js';
import type { Task } from './task.js';
import { inputTopics } from './topology.js';

/** The last stable offset of each input partition that holds records, by `topic-partition`. */
export async function endOfInputs(plan: PhysicalPlan, log: Log): Promise<Map<string, number>> {
  const targets = new Map<string, number>();
  for (const topic of inputTopics(plan))
    for (const { partition, stable, low } of await log.offsets(topic)) if (stable > low) targets.set(tpKey(topic, partition), stable);
  return targets;
}

/** Event time (ms) by which every window that holds a record of these tasks has ended, also in chains of windows. */
export function closingTime(plan: PhysicalPlan, tasks: readonly Task[]): number {
  let max = -Infinity;
  for (const task of tasks) max = Math.max(max, task.maxEventTime());
  let span = 0;
  for (const stage of plan.stages)
    for (const node of stage.nodes)
      if (node.op === 'fold' && node.mode !== 'partial' && node.transform.window) span += spanOf(node.transform.window);
  return max + span;
}
