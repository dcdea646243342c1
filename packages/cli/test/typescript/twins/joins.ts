import { pipeline, stream } from '@rta/cli';

const paid = stream('rides')
  .filter('paid')
  .select(['user_id', 'fare', { kind: 'string(event_type)' }]);

const scored = stream('user_score')
  .join({ with: paid, on: ['user_id'], type: 'outer', within: { before: '1m', after: '10m' }, grace: '5s' })
  .join({ with: 'persons', as: 'p', on: 'user_id == p.user_id', type: 'left', take: [{ name: 'team_name' }] })
  .select(['user_id', 'score', 'fare', 'name', '$time']);

export default pipeline('joins', {
  streams: { paid, scored },
  sink: { from: scored, topic: 'scored', key: 'user_id' },
});
