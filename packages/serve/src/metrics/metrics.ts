import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ServedPipeline } from '../served-pipeline.js';
import type { Collector } from '../collect/collector.js';
import type { DeliveryWatch } from '../delivery/delivery-watch.js';
import { COLLECT_METRICS, collectMetrics } from './collect-metrics.js';
import { DELIVERY_METRICS, deliveryMetrics } from './delivery-metrics.js';
import { CONTENT_TYPE, exposition, type MetricSpec } from './exposition.js';
import { NOTIFY_METRICS, notifyMetrics } from './notify-metrics.js';
import { PIPELINE_METRICS, pipelineMetrics } from './pipeline-metrics.js';

/** Each metric of ours that `/metrics` may have; those of the process are prom-client's. */
export const METRIC_SPECS: readonly MetricSpec[] = [...PIPELINE_METRICS, ...DELIVERY_METRICS, ...NOTIFY_METRICS, ...COLLECT_METRICS];

/** `/metrics`: the pipelines', and those of the process (processor time, memory, delay of the event loop, garbage collection). */
export function addMetrics(
  app: FastifyInstance,
  pipelines: readonly ServedPipeline[],
  deliveries: DeliveryWatch,
  collector: Collector | null,
): void {
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  app.get('/metrics', async (_request, reply) => {
    const families = pipelineMetrics(pipelines.map((pipeline) => ({ plan: pipeline.plan, snapshot: pipeline.snapshot() })));
    families.push(...(await deliveryMetrics(deliveries)), ...notifyMetrics(deliveries.notifications()));
    if (collector !== null) families.push(...collectMetrics(collector));
    return reply.type(CONTENT_TYPE).send(`${exposition(families)}${await ofProcess.metrics()}`);
  });
}
