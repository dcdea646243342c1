import { describe } from 'vitest';
import { openKafkaLog } from '../../src/log/kafka/kafka-log.js';
import { useBroker, withoutKafka } from '../log/kafka-broker.js';
import { deploymentsContract } from './contract.js';

describe.skipIf(withoutKafka)('on a real broker', () => {
  const broker = useBroker();
  deploymentsContract('kafka', () => openKafkaLog({ brokers: [broker.brokers()] }), 60_000);
});
