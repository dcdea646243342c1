/**
 * Commands of operation on Kafka and a registry server: those that KAFKA_BROKERS and SCHEMA_REGISTRY_URL name, else servers of their own,
 * where Java is there; without, they are left out, and say so.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { available, startCluster } from '@rta/tools';
import { dlqTests } from './dlq.js';
import { lagTests } from './lag.js';

const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } = process.env;
const named = brokers !== undefined && registry !== undefined;
const reasons = brokers === '' ? ['KAFKA_BROKERS is set to nothing'] : named ? [] : [...available().kafka, ...available().registry];
if (reasons.length > 0) console.warn(`LEFT OUT, commands of operation on Kafka: ${reasons.join('; ')}`);

describe.skipIf(reasons.length > 0)('on Kafka', { timeout: 90_000 }, () => {
  let env: Readonly<Record<string, string>>;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    if (named) {
      env = { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry };
      return;
    }
    const cluster = await startCluster();
    env = cluster.env;
    stop = () => cluster.stop();
  }, 120_000);
  afterAll(() => stop?.());

  lagTests(() => env);
  dlqTests(() => env);
});
