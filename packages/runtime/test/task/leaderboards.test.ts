import { describe } from 'vitest';
import { onEmbedded, onKafka, withoutCluster } from './backend.js';
import { leaderboardTests } from './leaderboards.js';

describe('the leaderboards on the embedded log', () => {
  leaderboardTests(onEmbedded());
});

describe.skipIf(withoutCluster)('the leaderboards on Kafka', () => {
  leaderboardTests(onKafka());
});
