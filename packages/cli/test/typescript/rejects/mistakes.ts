import { pipeline, stream } from '@rta/cli';

const positive: string = 'scor > 0';

// A text of a variable is found where it is written, others in the call that gives them.
const players = stream('user_score')
  .filter(positive)
  .filter(['score', '>', 0].join(' ') + ' and usr_id == "x"')
  .groupBy('user_id') // .groupBy('nothing')
  .window({ tumbling: '5m', zone: 'Europe/Prage' })
  .aggregate({
    total: 'sum(score)',
    'best one': 'max(score)',
    worst: 'min(scoer) - "x"',
  });

export default pipeline('mistakes', {
  streams: { players },
  // @ts-expect-error: TypeScript says so too
  sink: { topic: 'out', form: players },
  // @ts-expect-error: TypeScript says so too
  late: 'dropp',
});
