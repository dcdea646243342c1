/** Which rows of a sink no event can change any more: those of streams, and those of windows that have closed. */
import type { Plan, Row, SinkNode, StepNode } from '@rta/dsl';
import type { WorkerSnapshot } from '@rta/runtime';

/** A watermark counts when what was due at it is certain to be written: it is so old, ms, and commits have begun and ended since. */
const SETTLED_MS = 5_000;
/** Where there was nothing to commit. */
const QUIET_MS = 10_000;

interface Noted {
  readonly at: number;
  readonly commits: number;
  readonly watermark: number;
}

/** What rows are judged by: the watermarks of a sink, one after the other, until they are settled. */
export class SettledWatermarks {
  /** By pipeline and sink; the first of the notes is the settled one, once there is. */
  private readonly notes = new Map<string, { settled: number | null; waiting: Noted[] }>();

  note(plan: Plan, { at, commits, steps, progress }: Pick<WorkerSnapshot, 'at' | 'commits' | 'steps' | 'progress'>): void {
    for (const { id } of plan.sinks) {
      const delay = steps.find((step) => step.id === id)?.watermarkDelayMs ?? null;
      const key = keyOf(plan, id);
      const known = this.notes.get(key) ?? { settled: null, waiting: [] };
      this.notes.set(key, known);
      if (delay !== null) known.waiting.push({ at, commits, watermark: at - delay });
      const isSettled = (noted: Noted): boolean => {
        const age = at - noted.at;
        return age >= QUIET_MS || (age >= SETTLED_MS && commits >= noted.commits + 2 * progress.length);
      };
      while (known.waiting.length > 0 && isSettled(known.waiting[0])) known.settled = known.waiting.shift()!.watermark;
    }
  }

  /** ms since the epoch; null: not known. */
  of(plan: Plan, sink: string): number | null {
    return this.notes.get(keyOf(plan, sink))?.settled ?? null;
  }
}

function keyOf(plan: Plan, sink: string): string {
  return `${plan.pipeline}/${sink}`;
}

/** @param watermark settled */
export function isFinal(plan: Plan, sink: SinkNode, row: Row, watermark: number | null): boolean {
  if (!sink.compacted) return true;
  const until = finalUntil(plan, sink, watermark);
  const end = row['window_end'];
  return until !== null && (typeof end === 'number' || typeof end === 'bigint') && Number(end) <= until;
}

/**
 * The end of the last window whose rows are final, ms since the epoch; null: none is known to be, or rows are of no windows.
 *
 * @param watermark settled
 */
export function finalUntil(plan: Plan, sink: SinkNode, watermark: number | null): number | null {
  const graceMs = graceOf(plan, sink);
  return graceMs === null || watermark === null ? null : watermark - graceMs;
}

/** Of the windows whose rows the sink has; null: its rows are of none. */
function graceOf(plan: Plan, sink: SinkNode): number | null {
  let step: StepNode | undefined;
  for (let id = sink.input; (step = plan.steps.find((each) => each.id === id)) !== undefined; id = step.input) {
    if (!step.output.windowed || (step.others ?? []).length > 0) return null;
    const fold = step.transforms.find((transform) => transform.type === 'fold');
    if (fold !== undefined && fold.window !== null) return fold.window.graceMs;
  }
  return null;
}
