/** Columns of every type, Avro and JSON, in and out: an implementation and the interpreter write the same bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser } from './arbitrary.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { buildPlan } from './plan-builder.js';
import { RUNS, SEED } from './settings.js';
import { runPipeline } from './stage-runner.js';
import { unionOnBoard, type WideCase, wideCase, wideSchemas } from './wide.js';

describe.each(implementations)(`%s and interpreter agree on all types (seed ${SEED})`, (name, kernelOf) => {
  /** Gives how many records were written. */
  const run = (c: WideCase, eviction: boolean): number => {
    const { sinks } = runPipeline({
      plan: planStages(buildPlan(c.source, c.steps, c.sinks)),
      kernelOf: (stage) => lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
      input: c.partitions,
      downstreamPartitions: 2,
      choose: chooser(c.seed),
      steps: 25,
      preAggregation: true,
      restarts: true,
      eviction,
      writerSchemas: wideSchemas(c),
    });
    return [...sinks.values()].reduce((sum, records) => sum + records.length, 0);
  };

  it.each([false, true])('eviction: %s', (eviction) => {
    let written = 0;
    fc.assert(
      fc.property(wideCase, (c) => {
        written += run(c, eviction);
      }),
      { numRuns: 2 * RUNS, seed: SEED },
    );
    expect(written).toBeGreaterThan(RUNS);
  });

  it('a union that may be null, in the rows of a board', () => {
    expect(run(unionOnBoard(), false)).toBeGreaterThan(0);
  });
});
