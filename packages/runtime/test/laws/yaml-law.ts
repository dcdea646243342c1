/** The law of the engine for steps in YAML: whatever the interleaving, the final results are those of a plain recomputation. */
import type { Plan } from '@rta/dsl';
import fc from 'fast-check';
import { interpretStage } from '../../src/kernel/interpreter/interpret-stage.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { chooser, input } from './arbitrary.js';
import { expectFinal } from './check-case.js';
import { rawOf } from './events.js';
import type { implementations } from './implementations.js';
import { lockstep } from './lockstep.js';
import { RUNS, SEED } from './settings.js';
import { runPipeline } from './stage-runner.js';
import { planOf } from './yaml-plan.js';

/**
 * Runs the steps over random logs, keyed or not, with restarts, evictions and one or several partitions; the kernels agree step by step.
 *
 * @param ready makes the plan ready to run
 * @param alerts of the pipeline, see `planOf`
 */
export function expectLaw(
  steps: string,
  [name, kernelOf]: (typeof implementations)[number],
  ready: (plan: Plan) => Plan = (plan) => plan,
  alerts = '',
): void {
  fc.assert(
    fc.property(
      fc.boolean().chain((keyed) => fc.record({ keyed: fc.constant(keyed), partitions: input(keyed) })),
      fc.constantFrom(0, 5, 20),
      fc.record({
        downstreamPartitions: fc.constantFrom(1, 3),
        preAggregation: fc.boolean(),
        restarts: fc.boolean(),
        eviction: fc.boolean(),
      }),
      fc.integer(),
      ({ keyed, partitions }, latenessMs, variant, seed) => {
        const plan = ready(planOf(steps, keyed, latenessMs, alerts));
        const result = runPipeline({
          plan: planStages(plan),
          kernelOf: (stage) => lockstep(stage, kernelOf(stage), interpretStage(stage), [name, 'interpreter']),
          input: partitions.map((events) => events.map(rawOf)),
          choose: chooser(seed),
          steps: 40,
          ...variant,
        });
        expectFinal(plan, partitions, result);
      },
    ),
    { numRuns: Math.ceil(RUNS / 4), seed: SEED },
  );
}
