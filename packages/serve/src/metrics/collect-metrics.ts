import type { Collector } from '../collect/collector.js';
import type { Family } from './exposition.js';

/** What browsers have sent. */
export function collectMetrics({ settings: { source }, counts, pendingBytes }: Collector): Family[] {
  const labels = { topic: source.topic };
  return [
    {
      name: 'rta_collect_events_total',
      type: 'counter',
      help: 'Events from browsers that are durable.',
      samples: [{ labels, value: counts.accepted }],
    },
    {
      name: 'rta_collect_rejected_total',
      type: 'counter',
      help: 'Events, or requests as a whole, that were refused, by reason.',
      samples: Object.entries(counts.rejected).map(([reason, value]) => ({ labels: { ...labels, reason }, value })),
    },
    {
      name: 'rta_collect_pending_bytes',
      type: 'gauge',
      help: 'Bytes of events that wait for the log.',
      samples: [{ labels, value: pendingBytes }],
    },
  ];
}
