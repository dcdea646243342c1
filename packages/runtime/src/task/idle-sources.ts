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

  /** Moves the watermarks of quiet inputs. @param stable last stable offsets as fetched, by partition */
  advance(tasks: Iterable<Task>, stable: ReadonlyMap<string, number>): void {
    if (!this.hasStreams) return;
    const now = this.clock.now();
    const judges = this.judges();
    let latest = -Infinity;
    let quiet: { readonly task: Task; readonly input: number; readonly latenessMs: number }[] | null = null;
    let sources = 0;
    for (const task of tasks)
      for (const [i, input] of task.stage.inputs.entries()) {
        if (input.kind !== 'source') continue;
        sources++;
        const isRead = task.positionOf(input.topic) >= (stable.get(tpKey(input.topic, task.partition)) ?? 0);
        if (isRead && task.quietMs(i, now, judges) > 0 && !this.drift.waits(task))
          (quiet ??= []).push({ task, input: i, latenessMs: input.latenessMs });
        else latest = Math.max(latest, task.timeReached(input.topic));
      }
    if (quiet === null) return;
    const allQuiet = quiet.length === sources;
    if (allQuiet && now - this.movedAt < STEP_MS) return;
    if (allQuiet) this.movedAt = now;
    for (const { task, input, latenessMs } of quiet) task.forceInput(input, allQuiet ? now - latenessMs : latest);
  }
}
