import { describe } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import { logContract } from './contract.js';
import { useBroker, withoutKafka } from './kafka-broker.js';

describe.skipIf(withoutKafka)('on a real broker', () => {
  const broker = useBroker();
  logContract(
    'kafka',
    async () => {
      const open = () => openKafkaLog({ brokers: [broker.brokers()] });
      let log = await open();
      return {
        log,
        cleanup: () => log.close(),
        // The broker stays; what a client might keep for itself is gone.
        reopen: async () => {
          await log.close();
          log = await open();
          return log;
        },
      };
    },
    { timeoutMs: 40_000 },
  );
});
