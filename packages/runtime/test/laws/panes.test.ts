/** What panes (plan/panes.ts) are for, and where they are given up; that results are those of windows is in the other laws. */
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import type { Stage } from '../../src/plan/physical.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { envOf } from '../kernel/stage-env.js';
import { count, event, foldOf, pipelineOf } from './by-hand.js';
import { batchOf, EVENT_SCHEMA, EVENT_SCHEMA_ID, rawOf } from './events.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { takeRecords } from './stage-runner.js';

const FINAL = { mode: 'final' } as const;
const stageOf = (window: Parameters<typeof foldOf>[1], panes?: boolean): Stage =>
  planStages(pipelineOf([foldOf({ n: count }, { group: ['user'], ...window })], { key: 'user' }), { panes }).stages[0];
const overlapping = { window: { sizeMs: 20, advanceMs: 10 }, emit: FINAL };

describe.each(implementations)('panes, %s', (name, kernelOf) => {
  /** Rows and changelog records of each flush. */
  const running = (stage: Stage) => {
    const changelog = new BatchBuilder('changelog', 0);
    const sink = new BatchBuilder('sink', 0);
    const env = { ...envOf(), output: () => sink, changelog: () => changelog };
    const kernel = lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter'])(env);
    kernel.addWriterSchema(0, EVENT_SCHEMA_ID, EVENT_SCHEMA);
    let offset = 0;
    return {
      read: (...times: number[]): void => {
        kernel.process(
          0,
          batchOf(
            times.map((at) => rawOf(event(at))),
            offset,
          ),
          offset,
        );
        offset += times.length;
      },
      flush: (watermark: number): { rows: number; logged: number } => {
        kernel.flush(watermark);
        return { rows: takeRecords(sink).length, logged: takeRecords(changelog).length };
      },
    };
  };

  it('a group is in the changelog once, however many windows it is in', () => {
    for (const [panes, logged] of [
      [true, 1],
      [false, 6],
    ] as const) {
      const run = running(stageOf({ window: { sizeMs: 60, advanceMs: 10 }, emit: FINAL }, panes));
      run.read(5, 7);
      expect(run.flush(7)).toEqual({ rows: 0, logged });
    }
  });

  it('what comes when all windows of its pane are closed, from a partition that was idle, is given for each of them', () => {
    const run = running(stageOf(overlapping));
    run.read(5);
    expect(run.flush(100).rows).toBe(2);
    run.read(6, 7);
    expect(run.flush(100)).toEqual({ rows: 2, logged: 0 });
  });

  it('what comes when only the first window of its pane is closed counts in the second one, once', () => {
    const run = running(stageOf(overlapping));
    run.read(5);
    expect(run.flush(10).rows).toBe(1);
    run.read(6);
    expect(run.flush(10).rows).toBe(1);
    expect(run.flush(20).rows).toBe(1);
    expect(run.flush(100)).toEqual({ rows: 0, logged: 0 });
  });
});

describe('panes', () => {
  it.each([
    ['windows that do not overlap', { window: { sizeMs: 10 }, emit: FINAL }],
    ['rows that are out before the window closes', { window: { sizeMs: 20, advanceMs: 10 } }],
    ['bounds that are not those of panes', { window: { sizeMs: 20, advanceMs: 15 }, emit: FINAL }],
  ])('are not there for %s', (_what, window) => {
    expect(stageOf(window).nodes[0]).not.toHaveProperty('transform.panes');
  });
});
