/** What panes (plan/panes.ts) are for, and where they are given up; that results are those of windows is in the other laws. */
import type { Accumulator } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import type { Stage } from '../../src/plan/physical.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { envOf } from '../kernel/stage-env.js';
import { type Case, input } from './arbitrary.js';
import { columnOf, count, event, foldOf, type FoldOptions, maxPoints, pipelineOf, sumAmount } from './by-hand.js';
import { expectRecomputed, runCase } from './check-case.js';
import { batchOf, EVENT_SCHEMA, EVENT_SCHEMA_ID, eventSource, rawOf } from './events.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';
import { takeRecords } from './stage-runner.js';
import { cast, LONG, nullable } from './typed-expressions.js';

const FINAL = { mode: 'final' } as const;
const EVERY = { mode: 'every', everyMs: 5 } as const;
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

  it('with `every` what goes to the group is one record of a commit, however many windows it is in', () => {
    for (const [panes, sent] of [
      [true, 1],
      [false, 6],
    ] as const) {
      const plan = pipelineOf([foldOf({ n: count }, { group: ['user'], window: { sizeMs: 60, advanceMs: 10 }, emit: EVERY })]);
      const run = running(planStages(plan, { panes }).stages[0]);
      run.read(5, 7);
      // And the marker.
      expect(run.flush(7)).toEqual({ rows: sent + 1, logged: 0 });
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

/** It fits a long always: a row that is out no more, and that a restart takes to be out, is taken back without having been given. */
const sumBonus: Accumulator = { fn: 'sum', arg: cast(columnOf('bonus'), nullable(LONG)), where: null, type: LONG };

/** Rows of overlapping windows that go out before these close. */
const periodic: fc.Arbitrary<Case> = fc
  .record({
    window: fc.constantFrom<NonNullable<FoldOptions['window']>>(
      { sizeMs: 20, advanceMs: 10 },
      { sizeMs: 20, advanceMs: 5, graceMs: 3 },
      { sizeMs: 12, stepMs: 4, graceMs: 2 },
      { sizeMs: 30, advanceMs: 10, zone: 'America/New_York' },
    ),
    group: fc.constantFrom(['user'], ['user', 'team'], []),
    latenessMs: fc.constantFrom(0, 5, 100),
    key: fc.constantFrom('user', null),
    seed: fc.integer(),
  })
  .chain(({ window, group, latenessMs, key, seed }) =>
    input(key === 'user').map((partitions): Case => {
      const transform = foldOf({ n: count, sum: sumBonus, amount: sumAmount, max: maxPoints }, { group, window, emit: EVERY });
      const pipeline = { source: eventSource({ latenessMs, key }), steps: [{ id: 's0', input: 'source', transform }], sinks: ['s0'] };
      return { pipeline, partitions, seed };
    }),
  );
const variant = fc.record({
  downstreamPartitions: fc.constantFrom(1, 3),
  preAggregation: fc.boolean(),
  restarts: fc.boolean(),
  eviction: fc.boolean(),
});

describe.each(implementations)(`panes that are gathered, %s (seed ${SEED})`, (name, kernelOf) => {
  it('give the rows of windows, and kernel and interpreter agree', () => {
    fc.assert(
      fc.property(periodic, variant, fc.boolean(), (c, how, panes) => {
        const both = (stage: Stage) => lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']);
        expectRecomputed(c, runCase(c, { ...how, panes }, both));
      }),
      { numRuns: 2 * RUNS, seed: SEED },
    );
  });

  it('give every row that goes out of windows, where groups do not move', () => {
    fc.assert(
      fc.property(periodic, variant, (c, how) => {
        fc.pre(
          c.pipeline.source.key === 'user' && c.pipeline.steps.every(({ transform }) => 'group' in transform && transform.group.length > 0),
        );
        const [on, off] = [true, false].map((panes) => {
          const { sinks } = runCase(c, { ...how, panes }, kernelOf);
          return [...sinks.values()].flatMap((written) => written.map((record) => JSON.stringify(record)).sort());
        });
        expect(on).toEqual(off);
      }),
      { numRuns: 2 * RUNS, seed: SEED },
    );
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
