/** Up to where results are out, from what the pipeline committed: nothing has to run. */
import type { Plan, SinkNode } from '@rta/dsl';
import type { Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { holdOf } from '../plan/window-times.js';
import { decodePosition } from '../task/position.js';

/**
 * The least watermark at which the tasks that write a sink have committed, ms since the epoch; null where one has not heard of a time yet, or
 * never committed. What they write up to it is in the sink's topic when this resolves. Rejects with LogError.
 */
export async function committedWatermark(log: Log, plan: PhysicalPlan, sink: Pick<SinkNode, 'id'>): Promise<number | null> {
  const stage = plan.stages.find(({ outputs }) => outputs.some((output) => output.kind === 'sink' && output.id === sink.id));
  if (stage === undefined) return null;
  // Each position has the watermark of the whole task.
  const { topic } = stage.inputs[0];
  const partitions = (await log.offsets(topic)).map(({ partition }) => ({ topic, partition }));
  const committed = await log.groupOffsets(plan.applicationId, partitions);
  const watermark = Math.min(...committed.map(({ metadata }) => decodePosition(metadata)?.watermark ?? -Infinity));
  return Number.isFinite(watermark) ? watermark : null;
}

/**
 * How far the watermark of who writes a sink must be past the end of a window before its rows are final, ms; null: its rows are not those of
 * windows, and those of a table are never final.
 */
export function windowHold(plan: Plan, sink: Pick<SinkNode, 'input' | 'columns'>): number | null {
  const input = [...plan.steps, ...plan.sources].find(({ id }) => id === sink.input);
  if (input?.output.windowed !== true || !sink.columns.some(({ name }) => name === 'window_end')) return null;
  let hold = 0;
  const seen = new Set<string>();
  const inputs = [sink.input];
  for (let id = inputs.pop(); id !== undefined; id = inputs.pop()) {
    const step = plan.steps.find((each) => each.id === id);
    if (step === undefined || seen.has(id)) continue;
    seen.add(id);
    for (const transform of step.transforms) if (transform.type === 'fold') hold += holdOf(transform.window);
    inputs.push(step.input, ...(step.others ?? []));
  }
  return hold;
}
