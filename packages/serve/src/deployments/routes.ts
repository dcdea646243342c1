/** `/deployments`: what is deployed on the log, as `rta ps` and `rta history` say it. */
import { Deployments, stateOf, type Log, type PipelineDeployments } from '@rta/runtime';
import type { FastifyInstance } from 'fastify';
import type { AskedOfLog } from '../asked-of-log.js';

export function addDeployments(app: FastifyInstance, { log, guard }: AskedOfLog): void {
  const deployments = new Deployments(log);
  app.get('/deployments', { preHandler: guard }, async () => {
    const asOf = new Date().toISOString();
    const { pipelines } = await deployments.read();
    return { asOf, pipelines: await Promise.all([...pipelines.values()].map((each) => described(log, each))) };
  });
}

async function described(log: Log, deployed: PipelineDeployments): Promise<object> {
  const { pipeline, state, current, rebuild, revision, changedAt, changedBy, versions } = deployed;
  const applicationId = versions.find(({ version }) => version === current)?.applicationId;
  return {
    pipeline,
    state,
    version: current,
    rebuild,
    revision,
    since: new Date(changedAt).toISOString(),
    by: changedBy,
    workers: applicationId === undefined ? 0 : (await log.groupMembers(applicationId)).length,
    // The newest first. The source of a version may hold what not everybody is to read.
    versions: [...versions].reverse().map(({ version, deployedAt, deployedBy, summary, rollbackTo, topics }) => ({
      version,
      state: stateOf(deployed, version),
      deployedAt: new Date(deployedAt).toISOString(),
      by: deployedBy,
      summary,
      rollbackTo,
      topics,
    })),
  };
}
