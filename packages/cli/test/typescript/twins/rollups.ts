import { pipeline, stream } from '@rta/cli';

const latest = stream('rides')
  .groupBy('user_id')
  .aggregate({ city: 'last(city)', spent: 'sum(fare) where event_type == "completed"', seen: 'max($time)' });

export default pipeline('rides-by-hour', {
  streams: { latest },
  sinks: {
    raw: {
      from: 'rides',
      table: 'raw_rides',
      ttl: '90d',
      rollups: {
        rides_by_hour: {
          every: '1h',
          groupBy: ['event_type', { city: 'city ?? "unknown"' }],
          aggregate: {
            steps: 'count()',
            riders: 'approxDistinct(user_id)',
            zones: 'count(distinct pickup.zone)',
            dear: 'count() where estimated_fare > 20.5 ?? false',
            elsewhere: 'count() where event_type in ["requested", "accepted"] and pickup.zone != "centre"',
            fares: 'sum(fare)',
            average: 'avg(estimated_fare)',
            newest: 'max($time)',
          },
          ttl: '2000d',
        },
        rides_by_day: { every: '1d', aggregate: { steps: 'count()', long_ago: 'min(timestamp)' } },
      },
    },
    riders: {
      from: latest,
      table: 'riders',
      rollups: {
        riders_by_day: { every: '1d', groupBy: 'user_id', aggregate: { spent: 'sum(spent)', first_city: 'min(city)' } },
      },
    },
  },
});
