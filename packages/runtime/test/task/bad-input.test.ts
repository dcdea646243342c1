import { describe } from 'vitest';
import { onEmbedded, onKafka, withoutCluster } from './backend.js';
import { badInputTests } from './bad-input.js';

describe('bad input on the embedded log', () => {
  badInputTests(onEmbedded());
});

describe.skipIf(withoutCluster)('bad input on Kafka', () => {
  badInputTests(onKafka());
});
