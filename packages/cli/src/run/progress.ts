/** What people and scripts are told of a running pipeline: counts since it started, and rates of two snapshots. */
import type { Plan } from '@rta/dsl';
import type { WorkerSnapshot } from '@rta/runtime';
import { boardViews, type BoardView } from './board-rows.js';

interface StepProgress extends Omit<WorkerSnapshot['steps'][number], 'op'> {
  /** `groupBy`, the step's name, or `→ topic`. */
  readonly label: string;
  readonly inPerSecond: number;
  readonly outPerSecond: number;
}

export interface PipelineProgress {
  readonly pipeline: string;
  readonly snapshot: WorkerSnapshot;
  /** Since the run began. */
  readonly elapsedMs: number;
  /** Records read per second since the snapshot before. */
  readonly inPerSecond: number;
  /** Records written to sinks per second. */
  readonly outPerSecond: number;
  readonly recordsOut: number;
  readonly steps: readonly StepProgress[];
  readonly boards: readonly BoardView[];
}

/** Makes the progress of one pipeline from snapshots that are handed in one after another. */
export class ProgressMeter {
  private before: WorkerSnapshot | null = null;

  constructor(
    private readonly plan: Plan,
    /** ms since the epoch, by the clock of the snapshots. */
    private readonly startedAt: number,
  ) {}

  /** @param latest boards that are no ranks */
  measure(snapshot: WorkerSnapshot, latest: readonly BoardView[] = []): PipelineProgress {
    const { plan, before } = this;
    const seconds = Math.max(1, snapshot.at - (before?.at ?? this.startedAt)) / 1000;
    // After a rebalance a task counts from zero again: a rate is never negative.
    const rate = (now: number, then = 0): number => Math.max(0, now - then) / seconds;
    const sinks = new Set(plan.sinks.map(({ id }) => id));
    const steps = snapshot.steps.map((step): StepProgress & { readonly sink: boolean } => {
      const then = before?.steps.find((earlier) => earlier.id === step.id);
      const { op: _, ...figures } = step;
      return {
        ...figures,
        label: labelOf(plan, step.id),
        inPerSecond: rate(step.in, then?.in),
        outPerSecond: rate(step.out, then?.out),
        sink: sinks.has(step.id),
      };
    });
    const written = steps.filter(({ sink }) => sink);
    this.before = snapshot;
    return {
      pipeline: plan.pipeline,
      snapshot,
      elapsedMs: snapshot.at - this.startedAt,
      inPerSecond: rate(snapshot.recordsIn, before?.recordsIn),
      outPerSecond: written.reduce((sum, step) => sum + step.outPerSecond, 0),
      recordsOut: written.reduce((sum, step) => sum + step.out, 0),
      steps: steps.map(({ sink: _, ...step }) => step),
      boards: inOrder(plan, [...boardViews(plan, snapshot), ...latest]),
    };
  }
}

/** As the pipeline's file has them. */
function inOrder(plan: Plan, views: readonly BoardView[]): BoardView[] {
  return (plan.boards ?? []).flatMap((board) => views.filter((view) => view.board.name === board.name));
}

function labelOf(plan: Plan, id: string): string {
  const sink = plan.sinks.find((s) => s.id === id);
  if (sink !== undefined) return `→ ${sink.topic}`;
  const step = plan.steps.find((s) => s.id === id);
  return step?.name ?? step?.verb ?? id;
}
