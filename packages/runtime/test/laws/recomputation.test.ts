/** Incremental equals recomputed: whatever the interleaving, the flushes, the partitions downstream and the restarts. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { implementations } from './implementations.js';
import { lawCase } from './arbitrary.js';
import { expectRecomputed, runCase } from './check-case.js';
import { RUNS, SEED } from './settings.js';

describe.each(implementations)(`%s: final results are a function of the input (seed ${SEED})`, (_name, kernelOf) => {
  for (const downstreamPartitions of [1, 3, 4]) {
    for (const preAggregation of [true, false]) {
      it(`${downstreamPartitions} partitions downstream, pre-aggregation ${preAggregation ? 'on' : 'off'}`, () => {
        fc.assert(
          fc.property(lawCase, fc.boolean(), fc.boolean(), (c, restarts, panes) => {
            expectRecomputed(c, runCase(c, { downstreamPartitions, preAggregation, restarts, panes }, kernelOf));
          }),
          { numRuns: RUNS, seed: SEED + 10 * downstreamPartitions + Number(preAggregation) },
        );
      });
    }
  }
});
