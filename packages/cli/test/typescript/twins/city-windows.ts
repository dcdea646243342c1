import { pipeline, stream } from '@rta/cli';

const statuses = ['requested', 'cancelled'];

export default pipeline('city-windows', {
  late: { topic: 'ride-events-late' },
  errors: { topic: 'ride-events-dlq' },
  topics: { 'city-windows': { partitions: 6, cleanup: ['compact', 'delete'], retention: '1d' } },
  steps: stream('rides')
    .filter('city != null')
    .groupBy('city')
    .window({ hopping: '5m', every: '1m', grace: '30s' })
    .aggregate({
      total_events: 'count()',
      // A program can do what YAML cannot: one column each.
      ...Object.fromEntries(statuses.map((status) => [count(status), `count() where event_type == "${status}"`])),
      avg_fare: 'avg(estimated_fare)',
      fares: 'sum(fare)',
    })
    .derive({ cancellation_rate: 'cancellations / requests ?? 0' })
    .filter('total_events > 1'),
  sink: { topic: 'city-windows' },
});

function count(status: string): string {
  return status === 'cancelled' ? 'cancellations' : 'requests';
}
