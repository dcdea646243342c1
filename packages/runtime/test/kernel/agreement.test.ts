/** The generated kernel and the interpreter agree flush for flush; and either's state can be restored by the other. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { compileStage } from '../../src/kernel/compile-stage.js';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import type { Stage } from '../../src/plan/physical.js';
import { lawCase } from '../laws/arbitrary.js';
import { expectRecomputed, runCase } from '../laws/check-case.js';
import { lockstep } from '../laws/lockstep.js';
import { RUNS, SEED } from '../laws/settings.js';

const sides = {
  'interpreter first': (stage: Stage) => lockstep(stage, interpretStage(stage), compileStage(stage), ['interpreter', 'kernel']),
  'kernel first': (stage: Stage) => lockstep(stage, compileStage(stage), interpretStage(stage), ['kernel', 'interpreter']),
};

describe(`kernel and interpreter agree (seed ${SEED})`, () => {
  for (const [name, kernelOf] of Object.entries(sides)) {
    it(
      name,
      () => {
        fc.assert(
          fc.property(lawCase, fc.constantFrom(1, 3), fc.boolean(), fc.boolean(), (c, downstreamPartitions, preAggregation, restarts) => {
            expectRecomputed(c, runCase(c, { downstreamPartitions, preAggregation, restarts }, kernelOf));
          }),
          { numRuns: RUNS, seed: SEED },
        );
      },
      300_000,
    );
  }
});
