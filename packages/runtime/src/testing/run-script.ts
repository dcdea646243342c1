/** What a test does, step by step. */
import type { PipelineTest, TestInput, TestStep } from '@rta/dsl';
import type { ManualClock } from '../task/clock.js';
import { FIRST_TIME } from './encode-given.js';
import { judge, type AssertionFailure, type Judged } from './judge.js';
import type { PreparedPlan } from './prepare-plan.js';
import { assertionsOf } from './test-plan.js';

/** A test under way. */
export interface Running extends Judged {
  readonly prepared: PreparedPlan;
  readonly clock: ManualClock;
  /** Whether the test was given up. */
  readonly stopped: () => boolean;
  /** Lets `idle` hold from now on, or not. */
  readonly judgeIdle: (holds: boolean) => void;
}

/** What stopped a step, and which. */
export class StepError extends Error {
  constructor(
    readonly step: TestStep,
    /** From 1. */
    readonly number: number,
    override readonly cause: unknown,
  ) {
    super((cause as Error).message);
  }
}

/** The wall clock when a test begins: the time of its first record, where that says one. */
export function firstTime(test: PipelineTest, prepared: PreparedPlan): number {
  const first = test.steps?.find((step) => step.kind === 'send')?.topics.find(({ records }) => records.length > 0);
  return first === undefined ? FIRST_TIME : (prepared.encoders.get(first.topic)?.timeOf(first.records[0], FIRST_TIME) ?? FIRST_TIME);
}

/** Runs a test to its end: what of its assertions did not hold. Rejects with StepError where a step of a script cannot be done. */
export async function runScript(test: PipelineTest, running: Running): Promise<readonly AssertionFailure[]> {
  const sender = new Sender(test, running);
  if (test.steps === undefined) {
    await sender.givenAll(test);
    return running.stopped() ? [] : judge(test, running, null);
  }
  const failures: AssertionFailure[] = [];
  // The periods of `emit: every` and of `idle` count from when the tasks are there.
  await running.worker.drain();
  for (const [i, step] of test.steps.entries()) {
    if (running.stopped()) return [];
    try {
      if (step.kind === 'assert') failures.push(...(await judge(step.assertions, running, i + 1)));
      else await sender.play(step);
    } catch (error) {
      throw new StepError(step, i + 1, error);
    }
  }
  return failures;
}

class Sender {
  /** Event time of the last record. */
  private time = FIRST_TIME;
  private readonly oneByOne: boolean;

  constructor(
    test: PipelineTest,
    private readonly running: Running,
  ) {
    this.oneByOne = running.prepared.clockTime || assertionsOf(test).some(({ history }) => history.length > 0);
  }

  /** The records of a test without steps, topic by topic; the period of `emit: every` has passed at each commit. */
  async givenAll({ given, until }: PipelineTest): Promise<void> {
    const { clock, worker, prepared, stopped } = this.running;
    const drain = async (time?: number): Promise<void> => {
      // The last commit was in an earlier period.
      clock.advance(prepared.longestPeriodMs);
      await worker.drain(time);
    };
    // The periods count from when the tasks are there.
    if (prepared.longestPeriodMs > 0) await worker.drain();
    for (const input of this.tablesFirst(given)) await this.append(input, drain);
    if (!stopped()) await drain(until ?? undefined);
  }

  async play(step: Exclude<TestStep, { kind: 'assert' }>): Promise<void> {
    const { clock, worker, judgeIdle } = this.running;
    switch (step.kind) {
      case 'send':
        judgeIdle(false);
        for (const input of this.tablesFirst(step.topics)) await this.append(input, () => worker.drain());
        judgeIdle(true);
        await worker.drain();
        break;
      case 'pass':
        clock.advance(step.ms);
        await worker.drain();
        break;
      case 'until':
        clock.advance(Math.max(0, step.time - clock.now()));
        await worker.drain(step.time);
    }
  }

  /** Sent together means that tables are there when streams ask for their rows; a table that is read to its end keeps nobody waiting. */
  private tablesFirst(inputs: readonly TestInput[]): readonly TestInput[] {
    const sources = this.running.physical.stages.flatMap((stage) => stage.inputs);
    const tables = new Set(sources.flatMap((input) => (input.kind === 'source' && input.table ? [input.topic] : [])));
    return [...inputs].sort((a, b) => Number(tables.has(b.topic)) - Number(tables.has(a.topic)));
  }

  /** One by one where a test asks for every emission, else in one go; with the clock at the latest event time so far. */
  private async append({ topic, records }: TestInput, drain: () => Promise<void>): Promise<void> {
    const { clock, log, prepared, stopped } = this.running;
    const encoder = prepared.encoders.get(topic);
    if (encoder === undefined) return; // a source that no sink depends on
    const batches = [];
    for (const record of records) {
      this.time = encoder.timeOf(record, this.time);
      clock.advance(Math.max(0, this.time - clock.now()));
      batches.push(encoder.encode(record, this.time));
      if (!this.oneByOne) continue;
      await log.append(batches.splice(0));
      await drain();
      if (stopped()) return;
    }
    if (batches.length === 0) return;
    await log.append(batches);
    await drain();
  }
}
