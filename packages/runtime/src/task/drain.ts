/** Ends of a run that come by themselves: when there is nothing more to read. */
import { tpKey, type Log } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { closingTime, endOfInputs } from './end-of-inputs.js';
import { SharedEnd } from './shared-end.js';
import type { Task } from './task.js';
import { repartitionTopics } from './topology.js';
import type { WorkerOptions } from './worker-options.js';

/** What of a worker it takes. */
export interface Drained {
  readonly options: WorkerOptions;
  tasks(): readonly Task[];
  /** Whether it was asked to end. */
  stopping(): boolean;
  loop(done: () => boolean): Promise<void>;
  reached(targets: ReadonlyMap<string, number>): boolean;
  /** Whether no other member of the group has tasks. */
  hasAll(): boolean;
  close(watermark: number): void;
}

/** See `Worker.drain`. */
export async function drain(worker: Drained, watermark?: number | 'close'): Promise<void> {
  const { plan, context, shared } = worker.options;
  const { log, applicationId: group, stagePartitions } = context;
  const targets = await endOfInputs(plan, log);
  const end = new SharedEnd({ plan, log, group, stagePartitions, targets });
  if (shared !== undefined) {
    const loop = (done: () => boolean): Promise<void> => worker.loop(done);
    await end.drain(shared, watermark === 'close', { loop, reached: () => worker.reached(targets), close: (at) => worker.close(at) });
    return;
  }
  // Another member may be one that was killed, whose tasks come here when the group has given it up.
  const done = (): boolean => worker.reached(targets) && (worker.hasAll() || end.reached());
  await worker.loop(done);
  // Asked to end in between: what is open stays open.
  if (watermark === undefined || worker.stopping()) return;
  const tasks = worker.tasks();
  if (watermark === 'close') worker.close(worker.hasAll() ? closingTime(plan, tasks) : await end.close());
  else for (const task of tasks) task.moveSources(watermark);
  await worker.loop(done);
}

/** See `Worker.drainStages`. */
export async function drainStages({ options, ...worker }: Pick<Drained, 'options' | 'stopping' | 'loop' | 'reached'>): Promise<void> {
  const { plan, context } = options;
  for (let before = -1; !worker.stopping();) {
    const targets = await endOfStages(plan, context.log);
    await worker.loop(() => worker.reached(targets));
    // Others may have written meanwhile; what they write later they, or who has their tasks then, read.
    const end = [...targets.values()].reduce((sum, each) => sum + each, 0);
    if (end === before) return;
    before = end;
  }
}

async function endOfStages(plan: PhysicalPlan, log: Log): Promise<ReadonlyMap<string, number>> {
  const targets = new Map<string, number>();
  for (const topic of repartitionTopics(plan))
    for (const { partition, high, low } of await log.offsets(topic)) if (high > low) targets.set(tpKey(topic, partition), high);
  return targets;
}
