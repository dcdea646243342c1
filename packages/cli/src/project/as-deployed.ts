/** What runs of pipelines, for commands that look at it. */
import type { Plan } from '@rta/dsl';
import { currentOf, Deployments, type Log, type PipelineDeployments } from '@rta/runtime';
import type { CliContext } from '../context.js';
import { Failure } from '../failure.js';
import { compileDeployed } from './compile-deployed.js';

/**
 * Each plan as it runs: where the pipeline is deployed, its current version, under that one's application id; else as it is. Rejects with LogError.
 */
export async function asDeployed(context: CliContext, log: Log, plans: readonly Plan[]): Promise<Plan[]> {
  const { pipelines } = await new Deployments(log).read();
  return plans.map((plan) => {
    const deployed = pipelines.get(plan.pipeline);
    return deployed === undefined ? plan : currentPlan(context, deployed, plan);
  });
}

/** @param otherwise where a module that it uses is not here as it was deployed */
function currentPlan(context: CliContext, deployed: PipelineDeployments, otherwise: Plan): Plan {
  const { applicationId, source } = currentOf(deployed);
  try {
    return { ...compileDeployed(context, deployed.pipeline, source), applicationId };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...otherwise, applicationId };
  }
}

/** Rejects with Failure `rebuilding` where a version of the pipeline is just being rebuilt. */
export async function requireNoRebuild(log: Log, pipeline: string): Promise<void> {
  const { rebuild } = (await new Deployments(log).read()).pipelines.get(pipeline) ?? { rebuild: null };
  if (rebuild === null) return;
  throw new Failure(
    'rebuilding',
    `version ${String(rebuild.version)} of ${pipeline} is being rebuilt beside the current one`,
    rebuild.phase === 'rebuilding' ? '`rta rollback` gives it up, or wait until it has taken over' : 'wait until it has taken over',
  );
}
