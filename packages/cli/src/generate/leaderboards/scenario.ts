import type { Scenario } from '../scenario.js';
import { type Score, scores } from './game.js';
import { ScoreEncoder } from './score-encoder.js';

/** The scores of the mobile game. */
export const leaderboards: Scenario<Score> = {
  name: 'leaderboards',
  description: 'Scores of a mobile game (schemas/user_score.avsc): 15 teams of 5 to 15 players who come and go',
  topic: 'user-score',
  schema: 'user_score',
  format: 'avro',
  hasRobots: true,
  events: scores,
  encoder: ({ topic, partitions, schema, schemaId, brokenEvery }) =>
    new ScoreEncoder(topic, partitions, schema, schemaId ?? 0, brokenEvery),
};
