import { describe } from 'vitest';
import { onEmbedded, onKafka, withoutCluster } from './backend.js';
import { restoreTests } from './restores.js';

describe('restores on the embedded log', () => {
  restoreTests(onEmbedded());
});

describe.skipIf(withoutCluster)('restores on Kafka', () => {
  restoreTests(onKafka());
});
