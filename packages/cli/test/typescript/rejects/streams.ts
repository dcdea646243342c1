import { pipeline, stream } from '@rta/cli';

const players = stream('user_score').filter('score > 0');
const unnamed = stream('user_score').filter('score > 1');

/** A stream that is read has to be in `streams`, and a step takes data. */
export const streams = pipeline('streams', {
  streams: {
    players,
    both: stream([players, unnamed]),
    other: stream(players).step({ filter: () => true }),
    none: { filter: 'score > 0' } as never,
  },
  sink: { from: 'both', topic: 'out' },
});

export const twoSources = pipeline('two-sources', {
  source: { topic: 'scores', schema: 'user_score' },
  steps: stream('user_score').step({ filter: 'score > 0', having: 'score > 1' }),
  sink: { topic: 'out' },
});
