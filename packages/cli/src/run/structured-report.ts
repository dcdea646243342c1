import type { Logger } from '../output/structured-log.js';
import { statsOf, summaryOf } from './json-report.js';
import type { PipelineProgress } from './progress.js';
import type { RunReport } from './report.js';
import { ReportInterval } from './report-interval.js';

/** For `--log-format json`: statistics every ten seconds, warnings as they come, a summary. */
export class StructuredReport implements RunReport {
  private readonly interval: ReportInterval;

  constructor(
    private readonly log: Logger,
    startedAt: number,
  ) {
    this.interval = new ReportInterval(startedAt);
  }

  progress(pipelines: readonly PipelineProgress[]): void {
    if (!this.interval.isOver(pipelines)) return;
    for (const progress of pipelines) this.log.info({ pipeline: progress.pipeline, stats: statsOf(progress) }, 'progress');
  }

  warning(pipeline: string, message: string): void {
    this.log.warn({ pipeline }, message);
  }

  end(pipelines: readonly PipelineProgress[]): void {
    for (const progress of pipelines) this.log.info({ pipeline: progress.pipeline, summary: summaryOf(progress) }, 'ended');
  }
}
