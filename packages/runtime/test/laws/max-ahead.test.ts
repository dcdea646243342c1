/** `maxAhead`: records too far ahead are refused, and nothing else is changed by them (SEMANTICS rule 9). */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { LOG_APPEND_TIME } from '../../src/log/batch/layout.js';
import { parseBatches } from '../../src/log/batch/batch-reader.js';
import type { RecordBatch } from '../../src/log/batch/record-batch.js';
import type { KernelEnv, StageKernel } from '../../src/kernel/stage-kernel.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser, someEvent } from './arbitrary.js';
import { count, event, foldOf, history, pipelineOf, startRun, sumPoints } from './by-hand.js';
import { expectFinal } from './check-case.js';
import { batchOf, type Event, EVENT_SCHEMA, EVENT_SCHEMA_ID, rawOf } from './events.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';
import { type LateReport, runPipeline } from './stage-runner.js';

const MAX_AHEAD = 20;
const FINAL = { mode: 'final' } as const;

const someFarAhead: fc.Arbitrary<Event> = fc
  .record({ event: someEvent, ahead: fc.constantFrom(0, 0, 0, 15, 21, 1_000, 9e15) })
  .map(({ event: e, ahead }) => ({ ...e, at: e.at + ahead }));

/** Of one partition: what is let in, and the offsets of what is not. */
function judge(events: readonly Event[]): { accepted: Event[]; refused: number[] } {
  let max = -Infinity;
  const accepted: Event[] = [];
  const refused: number[] = [];
  events.forEach((e, offset) => {
    if (max !== -Infinity && e.at > max + MAX_AHEAD) {
      refused.push(offset);
      return;
    }
    accepted.push(e);
    max = Math.max(max, e.at);
  });
  return { accepted, refused };
}

describe.each(implementations)(`%s (seed ${SEED})`, (name, kernelOf) => {
  it('what comes out is what comes out without the records that are refused, restarts or not', () => {
    const plan = pipelineOf([foldOf({ n: count, sum: sumPoints }, { group: ['user'], window: { sizeMs: 10 }, emit: FINAL })], {
      latenessMs: 3,
      maxAheadMs: MAX_AHEAD,
    });
    const input = fc.array(fc.array(someFarAhead, { maxLength: 25 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(input, fc.integer(), fc.boolean(), (partitions, seed, restarts) => {
        const judged = partitions.map(judge);
        const result = runPipeline({
          plan: planStages(plan),
          kernelOf: (stage) => lockstep(stage, interpretStage(stage), kernelOf(stage), ['interpreter', name]),
          input: partitions.map((events) => events.map(rawOf)),
          downstreamPartitions: 1,
          choose: chooser(seed),
          steps: 60,
          preAggregation: true,
          restarts,
        });
        expect(
          result.rejected.filter(({ code }) => code === 'too_far_ahead').sort((a, b) => a.partition - b.partition || a.offset - b.offset),
        ).toEqual(judged.flatMap(({ refused }, partition) => refused.map((offset) => ({ partition, offset, code: 'too_far_ahead' }))));
        const accepted = judged.map((each) => each.accepted);
        expectFinal(plan, accepted, { ...result, late: result.late.map((report) => among(report, judged[report.partition].refused)) });
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('rule 9: the first record is let in, and one that is too far ahead closes no window', () => {
    const plan = pipelineOf([foldOf({ n: count }, { window: { sizeMs: 10 }, emit: FINAL })], { maxAheadMs: MAX_AHEAD });
    const run = startRun(plan, kernelOf, [[event(1_005), event(1_026), event(1_006), event(1_025), event(1_007)]]);
    const task = run.task(0, 0);
    task.read(0, 1);
    task.flush();
    task.restart();
    run.toEnd();
    expect(run.rejected).toEqual([{ partition: 0, offset: 1, code: 'too_far_ahead' }]);
    expect(run.late.map(({ offset }) => offset)).toEqual([4]);
    expect(history(plan, run)).toEqual(['window_start=1000 window_end=1010 n=2']);
  });

  it("rule 9: compares with the broker's append time where the batch has it, the first record too", () => {
    const plan = planStages(pipelineOf([foldOf({ n: count })], { maxAheadMs: MAX_AHEAD }));
    const refused: [number, string][] = [];
    const env = {
      ...quiet,
      reject: (record: { offset: number }, _step: string, _code: string, why: string) => refused.push([record.offset, why]),
    };
    const kernel: StageKernel = kernelOf(plan.stages[0])(env as unknown as KernelEnv);
    kernel.addWriterSchema(0, EVENT_SCHEMA_ID, EVENT_SCHEMA);
    kernel.process(0, appendedAt(100, [event(121), event(5), event(120), event(9e15)]), 0);
    expect(refused).toEqual([
      [
        0,
        "the event time 1970-01-01T00:00:00.121Z is more than 20ms (maxAhead) ahead of the broker's append time, 1970-01-01T00:00:00.100Z",
      ],
      [3, "the event time 9000000000000000 ms is more than 20ms (maxAhead) ahead of the broker's append time, 1970-01-01T00:00:00.100Z"],
    ]);
    expect(kernel.maxEventTime(0)).toBe(120);
  });
});

/** The late record by its offset among those that are let in. */
const among = (report: LateReport, refused: readonly number[]): LateReport => ({
  ...report,
  offset: report.offset - refused.filter((offset) => offset < report.offset).length,
});

/** What a stage of one fold needs before anything is flushed. */
const quiet = {
  partition: 0,
  tasks: 1,
  partitions: [1],
  schemaIds: [],
  changelog: () => null,
  store: null,
  memoryLimit: Infinity,
  now: () => 0,
  late: () => 0,
};

function appendedAt(time: number, events: readonly Event[]): RecordBatch {
  const { bytes } = batchOf(events.map(rawOf), 0, time);
  const view = Buffer.from(bytes);
  view.writeInt16BE(view.readInt16BE(21) | LOG_APPEND_TIME, 21);
  return parseBatches(view, { verifyCrc: false })[0];
}
