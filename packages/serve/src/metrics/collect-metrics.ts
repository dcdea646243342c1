import type { Collector } from '../collect/collector.js';
import type { Family, MetricSpec } from './exposition.js';

const EVENTS = {
  name: 'rta_collect_events_total',
  type: 'counter',
  labels: ['topic'],
  help: 'Events from browsers that are durable.',
} as const satisfies MetricSpec;
const REJECTED = {
  name: 'rta_collect_rejected_total',
  type: 'counter',
  labels: ['topic', 'reason'],
  help: 'Events from browsers, or requests as a whole, that were refused, by reason.',
} as const satisfies MetricSpec;
const PENDING = {
  name: 'rta_collect_pending_bytes',
  type: 'gauge',
  labels: ['topic'],
  help: 'Bytes of events from browsers that wait for the log.',
} as const satisfies MetricSpec;

export const COLLECT_METRICS: readonly MetricSpec[] = [EVENTS, REJECTED, PENDING];

/** What browsers have sent; nothing before it is known where that goes. */
export function collectMetrics({ settings, counts, pendingBytes }: Collector): Family[] {
  const target = settings.target();
  if (target === null) return [];
  const labels = { topic: target.source.topic };
  return [
    { ...EVENTS, samples: [{ labels, value: counts.accepted }] },
    { ...REJECTED, samples: Object.entries(counts.rejected).map(([reason, value]) => ({ labels: { ...labels, reason }, value })) },
    { ...PENDING, samples: [{ labels, value: pendingBytes }] },
  ];
}
