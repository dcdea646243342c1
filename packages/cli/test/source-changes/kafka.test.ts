/** The schema of a source changes under pipelines on Kafka, with a registry server. */
import { describe } from 'vitest';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { sourceChangeTests } from './changes.js';
import { fieldUnderWorker } from './deployed.js';

describe.skipIf(leavesOut('changes of source schemas on Kafka'))('on Kafka', { timeout: 240_000 }, () => {
  const env = useKafka();
  sourceChangeTests(env);
  fieldUnderWorker(env);
});
