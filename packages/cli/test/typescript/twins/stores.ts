import { pipeline, stream } from '@rta/cli';

const totals = stream('user_score').groupBy('team_id').aggregate({ total: 'sum(score)' });

export default pipeline('shop', {
  streams: { totals },
  sinks: {
    board: { from: totals, topic: 'totals' },
    totals_table: { from: totals, table: 'totals', ttl: '90d' },
    raw: { from: 'user_score', table: 'raw_scores' },
    lake: { from: 'user_score', parquet: './lake/scores' },
    totals_lake: { from: totals, parquet: { path: '${LAKE:-./lake}/totals', every: '1h', rows: 5000, size: '1GB' } },
  },
});
