import { METRIC_SPECS, type MetricSpec } from '@rta/serve';
import { code, NOTICE, page, table } from './markdown.js';

/** What `/metrics` may have. */
export function metricsPage(): string {
  const row = ({ name, type, labels, help }: MetricSpec): string[] => [code(name), type, labels.map(code).join(', '), help];
  return page(
    NOTICE,
    '# Metrics',
    'What `rta run --http` says at `/metrics`, for Prometheus ([more](http.md#metrics)). Units are seconds, bytes and records. Counters begin at zero with ' +
      'the process: their rates are `rate(…[1m])`. Of a histogram there are `_bucket`, `_sum` and `_count`. A metric of which nothing is known yet ' +
      'is left out.',
    table(['Metric', 'Type', 'Labels', 'What it is'], METRIC_SPECS.map(row)),
    'Beside these there are the process’s own: `process_…` and `nodejs_…` have processor time, memory, the delay of the event loop, garbage collection.',
  );
}
