// The ten teams with the most points. A team that has not scored for an hour leaves the board.
import { pipeline, stream } from '@rta/cli';

export default pipeline('top-teams', {
  steps: stream('user_score')
    .groupBy('team_id')
    .ttl('60m')
    .aggregate({ team_name: 'max(team_name)', total_score: 'sum(score)' })
    .topK({ k: 10, by: ['total_score desc', 'team_name'], rank: 'rnk' }),
  sink: { topic: 'top-teams' },
  boards: { 'top teams': { show: 'ranking', label: 'team_name', value: 'total_score', by: 'rnk' } },
});
