/** How targets are told of incidents. */
import type { NotifyFigures } from '../alerts/notify-figures.js';
import type { Family, MetricSpec } from './exposition.js';

const TOTAL = {
  name: 'rta_notifications_total',
  type: 'counter',
  labels: ['pipeline', 'target', 'result'],
  help: 'Transitions of incidents that a target is done with: it took them, refused them for good, or was told for as long as is tried.',
} as const satisfies MetricSpec;
const RETRYING = {
  name: 'rta_notifications_retrying',
  type: 'gauge',
  labels: ['pipeline', 'target'],
  help: 'Transitions of incidents that a target did not take at the first try, and is told of again.',
} as const satisfies MetricSpec;

export const NOTIFY_METRICS: readonly MetricSpec[] = [TOTAL, RETRYING];

export function notifyMetrics(figures: readonly NotifyFigures[]): Family[] {
  return [
    {
      ...TOTAL,
      samples: figures.flatMap(({ pipeline, target, done }) =>
        Object.entries(done).map(([result, value]) => ({ labels: { pipeline, target, result }, value })),
      ),
    },
    { ...RETRYING, samples: figures.map(({ pipeline, target, retrying }) => ({ labels: { pipeline, target }, value: retrying })) },
  ];
}
