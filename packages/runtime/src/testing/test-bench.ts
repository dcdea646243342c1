/**
 * Runs the tests that are written in pipeline files, on the engine itself: real tasks and kernels, the embedded log, and a clock that is
 * turned by hand. State is in memory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column, PipelineTest, Plan, Span } from '@rta/dsl';
import { openEmbeddedLog } from '../log/embedded/open.js';
import type { Log } from '../log/log.js';
import { openPipeline } from '../pipeline.js';
import { memoryStateStores } from '../state/memory-store.js';
import { ManualClock } from '../task/clock.js';
import type { Worker } from '../task/worker.js';
import { pairAsSet, pairInOrder, type RowPair } from './compare-rows.js';
import { FIRST_TIME } from './encode-given.js';
import { preparePlan, type PreparedPlan } from './prepare-plan.js';
import type { AvroSupport } from './test-schemas.js';
import { finalRows, topicReader, writtenRows } from './topic-rows.js';

/** What came of one test. */
export interface TestOutcome {
  /** Empty: it passed. */
  readonly failures: readonly TestFailure[];
  /** Wall-clock time, ms. */
  readonly durationMs: number;
}

/** Why a test failed: rows other than expected in one topic, or an error that stopped it. `span` is that of the first expected
 * row that is not there, else of the expectation or the test. */
export type TestFailure =
  | {
      readonly kind: 'rows';
      readonly section: 'expect' | 'history';
      readonly topic: string;
      readonly span: Span;
      readonly expectedCount: number;
      readonly actualCount: number;
      /** The key's columns and those that the test names; `$deleted` where there are tombstones. */
      readonly columns: readonly Column[];
      /** All rows, equal ones too. */
      readonly pairs: readonly RowPair[];
    }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly span: Span };

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
  if (test.expect.length === 0 && test.history.length === 0)
    return [{ kind: 'error', code: 'asserts_nothing', message: 'the test asserts nothing: add `expect` or `history`', span: test.span }];
  const clock = new ManualClock(FIRST_TIME);
  let worker: Worker | null = null;
  let late = false;
  let limit: NodeJS.Timeout | undefined;
  const limitMs = options.limitMs ?? DEFAULT_LIMIT_MS;
  try {
    const { worker: opened } = await openPipeline({
      plan: prepared.plan,
      log,
      stores: memoryStateStores(),
      schemas: prepared.schemas,
      sinkSchemaIds: prepared.sinkSchemaIds,
      compileStage: prepared.compileStage,
      clock,
      defaultPartitions: 1,
      createSources: true,
    });
    worker = opened;
    limit = setTimeout(() => {
      late = true;
      opened.stop();
    }, limitMs);
    await feed(prepared, test, { log, clock, worker, stopped: () => late });
    const failures = late ? [] : await judge(prepared, test, log, options.avro);
    if (!late) {
      await worker.finish();
      return failures;
    }
  } catch (error) {
    await worker?.abandon();
    return [{ kind: 'error', code: codeOf(error), message: (error as Error).message, span: test.span }];
  } finally {
    clearTimeout(limit);
  }
  await worker.abandon();
  return [{ kind: 'error', code: 'timeout', message: `the test did not end within ${String(limitMs)} ms`, span: test.span }];
}

interface Running {
  readonly log: Log;
  readonly clock: ManualClock;
  readonly worker: Worker;
  readonly stopped: () => boolean;
}

async function feed(prepared: PreparedPlan, test: PipelineTest, { log, clock, worker, stopped }: Running): Promise<void> {
  const oneByOne = test.history.length > 0 || prepared.clockTime;
  const period = prepared.longestPeriodMs;
  const drain = async (until?: number): Promise<void> => {
    // The last commit was in an earlier period.
    clock.advance(period);
    await worker.drain(until);
  };
  // The periods of `emit: every` count from when the tasks are there.
  if (period > 0) await worker.drain();
  let time = FIRST_TIME;
  for (const { topic, records } of test.given) {
    const encoder = prepared.encoders.get(topic);
    if (encoder === undefined) continue; // a source that no sink depends on
    const batches = [];
    for (const record of records) {
      time = encoder.timeOf(record, time);
      clock.advance(Math.max(0, time - clock.now()));
      batches.push(encoder.encode(record, time));
      if (!oneByOne) continue;
      await log.append(batches.splice(0));
      await drain();
      if (stopped()) return;
    }
    if (batches.length === 0) continue;
    await log.append(batches);
    await drain();
  }
  if (stopped()) return;
  await drain(test.until ?? undefined);
}

async function judge(prepared: PreparedPlan, test: PipelineTest, log: Log, avro: AvroSupport): Promise<readonly TestFailure[]> {
  const failures: TestFailure[] = [];
  for (const section of ['expect', 'history'] as const)
    for (const { topic, rows, span } of test[section]) {
      const reader = topicReader(prepared.plan, topic, avro);
      if (reader === null) throw new TypeError(`the pipeline does not write the topic ${topic}`);
      const written = await writtenRows(log, topic, reader);
      const actual = section === 'history' ? written : finalRows(written, reader);
      const pairs = section === 'history' ? pairInOrder(rows, actual, reader.columns) : pairAsSet(rows, actual, reader);
      const wrong = pairs.filter((pair) => pair.expected === null || pair.actual === null || pair.differing.length > 0);
      if (wrong.length === 0) continue;
      const named = new Set([...(reader.key ?? []), ...rows.flatMap((row) => Object.keys(row.values))]);
      const columns = reader.columns.filter(({ name }) => rows.length === 0 || named.has(name));
      const deletions = rows.some((row) => row.deleted) || actual.some((row) => row.deleted);
      failures.push({
        kind: 'rows',
        section,
        topic,
        span: wrong.find((pair) => pair.expected !== null)?.expected?.span ?? span,
        expectedCount: rows.length,
        actualCount: actual.length,
        columns: deletions ? [...columns, { name: '$deleted', type: { kind: 'boolean' } }] : columns,
        pairs,
      });
    }
  return failures;
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}
