/**
 * What supervisors ask: whether the process has to be started again (`/healthz`), and whether its pipelines are at work (`/readyz`).
 */
import type { FastifyInstance } from 'fastify';
import type { DeliveryWatch } from '../delivery/delivery-watch.js';
import type { ServedPipeline } from '../served-pipeline.js';

/**
 * A store of a sink that is away degrades the process, and no more: pipelines go on, and starting it again would not help.
 *
 * @param waiting pipelines that are to run here, and do not yet
 */
export function addHealth(
  app: FastifyInstance,
  pipelines: readonly ServedPipeline[],
  waiting: () => readonly string[],
  deliveries: DeliveryWatch,
): void {
  const isAway = (state: string): boolean => state === 'retrying' || state === 'failed';
  const sinks = (): readonly (object & { readonly state: string })[] =>
    deliveries.all().map(({ name, status: { state, since, retries } }) => ({ ...name, state, since, retries }));
  const isDegraded = (): boolean => sinks().some(({ state }) => isAway(state));
  // That the process answers says that its event loop turns; a pipeline that stands still ends the process itself (--stall-timeout).
  app.get('/healthz', () => ({ status: isDegraded() ? 'degraded' : 'ok', uptimeSeconds: Math.round(process.uptime()) }));
  app.get('/readyz', (_request, reply) => {
    const states = pipelines.map((pipeline) => {
      const { status, tasks, lag, lastCommitAt } = pipeline.snapshot();
      return { pipeline: pipeline.plan.pipeline, status, tasks, lag, lastCommitAt };
    });
    const others = waiting().map((pipeline) => ({ pipeline, status: 'waiting' }));
    const ready = others.length === 0 && states.every(({ status }) => status === 'running');
    return reply.code(ready ? 200 : 503).send({ ready, degraded: isDegraded(), pipelines: [...states, ...others], sinks: sinks() });
  });
}
