/** Whatever is evicted, and whenever, nothing comes out otherwise: a kernel that keeps as little as it may agrees with the interpreter. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { Stage } from '../../src/plan/physical.js';
import { lawCase } from '../laws/arbitrary.js';
import { expectRecomputed, runCase } from '../laws/check-case.js';
import { forgetful, withoutDue } from '../laws/forgetful.js';
import { lockstep } from '../laws/lockstep.js';
import { RUNS, SEED } from '../laws/settings.js';

describe(`eviction changes nothing (seed ${SEED})`, () => {
  for (const lag of [0, 2]) {
    it(`with a store that is ${lag} flushes behind`, () => {
      const kernelOf = (stage: Stage) => lockstep(stage, withoutDue(stage), forgetful(stage, lag), ['interpreter', 'kernel']);
      fc.assert(
        fc.property(lawCase, fc.constantFrom(1, 3), fc.boolean(), fc.boolean(), (c, downstreamPartitions, preAggregation, restarts) => {
          expectRecomputed(c, runCase(c, { downstreamPartitions, preAggregation, restarts }, kernelOf));
        }),
        { numRuns: RUNS, seed: SEED },
      );
    }, 300_000);
  }
});
