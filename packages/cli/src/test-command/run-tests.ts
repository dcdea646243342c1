import type { PipelineTest, Plan } from '@rta/dsl';
import { codecFor, frame, unframe } from '@rta/registry';
import { openTestBench, type TestOutcome } from '@rta/runtime';

/** Where results go, in the order of the files. */
export interface TestReport {
  /** A pipeline whose tests now run; `tests` is what the filter leaves of them. */
  pipeline(plan: Plan, tests: readonly PipelineTest[]): void;
  test(plan: Plan, test: PipelineTest, outcome: TestOutcome): void;
  end(totals: TestTotals): void;
}

export interface TestTotals {
  readonly passed: number;
  readonly failed: number;
  /** Pipelines that had tests to run. */
  readonly pipelines: number;
  /** Wall-clock time of all, ms. */
  readonly durationMs: number;
}

/** Runs the tests of plans that `wanted` names, one after the other, until the signal is aborted. Nothing outside is touched. */
export async function runTests(
  plans: readonly Plan[],
  wanted: (plan: Plan, test: PipelineTest) => boolean,
  report: TestReport,
  signal: AbortSignal,
): Promise<TestTotals> {
  const started = performance.now();
  let [passed, failed, pipelines] = [0, 0, 0];
  const bench = await openTestBench({ avro: { codecFor, frame, unframe } });
  try {
    for (const plan of plans) {
      const tests = plan.tests.filter((test) => wanted(plan, test));
      if (tests.length === 0) continue;
      report.pipeline(plan, tests);
      pipelines++;
      for (const test of tests) {
        if (signal.aborted) break;
        const outcome = await bench.run(plan, test);
        if (outcome.failures.length === 0) passed++;
        else failed++;
        report.test(plan, test, outcome);
      }
    }
  } finally {
    await bench.close();
  }
  const totals = { passed, failed, pipelines, durationMs: performance.now() - started };
  report.end(totals);
  return totals;
}
