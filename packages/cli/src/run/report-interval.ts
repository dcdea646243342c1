import type { PipelineProgress } from './progress.js';

/** ms between two lines on a pipeline. */
const INTERVAL_MS = 10_000;

/** When a report that is read line by line says something again. */
export class ReportInterval {
  constructor(private saidAt: number) {}

  /** Whether the time has come; then it begins anew. */
  isOver(pipelines: readonly PipelineProgress[]): boolean {
    const now = pipelines[0]?.snapshot.at ?? 0;
    // The ticks come a little late or early.
    if (now - this.saidAt < INTERVAL_MS - 500) return false;
    this.saidAt = now;
    return true;
  }
}
