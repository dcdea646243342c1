/**
 * An implementation and the interpreter agree: sinks flush for flush and byte for byte, late and rejected records, boards and counts, and
 * what the changelog says. What either wrote to it, both can restore.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import type { KernelCompiler } from '../../src/kernel/stage-kernel.js';
import { lawCase } from './arbitrary.js';
import { expectRecomputed, runCase } from './check-case.js';
import { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';

describe.each(implementations)(`%s and interpreter agree (seed ${SEED})`, (name, kernelOf) => {
  it.each<readonly [string, KernelCompiler]>([
    ['the interpreter’s state is restored', (stage) => lockstep(stage, interpretStage(stage), kernelOf(stage), ['interpreter', name])],
    ['its own state is restored', (stage) => lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter'])],
  ])('%s', (_what, both) => {
    fc.assert(
      fc.property(
        lawCase,
        fc.constantFrom(1, 3),
        fc.record({ preAggregation: fc.boolean(), restarts: fc.boolean(), eviction: fc.boolean(), panes: fc.boolean() }),
        (c, downstreamPartitions, variant) => expectRecomputed(c, runCase(c, { downstreamPartitions, ...variant }, both)),
      ),
      { numRuns: 2 * RUNS, seed: SEED },
    );
  });
});
