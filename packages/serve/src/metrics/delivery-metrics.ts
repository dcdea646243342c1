/** How the rows of sinks that are no topics get to their stores. */
import type { DeliveryWatch } from '../delivery/delivery-watch.js';
import type { Family, MetricSpec } from './exposition.js';

type Measured = Awaited<ReturnType<DeliveryWatch['measured']>>[number];

const LABELS = ['pipeline', 'sink', 'store'];
const METRICS: readonly (readonly [name: string, type: MetricSpec['type'], help: string, read: (measured: Measured) => number | null])[] = [
  ['rta_delivery_records_total', 'counter', 'Rows that the store of a sink is done with: it took them, or they were put aside.', ({ status }) => status.rows],
  ['rta_delivery_batches_total', 'counter', 'Batches that the store of a sink took.', ({ status }) => status.batches],
  ['rta_delivery_failures_total', 'counter', 'Times that the store of a sink said no, or was away.', ({ status }) => status.failures],
  ['rta_delivery_up', 'gauge', 'Whether the store of a sink takes rows (1), or is tried again or has ended the delivery (0).', ({ status }) => (status.state === 'joining' ? null : Number(status.state === 'delivering'))],
  ['rta_delivery_retries', 'gauge', 'Times in a row that the store of a sink said no, or was away.', ({ status }) => status.retries],
  ['rta_delivery_lag_records', 'gauge', 'Records of the topic of a sink that its store does not have yet, of the partitions that are here.', ({ behind }) => behind?.records ?? null],
  ['rta_delivery_delay_seconds', 'gauge', 'For how long the first of these has been in the topic, at least: since metrics were asked for and it was there.', ({ behind }) => (behind === null ? null : behind.ms / 1000)],
]; // prettier-ignore

export const DELIVERY_METRICS: readonly MetricSpec[] = METRICS.map(([name, type, help]) => ({ name, type, labels: LABELS, help }));

export async function deliveryMetrics(deliveries: DeliveryWatch): Promise<Family[]> {
  const measured = await deliveries.measured();
  return METRICS.map(([name, type, help, read]) => ({
    name,
    type,
    help,
    samples: measured.map((one) => ({ labels: { ...one.name }, value: read(one) })),
  }));
}
