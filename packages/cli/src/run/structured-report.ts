import type { Logger } from '../output/structured-log.js';
import { statsOf, summaryOf } from './json-report.js';
import { LOG_INTERVAL_MS } from './log-report.js';
import type { PipelineProgress } from './progress.js';
import type { RunReport } from './report.js';

/** For `--log-format json`: statistics every ten seconds, warnings as they come, a summary. */
export class StructuredReport implements RunReport {
  private saidAt: number;

  constructor(
    private readonly log: Logger,
    startedAt: number,
  ) {
    this.saidAt = startedAt;
  }

  progress(pipelines: readonly PipelineProgress[]): void {
    const now = pipelines[0]?.snapshot.at ?? 0;
    // The ticks come a little late or early.
    if (now - this.saidAt < LOG_INTERVAL_MS - 500) return;
    this.saidAt = now;
    for (const progress of pipelines) this.log.info({ pipeline: progress.pipeline, stats: statsOf(progress) }, 'progress');
  }

  warning(pipeline: string, message: string): void {
    this.log.warn({ pipeline }, message);
  }

  end(pipelines: readonly PipelineProgress[]): void {
    for (const progress of pipelines) this.log.info({ pipeline: progress.pipeline, summary: summaryOf(progress) }, 'ended');
  }
}
