// The ten players whose last ten seconds are the best against their last minute.
import { pipeline, stream } from '@rta/cli';

interface UserScore {
  user_id: string;
  team_id: string;
  score: number;
}

const streaks = stream<UserScore>('user_score')
  .groupBy('user_id')
  .derive({ short_term_avg: 'avg(score) over 10s', long_term_avg: 'avg(score) over 60s' })
  .groupBy('user_id')
  .ttl('5m')
  .dedupe({ keep: 'last' })
  .derive({ peak_hotness: 'short_term_avg / long_term_avg' });

export const hotStreaks = pipeline('hot-streaks', {
  steps: streaks
    .topK({ k: 10, by: ['round(peak_hotness, 6) desc', 'user_id'], rank: 'rnk' })
    .select(['rnk', 'user_id', 'short_term_avg', 'long_term_avg', 'peak_hotness']),
  sink: { topic: 'hot-streaks' },
  boards: { 'hot streaks': { show: 'ranking', label: 'user_id', value: 'peak_hotness', by: 'rnk' } },
});
