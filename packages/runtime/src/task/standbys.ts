/** The copies of other workers' state that a worker keeps (`standby: 1`), and what it knows to have on its disk. */
import { tpKey, type HeldState, type TopicPartition } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import { generationOf, inputPartitions } from './assignment.js';
import { toError } from './recovery.js';
import { keptStore, StandbyCopy } from './standby-copy.js';
import type { Task } from './task.js';
import type { TaskContext } from './task-context.js';

/** ms between two looks at the changelogs; what a takeover replays is about what came since. */
const ROUND_MS = 500;
/** After failures, at most. */
const MAX_ROUND_MS = 30_000;

/** One copy, as it was when it was last looked at. */
export interface StandbySnapshot {
  /** `stage_partition` */
  readonly task: string;
  /** Changelog records that it lacked; null: not looked at yet. */
  readonly lag: number | null;
}

export class Standbys {
  private copies: StandbyCopy[] = [];
  /** State on this worker's disk, by task and input. */
  private readonly onDisk = new Map<string, readonly HeldState[]>();
  private hasLooked = false;
  private timer: NodeJS.Timeout | null = null;
  private underWay = false;
  private failures = 0;

  /** @param onHeld told after every round what the worker has */
  constructor(
    private readonly plan: PhysicalPlan,
    private readonly context: TaskContext,
    private readonly onHeld: (held: readonly HeldState[]) => void,
  ) {}

  /**
   * A new assignment: `tasks` run here from now on, and take over their copies where there are any; copies are kept of those tasks with
   * state that read `partitions`, and no others.
   */
  async assigned(tasks: readonly Task[], partitions: readonly TopicPartition[]): Promise<void> {
    const running = new Map(tasks.map((task) => [task.id, task]));
    const wanted = copiesOf(this.plan, partitions, this.context).filter(({ id }) => !running.has(id));
    const kept: StandbyCopy[] = [];
    const dropped: StandbyCopy[] = [];
    for (const copy of this.copies) {
      this.onDisk.set(copy.id, copy.held());
      const task = running.get(copy.id);
      if (task !== undefined) task.adopt(copy);
      else if (wanted.some(({ id }) => id === copy.id)) kept.push(copy);
      else dropped.push(copy);
    }
    this.copies = wanted.map((copy) => kept.find(({ id }) => id === copy.id) ?? copy);
    await closeCopies(dropped);
    this.failures = 0;
    this.next(0);
  }

  /** Looks, the first time, for the state that an earlier process has left on this worker's disk. */
  async look(): Promise<void> {
    if (this.hasLooked) return;
    this.hasLooked = true;
    for (const stage of this.plan.stages) {
      if (stage.changelog === null) continue;
      for (let partition = 0; partition < this.context.stagePartitions[stage.id]; partition++) {
        const offset = await keptStore(this.context, stage, partition);
        if (offset === null) continue;
        const held = stage.inputs.map(({ topic }) => ({ topic, partition, offset }));
        this.onDisk.set(`${String(stage.id)}_${String(partition)}`, held);
      }
    }
  }

  /** The state of a task that has been closed stays on the disk. */
  remember(tasks: readonly Task[]): void {
    for (const task of tasks)
      if (task.stored > 0)
        this.onDisk.set(
          task.id,
          task.inputs().map(({ topic, partition }) => ({ topic, partition, offset: task.stored })),
        );
  }

  /** What the worker has, for its group. */
  held(): readonly HeldState[] {
    for (const copy of this.copies) this.onDisk.set(copy.id, copy.held());
    const sums = new Map<string, HeldState>();
    for (const { topic, partition, offset } of [...this.onDisk.values()].flat()) {
      const key = tpKey(topic, partition);
      if (offset > 0) sums.set(key, { topic, partition, offset: offset + (sums.get(key)?.offset ?? 0) });
    }
    return [...sums.values()];
  }

  snapshot(): StandbySnapshot[] {
    return this.copies.map(({ id, lag }) => ({ task: id, lag }));
  }

  /** Keeps no copies until the next assignment: outside the group nobody says whose they are, or whether they are of this history. */
  async drop(): Promise<void> {
    const { copies } = this;
    this.held();
    this.copies = [];
    this.next(0);
    await closeCopies(copies);
  }

  private next(ms: number): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.copies.length === 0 || this.underWay) return;
    this.timer = setTimeout(() => {
      void this.round();
    }, ms);
    this.timer.unref();
  }

  private async round(): Promise<void> {
    this.underWay = true;
    try {
      await this.follow();
      this.failures = 0;
    } catch (error) {
      // A copy is a convenience: what keeps it from coming about stops nothing.
      if (this.failures++ === 0 && this.copies.length > 0) this.context.onWarning(toError(error).message);
    }
    this.underWay = false;
    this.next(Math.min(MAX_ROUND_MS, ROUND_MS * 2 ** this.failures));
  }

  /** Rejects with what the first of them failed with, when all have had their turn. */
  private async follow(): Promise<void> {
    const { log, applicationId, stagePartitions } = this.context;
    const generation = generationOf(this.plan, await log.groupOffsets(applicationId, inputPartitions(this.plan, stagePartitions)));
    // Nothing has been committed: there is no state yet.
    if (generation === null) return;
    const asked = new Map<string, ReturnType<typeof log.offsets>>();
    const offsetsOf = (topic: string): ReturnType<typeof log.offsets> => {
      const offsets = asked.get(topic) ?? log.offsets(topic);
      asked.set(topic, offsets);
      return offsets;
    };
    const failed: unknown[] = [];
    for (const copy of [...this.copies]) {
      if (!this.copies.includes(copy)) continue;
      await copy.follow(offsetsOf, generation).catch((error: unknown) => failed.push(error));
    }
    this.onHeld(this.held());
    if (failed.length > 0) throw failed[0];
  }
}

/** A copy of each task with state whose inputs are all among `partitions`. */
function copiesOf(plan: PhysicalPlan, partitions: readonly TopicPartition[], context: TaskContext): StandbyCopy[] {
  const theirs = new Set(partitions.map(({ topic, partition }) => tpKey(topic, partition)));
  return plan.stages.flatMap((stage) => {
    const { changelog } = stage;
    if (changelog === null) return [];
    const numbers = Array.from({ length: context.stagePartitions[stage.id] }, (_, partition) => partition);
    const read = numbers.filter((partition) => stage.inputs.every(({ topic }) => theirs.has(tpKey(topic, partition))));
    return read.map((partition) => new StandbyCopy(context, { ...stage, changelog }, partition));
  });
}

/** What fails in closing concerns copies that nobody needs any more. */
async function closeCopies(copies: readonly StandbyCopy[]): Promise<void> {
  await Promise.allSettled(copies.map((copy) => copy.close()));
}
