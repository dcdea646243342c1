/**
 * Runs the tests that are written in pipeline files, on the engine itself: real tasks and kernels, the embedded log, and a clock that is
 * turned by hand. State is in memory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PipelineTest, Plan, TestAssertions } from '@rta/dsl';
import { openEmbeddedLog } from '../log/embedded/open.js';
import type { Log } from '../log/log.js';
import { openPipeline } from '../pipeline.js';
import { memoryStateStores } from '../state/memory-store.js';
import { ManualClock } from '../task/clock.js';
import type { Worker } from '../task/worker.js';
import type { TestFailure } from './judge.js';
import { preparePlan, type PreparedPlan } from './prepare-plan.js';
import { firstTime, runScript, StepError } from './run-script.js';
import { assertionsOf, planOfTest } from './test-plan.js';
import type { AvroSupport } from './test-schemas.js';

/** What came of one test. */
export interface TestOutcome {
  /** Empty: it passed. */
  readonly failures: readonly TestFailure[];
  /** Wall-clock time, ms. */
  readonly durationMs: number;
}

export interface TestBenchOptions {
  readonly avro: AvroSupport;
  /** A test that takes longer than this (wall clock, ms) fails. Default 10 s. */
  readonly limitMs?: number;
}

/** A log in a directory for temporary files, for the tests of any number of pipelines, one at a time. Close it in the end. */
export interface TestBench {
  /**
   * Runs one test of a plan. What can go wrong in a test is an outcome; rejects only where the bench itself cannot work.
   *
   * The records of `given` go in as written, topic by topic, each topic with one partition; with `history` (and where event time is
   * the clock's) they go in one by one, with a commit after each. A record without `$time` is of the same time as the one before it. The wall clock
   * stands at the latest event time so far; `idle` is off, and the period of `emit: every` has passed at every commit.
   *
   * With `steps` both go by the wall clock, which begins at the time of the first record. All that one `send` says is read before `idle` is
   * looked at.
   */
  run(plan: Plan, test: PipelineTest): Promise<TestOutcome>;
  close(): Promise<void>;
}

const DEFAULT_LIMIT_MS = 10_000;

/** Opens a bench: some milliseconds. Tests are to share it. */
export async function openTestBench(options: TestBenchOptions): Promise<TestBench> {
  const directory = mkdtempSync(join(tmpdir(), 'rta-test-'));
  const log = await openEmbeddedLog(directory, { sync: false, compactEveryMs: Infinity });
  const prepared = new WeakMap<Plan, PreparedPlan>();
  const planOf = (plan: Plan): PreparedPlan => {
    const known = prepared.get(plan) ?? preparePlan(plan, options.avro);
    prepared.set(plan, known);
    return known;
  };
  return {
    async run(plan, test) {
      const started = performance.now();
      const failures = await runTest(planOf(plan), test, log, options);
      const durationMs = performance.now() - started;
      // The next test begins with an empty log; its groups forget their offsets with the topics.
      await log.deleteTopics((await log.topics()).map((topic) => topic.name));
      return { failures, durationMs };
    },
    async close() {
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function runTest(prepared: PreparedPlan, test: PipelineTest, log: Log, options: TestBenchOptions): Promise<readonly TestFailure[]> {
  const failed = (code: string, message: string): readonly TestFailure[] => [{ kind: 'error', code, message, span: test.span, step: null }];
  if (!assertionsOf(test).some(asserts)) return failed('asserts_nothing', 'the test asserts nothing: add `expect` or `history`');
  const clock = new ManualClock(firstTime(test, prepared));
  const plan = planOfTest(prepared.plan, test);
  let worker: Worker | null = null;
  let late = false;
  let idle = true;
  let limit: NodeJS.Timeout | undefined;
  const limitMs = options.limitMs ?? DEFAULT_LIMIT_MS;
  try {
    const { worker: opened, physical } = await openPipeline({
      plan,
      log,
      stores: memoryStateStores(),
      schemas: prepared.schemas,
      sinkSchemaIds: prepared.sinkSchemaIds,
      compileStage: prepared.compileStage,
      clock,
      defaultPartitions: 1,
      createSources: true,
      judgesIdle: () => idle,
    });
    worker = opened;
    limit = setTimeout(() => {
      late = true;
      opened.stop();
    }, limitMs);
    const failures = await runScript(test, {
      prepared,
      plan,
      physical,
      log,
      avro: options.avro,
      worker,
      clock,
      seen: new Map(),
      stopped: () => late,
      judgeIdle: (holds) => {
        idle = holds;
      },
    });
    if (!late) {
      await worker.finish();
      return failures;
    }
  } catch (error) {
    await worker?.abandon();
    if (!(error instanceof StepError)) return failed(codeOf(error), (error as Error).message);
    return [{ kind: 'error', code: codeOf(error.cause), message: error.message, span: error.step.span, step: error.number }];
  } finally {
    clearTimeout(limit);
  }
  await worker.abandon();
  return failed('timeout', `the test did not end within ${String(limitMs)} ms`);
}

function asserts({ expect, history, state, late, errors }: TestAssertions): boolean {
  return expect.length > 0 || history.length > 0 || (state?.length ?? 0) > 0 || late !== undefined || errors !== undefined;
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}
