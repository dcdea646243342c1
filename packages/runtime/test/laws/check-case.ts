/** One random case, run and compared: with the recomputation, and kernel with interpreter. */
import type { Plan } from '@rta/dsl';
import { expect } from 'vitest';
import type { KernelCompiler } from '../../src/kernel/stage-kernel.js';
import { planStages } from '../../src/plan/plan-stages.js';
import { type Case, chooser, type Pipeline } from './arbitrary.js';
import { rawOf } from './events.js';
import { buildPlan } from './plan-builder.js';
import { recompute } from './recompute.js';
import { type LateReport, runPipeline, type RunResult } from './stage-runner.js';
import { finalRows } from './text.js';

export interface Variant {
  readonly downstreamPartitions: number;
  readonly preAggregation: boolean;
  readonly restarts: boolean;
  readonly eviction?: boolean;
  /** Default true. */
  readonly panes?: boolean;
}

function planOf({ source, steps, sinks }: Pipeline): Plan {
  return buildPlan(
    source,
    steps,
    sinks.map((input) => ({ input })),
  );
}

/** Runs the case, whose kernels are `kernelOf`'s. */
export function runCase({ pipeline, partitions, seed }: Case, variant: Variant, kernelOf: KernelCompiler): RunResult {
  return runPipeline({
    plan: planStages(planOf(pipeline), { panes: variant.panes }),
    kernelOf,
    input: partitions.map((events) => events.map(rawOf)),
    choose: chooser(seed),
    steps: 60,
    ...variant,
    restarts: variant.restarts && survivesRestart(pipeline),
  });
}

/** Final rows and late records are what the recomputation says. */
export function expectRecomputed({ pipeline, partitions }: Case, result: RunResult): void {
  expectFinal(planOf(pipeline), partitions, result);
}

export function expectFinal(plan: Plan, partitions: Case['partitions'], result: RunResult): void {
  const rows = partitions.map((events) => events.map((event) => ({ row: { ...event }, time: event.at })));
  const expected = recompute(plan, rows);
  expect(finalRows(plan, result.sinks)).toEqual(expected.sinks);
  expect(sorted(result.late)).toEqual(sorted(expected.late));
}

const sorted = (reports: readonly LateReport[]): string[] => reports.map((report) => JSON.stringify(report)).sort();

/**
 * With `emit: every` the rows that left since the last emission are not in the state: a restart forgets to take them back. Where nothing
 * leaves, it makes no difference.
 */
function survivesRestart({ steps }: Pipeline): boolean {
  const transforms = steps.map((step) => step.transform);
  const every = transforms.some((t) => (t.type === 'fold' || t.type === 'rank') && t.emit.mode === 'every');
  const fold = transforms.findIndex((t) => t.type === 'fold');
  return (
    !every ||
    (transforms.filter((t) => t.type === 'fold').length < 2 &&
      transforms.every((t, i) => !(t.type === 'rank' || (t.type === 'filter' && i > fold) || (t.type === 'fold' && t.ttlMs !== null))))
  );
}
