import { plainJson, type WorkerSnapshot } from '@rta/runtime';
import type { NdjsonWriter } from '../output/ndjson.js';
import type { PipelineProgress } from './progress.js';
import type { RunReport } from './report.js';

/**
 * NDJSON for scripts: every second `{"pipeline", "stats"}` per pipeline, `{"pipeline", "board", "rows"}` for each board that changed,
 * `{"pipeline", "warning"}`, and at the end `{"pipeline", "summary"}`.
 */
export class JsonReport implements RunReport {
  /** What was last said of each board. */
  private readonly said = new Map<string, string>();

  constructor(private readonly out: NdjsonWriter) {}

  progress(pipelines: readonly PipelineProgress[]): void {
    for (const progress of pipelines) {
      this.out.write({ pipeline: progress.pipeline, stats: statsOf(progress) });
      this.boards(progress);
    }
  }

  warning(pipeline: string, message: string): void {
    this.out.write({ pipeline, warning: message });
  }

  end(pipelines: readonly PipelineProgress[]): void {
    for (const progress of pipelines) {
      this.boards(progress);
      this.out.write({ pipeline: progress.pipeline, summary: summaryOf(progress) });
    }
  }

  private boards({ pipeline, boards }: PipelineProgress): void {
    for (const { board, rows } of boards) {
      const text = JSON.stringify(rows, plainJson);
      const name = `${pipeline}\n${board.name}`;
      if (this.said.get(name) === text) continue;
      this.said.set(name, text);
      this.out.write({ pipeline, board: board.name, rows });
    }
  }
}

/** How it was, in the end. */
export function summaryOf({ snapshot, elapsedMs, recordsOut }: PipelineProgress): Record<string, unknown> {
  const { recordsIn, late, rejected, rejectedBy, commits, rejoins } = snapshot;
  const perSecond = elapsedMs > 0 ? Math.round((recordsIn / elapsedMs) * 1000) : 0;
  return { recordsIn, recordsOut, perSecond, late, rejected, rejectedBy, commits, rejoins, durationMs: elapsedMs };
}

/** How it is now, without boards. */
export function statsOf({ snapshot, inPerSecond, outPerSecond, recordsOut, steps }: PipelineProgress): Record<string, unknown> {
  // Histograms are for who collects metrics.
  const { boards: _, steps: __, pipeline: ___, endToEnd: ____, commitTime: _____, ...counts } = snapshot satisfies WorkerSnapshot;
  return { ...counts, recordsOut, inPerSecond, outPerSecond, steps };
}
