import { begins, ends } from '../plan/halves.js';
import type { PhysicalPlan } from '../plan/physical.js';
import type { Histogram } from './histogram.js';
import type { Latencies } from './latencies.js';
import type { StandbySnapshot } from './standbys.js';
import type { Task } from './task.js';
import { tpKey } from '../log/log.js';

/**
 * What a worker is doing: counts since it started, records that it had to process again included; the reader makes rates of two snapshots.
 */
export interface WorkerSnapshot {
  /** ms since the epoch */
  readonly at: number;
  readonly pipeline: string;
  readonly recordsIn: number;
  readonly late: number;
  readonly rejected: number;
  /** By reason. */
  readonly rejectedBy: Readonly<Record<string, number>>;
  /** Records fetched from the inputs' topics but not yet read, over all source partitions. */
  readonly lag: number;
  /** Wall clock minus the least task watermark, ms; null before there is one. */
  readonly watermarkDelayMs: number | null;
  readonly stateEntries: number;
  readonly stateBytes: number;
  /** Of the source partitions that it reads. */
  readonly inputs: readonly InputSnapshot[];
  readonly commits: number;
  /** Whether it does what it is there for: it has joined its group, and what it was given is restored. */
  readonly status: WorkerStatus;
  /** Of each worker: another number than before whenever something has gone on, or nothing had to; null when it has ended. */
  readonly progress: readonly (number | null)[];
  readonly lastCommitAt: number | null;
  readonly endToEndP50: number | null;
  readonly endToEndP95: number | null;
  readonly endToEndP99: number | null;
  readonly commitP50: number | null;
  readonly commitP99: number | null;
  /** From the event time of the newest record of each batch that sinks were given to its commit. */
  readonly endToEnd: Histogram;
  readonly commitTime: Histogram;
  readonly tasks: number;
  readonly rejoins: number;
  /** Changelog records replayed by restores. */
  readonly replayed: number;
  /** Copies of the state of tasks that others run. */
  readonly standbys: readonly StandbySnapshot[];
  readonly steps: readonly StepSnapshot[];
  readonly boards: readonly BoardSnapshot[];
}

/** Ended: it has been asked to, or has failed. */
export type WorkerStatus = 'joining' | 'restoring' | 'running' | 'ended';

/** A source partition. */
interface InputSnapshot {
  readonly topic: string;
  readonly partition: number;
  /** Records not read yet. */
  readonly lag: number;
  /** ms since the epoch; null: nothing has been read of it. */
  readonly watermark: number | null;
}

/** One logical step (or sink), summed over stages and tasks. */
export interface StepSnapshot {
  readonly id: string;
  readonly op: string;
  readonly in: number;
  readonly out: number;
  readonly late: number;
  /** By an expression of this step; what cannot be read at all counts at the pipeline only. */
  readonly rejected: number;
  readonly stateEntries: number;
  readonly stateBytes: number;
  /** Wall clock minus the least watermark of the tasks that end this step, ms; null before there is one. */
  readonly watermarkDelayMs: number | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The rows of a board as committed state has them now, best first. */
export interface BoardSnapshot {
  readonly step: string;
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

export function statusOf(stopping: boolean, hasJoined: boolean, isRestored: boolean): WorkerStatus {
  if (stopping) return 'ended';
  return !hasJoined ? 'joining' : isRestored ? 'running' : 'restoring';
}

/** What there is to say of a worker whose tasks are closed for good. */
export function endedSnapshot(last: WorkerSnapshot): WorkerSnapshot {
  return { ...last, progress: [null], status: 'ended', inputs: [] };
}

export function snapshotOf(worker: {
  readonly now: number;
  readonly plan: PhysicalPlan;
  readonly tasks: readonly Task[];
  /** Counts of tasks that were closed are in it; null: there were none. */
  readonly earlier: WorkerSnapshot | null;
  readonly stable: ReadonlyMap<string, number>;
  readonly commits: number;
  readonly status: WorkerStatus;
  readonly progress: readonly (number | null)[];
  readonly lastCommitAt: number | null;
  readonly latencies: Latencies;
  readonly rejoins: number;
  readonly replayed: number;
  readonly standbys: readonly StandbySnapshot[];
}): WorkerSnapshot {
  const { earlier } = worker;
  const steps = new Map<string, Mutable<StepSnapshot>>();
  const nothing = { in: 0, out: 0, late: 0, rejected: 0 };
  for (const { id, op } of worker.plan.stages.flatMap((stage) => stage.nodes.map((node) => ({ id: node.step, op: node.op }))))
    if (!steps.has(id)) {
      const before = earlier?.steps.find((step) => step.id === id) ?? nothing;
      const counts = { in: before.in, out: before.out, late: before.late, rejected: before.rejected };
      steps.set(id, { id, op, ...counts, stateEntries: 0, stateBytes: 0, watermarkDelayMs: null });
    }
  const rejectedBy: Record<string, number> = { ...earlier?.rejectedBy };
  const boards: BoardSnapshot[] = [];
  const inputs: InputSnapshot[] = [];
  let recordsIn = earlier?.recordsIn ?? 0;
  let late = earlier?.late ?? 0;
  let rejected = earlier?.rejected ?? 0;
  let lag = 0;
  let stateEntries = 0;
  let stateBytes = 0;
  let watermark = Infinity;
  for (const task of worker.tasks) {
    const stats = task.stats();
    const isSource = task.stage.inputs.some((i) => i.kind === 'source');
    if (isSource) recordsIn += stats.recordsIn;
    late += stats.late;
    // Those that are too large to be written are no records that were read.
    rejected += stats.rejected + (stats.bad.rejected.too_large ?? 0);
    stateEntries += stats.stateEntries;
    stateBytes += stats.stateBytes;
    watermark = Math.min(watermark, task.watermark());
    for (const [reason, count] of Object.entries(stats.bad.rejected)) rejectedBy[reason] = (rejectedBy[reason] ?? 0) + count;
    for (const [i, row] of stats.rows.entries()) {
      const node = task.stage.nodes[i];
      const step = steps.get(node.step);
      if (!step) continue;
      // A step in two halves: rows go in at the first, and come out of the second.
      const last = ends(node);
      if (begins(node)) step.in += row.in;
      if (last) step.out += row.out;
      const bad = stats.bad.bySteps.get(node.id);
      step.late += bad?.late ?? 0;
      step.rejected += bad?.rejected ?? 0;
      step.stateEntries += row.stateEntries;
      step.stateBytes += row.stateBytes;
      if (last && Number.isFinite(task.watermark()))
        step.watermarkDelayMs = Math.max(step.watermarkDelayMs ?? -Infinity, worker.now - task.watermark());
    }
    for (const board of stats.boards()) {
      const node = task.stage.nodes.find((n) => n.id === board.id);
      if (node) boards.push({ step: node.step, columns: node.columns.map((c) => c.name), rows: board.rows });
    }
    for (const { topic, partition, input } of task.inputs()) {
      if (task.stage.inputs[input].kind !== 'source') continue;
      const behind = Math.max(0, (worker.stable.get(tpKey(topic, partition)) ?? 0) - task.positionOf(topic));
      const time = task.sourceWatermark(input);
      inputs.push({ topic, partition, lag: behind, watermark: Number.isFinite(time) ? time : null });
      lag += behind;
    }
  }
  return {
    at: worker.now,
    pipeline: worker.plan.pipeline,
    recordsIn,
    late,
    rejected,
    rejectedBy,
    lag,
    watermarkDelayMs: Number.isFinite(watermark) ? worker.now - watermark : null,
    stateEntries,
    stateBytes,
    inputs,
    commits: worker.commits,
    status: worker.status,
    progress: worker.progress,
    lastCommitAt: worker.lastCommitAt,
    ...worker.latencies.quantiles(),
    ...worker.latencies.histograms(),
    tasks: worker.tasks.length,
    rejoins: worker.rejoins,
    replayed: worker.replayed,
    standbys: worker.standbys,
    steps: [...steps.values()],
    boards,
  };
}
