/**
 * Kafka and a registry server for a suite: those that KAFKA_BROKERS and SCHEMA_REGISTRY_URL name, else servers of their own, where Java is
 * there; without, the suite is left out, and says so.
 */
import { available, startCluster } from '@rta/tools';
import { afterAll, beforeAll } from 'vitest';

export type KafkaEnv = Readonly<Record<'KAFKA_BROKERS' | 'SCHEMA_REGISTRY_URL', string>>;

const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registry } = process.env;
const named = brokers !== undefined && registry !== undefined;
const reasons = brokers === '' ? ['KAFKA_BROKERS is set to nothing'] : named ? [] : [...available().kafka, ...available().registry];

/** Whether `what` has to be left out; says so if it has. */
export function leavesOut(what: string): boolean {
  if (reasons.length > 0) console.warn(`LEFT OUT, ${what}: ${reasons.join('; ')}`);
  return reasons.length > 0;
}

/** Starts them before the tests of the suite that calls it, and stops what it has started after them. Returns how to reach them. */
export function useKafka(): () => KafkaEnv {
  let env: KafkaEnv;
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
  return () => env;
}
