/** Runs workers side by side until they are to end, and reports on them once a second. */
import { EXIT_CODES, type ExitCode } from '../exit-codes.js';
import type { RunEnd } from './pipeline-run.js';
import { failureOf, type RunningPipeline } from './prepare.js';
import { ProgressMeter, type PipelineProgress } from './progress.js';
import type { RunReport } from './report.js';
import { DEFAULT_STALL_MS, StallWatch } from './stall-watch.js';

/** How often reports are made: rendering must not take from processing. */
const REPORT_INTERVAL_MS = 1000;

/**
 * Resolves when all workers have committed and left: to `interrupted` after a signal, else to `ok`. When one fails the others commit and
 * leave, and this rejects with its error, which names the pipeline; with Failure `stalled`, at once, when one stands still for `stallMs`.
 */
export async function runPipelines(
  pipelines: readonly RunningPipeline[],
  end: RunEnd,
  signal: AbortSignal,
  report: RunReport,
  { stallMs = DEFAULT_STALL_MS, onEnding }: { readonly stallMs?: number; readonly onEnding?: (failure?: unknown) => void } = {},
): Promise<ExitCode> {
  const startedAt = Date.now();
  const states = pipelines.map(({ plan, run, latest }) => ({ plan, run, latest, meter: new ProgressMeter(plan, startedAt) }));
  const last = new Map<string, PipelineProgress>();
  const measure = (): readonly PipelineProgress[] => {
    for (const { plan, run, latest, meter } of states) last.set(plan.pipeline, meter.measure(run.snapshot(), latest.views()));
    return [...last.values()];
  };
  const failures: unknown[] = [];
  const stopAll = (): void => {
    onEnding?.(failures[0]);
    for (const { run } of states) run.stop();
  };
  const runs = states.map(async ({ plan, run }) => {
    try {
      await run.run(end);
    } catch (error) {
      failures.push(failureOf(plan.pipeline, error));
      stopAll();
    }
  });
  const watch = new StallWatch(stallMs, REPORT_INTERVAL_MS);
  let stalled: (error: unknown) => void = () => undefined;
  const stall = new Promise<never>((_, reject) => (stalled = reject));
  // It may come when nobody waits for it any more.
  stall.catch(() => undefined);
  const timer = setInterval(() => {
    const progress = measure();
    report.progress(progress);
    try {
      watch.look(progress.map(({ pipeline, snapshot }) => ({ pipeline, progress: snapshot.progress })));
    } catch (error) {
      stalled(error);
    }
    for (const { latest } of states) void latest.refresh();
  }, REPORT_INTERVAL_MS);
  const deadline = end.when === 'elapsed' ? setTimeout(stopAll, end.ms) : undefined;
  signal.addEventListener('abort', stopAll, { once: true });
  if (signal.aborted) stopAll();
  try {
    await Promise.race([Promise.all(runs), stall]);
  } finally {
    clearInterval(timer);
    clearTimeout(deadline);
    signal.removeEventListener('abort', stopAll);
  }
  for (const { latest } of states) {
    // The one under way may have begun before the last commit.
    await latest.refresh();
    await latest.refresh();
  }
  report.end(measure());
  if (failures.length > 0) throw failures[0];
  return signal.aborted ? EXIT_CODES.interrupted.code : EXIT_CODES.ok.code;
}
