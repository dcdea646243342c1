/**
 * The broker that tests run against: the one that `KAFKA_BROKERS` names, or one of their own where that is not set and Java is there.
 * Set to nothing (`pnpm test --no-kafka`), or without Java, they are skipped, and say so.
 */
import { available, startKafka } from '@rta/tools';
import { afterAll, beforeAll } from 'vitest';
import type { Log } from '../../src/log/log.js';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import type { KafkaLogOptions } from '../../src/log/kafka/options.js';

const named = process.env['KAFKA_BROKERS'];
const missing = named === '' ? ['KAFKA_BROKERS is set to nothing'] : named === undefined ? available().kafka : [];

/** Whether tests that need a broker must be left out. */
export const withoutKafka = missing.length > 0;
if (withoutKafka) console.warn(`LEFT OUT, tests that need Kafka: ${missing.join('; ')}`);

/** For a `describe`: a broker for its tests. */
export function useBroker(): { readonly brokers: () => string; readonly open: (options?: Partial<KafkaLogOptions>) => Promise<Log> } {
  let address = named ?? '';
  let stop: (() => Promise<void>) | undefined;
  const logs: Log[] = [];
  beforeAll(async () => {
    if (named !== undefined) return;
    const broker = await startKafka();
    address = broker.brokers;
    stop = () => broker.stop();
  });
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()));
    await stop?.();
  });
  return {
    brokers: () => address,
    open: async (options) => {
      const log = await openKafkaLog({ brokers: [address], ...options });
      logs.push(log);
      return log;
    },
  };
}

let names = 0;

/** A name that no other test has, in this run or another. */
export function uniqueName(what: string): string {
  return `${what}-${process.pid}-${Date.now().toString(36)}-${names++}`;
}
