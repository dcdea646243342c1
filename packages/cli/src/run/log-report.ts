import type { CliContext } from '../context.js';
import { boardLines } from './board-lines.js';
import { count, rate, span } from './figures.js';
import type { PipelineProgress } from './progress.js';
import type { RunReport } from './report.js';
import { ReportInterval } from './report-interval.js';

const BOARD_WIDTH = 80;

/** Plain lines where stdout is no terminal: one per pipeline every ten seconds, and a summary. */
export class LogReport implements RunReport {
  private readonly interval: ReportInterval;

  constructor(
    private readonly context: Pick<CliContext, 'stdout' | 'stderr'>,
    startedAt: number,
  ) {
    this.interval = new ReportInterval(startedAt);
  }

  progress(pipelines: readonly PipelineProgress[]): void {
    if (!this.interval.isOver(pipelines)) return;
    for (const progress of pipelines) this.context.stdout.write(`${logLine(progress)}\n`);
  }

  warning(pipeline: string, message: string): void {
    this.context.stderr.write(`warning: ${pipeline}: ${message}\n`);
  }

  end(pipelines: readonly PipelineProgress[]): void {
    this.context.stdout.write(`${summaryLines(pipelines, { width: BOARD_WIDTH, colour: false }).join('\n')}\n`);
  }
}

/** `12:00:10Z top-players in 1,204/s out 12/s late 0 rejected 0 lag 0 end-to-end p50 80 ms p99 120 ms commits 98` */
export function logLine({ pipeline, snapshot, inPerSecond, outPerSecond }: PipelineProgress): string {
  const { at, recordsIn, late, rejected, lag, endToEndP50, endToEndP99, commits, watermarkDelayMs } = snapshot;
  return [
    `${new Date(at).toISOString().slice(11, 19)}Z ${pipeline}`,
    `in ${rate(inPerSecond)}/s (${count(recordsIn)})`,
    `out ${rate(outPerSecond)}/s`,
    `late ${count(late)}`,
    `rejected ${count(rejected)}`,
    `lag ${count(lag)}`,
    `watermark ${watermarkDelayMs === null ? 'not yet' : `${span(watermarkDelayMs)} behind`}`,
    `end to end p50 ${span(endToEndP50)} p99 ${span(endToEndP99)}`,
    `commits ${count(commits)}`,
  ].join('  ');
}

/** The boards, and a line per pipeline on the whole run. */
export function summaryLines(
  pipelines: readonly PipelineProgress[],
  style: { readonly width: number; readonly colour: boolean },
): string[] {
  return pipelines.flatMap(({ pipeline, snapshot, elapsedMs, recordsOut, boards }) => {
    const { recordsIn, late, rejected, rejectedBy, commits } = snapshot;
    const reasons = Object.entries(rejectedBy).map(([reason, n]) => `${reason} ${count(n)}`);
    return [
      ...boards.flatMap((view) => [...boardLines(view, style), '']),
      `${pipeline}: ${count(recordsIn)} records in (${rate(elapsedMs > 0 ? (recordsIn / elapsedMs) * 1000 : 0)}/s), ${count(recordsOut)} out, ` +
        `${count(late)} late, ${count(rejected)} rejected${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}, ` +
        `${count(commits)} commits in ${span(elapsedMs)}`,
    ];
  });
}
