import { tpKey } from '../log/log.js';
import type { PhysicalPlan } from '../plan/physical.js';
import type { Clock } from './clock.js';
import type { SourceDrift } from './source-drift.js';
import type { Task } from './task.js';

/**
 * Where all sources are quiet, their watermarks follow the wall clock in steps of so many ms: each one is a commit, and what is still to be
 * done behind it must come to an end.
 */
const STEP_MS = 250;

/** `idle`: quiet source partitions follow the others of this worker, or, when all are quiet, the wall clock (SEMANTICS rule 8). */
export class IdleSources {
  /** Some source is a stream. Where all are tables, nothing waits for a time, and moving it would have each commit followed by another. */
  private readonly hasStreams: boolean;
  /** When watermarks followed the clock last. */
  private movedAt = -Infinity;

  /** @param judges whether `idle` is to be looked at now; tables are in any case */
  constructor(
    plan: PhysicalPlan,
    private readonly clock: Clock,
    private readonly judges: () => boolean,
    private readonly drift: SourceDrift,
  ) {
    this.hasStreams = plan.stages.some(({ inputs }) => inputs.some((input) => input.kind === 'source' && !input.table));
  }

  /** Moves the watermarks of quiet tasks. @param stable last stable offsets as fetched, by partition */
  advance(tasks: Iterable<Task>, stable: ReadonlyMap<string, number>): void {
    if (!this.hasStreams) return;
    const now = this.clock.now();
    const judges = this.judges();
    let latest = -Infinity;
    let quiet: Task[] | null = null;
    let sources = 0;
    for (const task of tasks) {
      if (!task.stage.inputs.every((i) => i.kind === 'source')) continue;
      sources++;
      if (task.quietMs(now, judges) > 0 && caughtUp(task, stable) && !this.drift.waits(task)) (quiet ??= []).push(task);
      else latest = Math.max(latest, task.watermark());
    }
    if (quiet === null) return;
    const allQuiet = quiet.length === sources;
    if (allQuiet && now - this.movedAt < STEP_MS) return;
    if (allQuiet) this.movedAt = now;
    for (const task of quiet) task.forceWatermark(allQuiet ? now - lateness(task) : latest);
  }
}

function caughtUp(task: Task, stable: ReadonlyMap<string, number>): boolean {
  return task.inputs().every((input) => task.positionOf(input.topic) >= (stable.get(tpKey(input.topic, input.partition)) ?? 0));
}

function lateness(task: Task): number {
  return Math.max(...task.stage.inputs.map((i) => (i.kind === 'source' ? i.latenessMs : 0)));
}
