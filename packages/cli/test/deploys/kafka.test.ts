import { describe } from 'vitest';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { changesOn } from './changes.js';

describe.skipIf(leavesOut('deploys on Kafka and a registry server'))('with servers', () => {
  const env = useKafka();
  changesOn('Kafka', () => ({ ...env() }), 300_000);
});
