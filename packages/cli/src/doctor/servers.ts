/** Kafka and the registry. Asks only: nothing is made on either. */
import { join } from 'node:path';
import { inspectKafka, type KafkaCluster, type KafkaLogOptions } from '@rta/runtime';
import { confluentRegistry, embeddedRegistry } from '@rta/registry';
import type { BackendSettings } from '../backend/backend.js';
import { failed, ok, reasonOf, warning, type Finding } from './finding.js';

/** A doctor does not wait for a broker to start. */
const RETRY_MS = 4000;
const REGISTRY_TIMEOUT_MS = 4000;
/** What our transactions ask for. */
const TRANSACTION_TIMEOUT_MS = 60_000;

export async function checkKafka(options: KafkaLogOptions): Promise<Finding[]> {
  const where = options.brokers.join(', ');
  let cluster: KafkaCluster;
  try {
    cluster = await inspectKafka({ ...options, retryMs: RETRY_MS });
  } catch (error) {
    const { code } = error as { code?: unknown };
    const remedy =
      code === 'unsupported'
        ? 'use Kafka 2.5 or newer'
        : code === 'configuration'
          ? 'check `kafka:` of rta.yaml: ssl, sasl, and what the user may do'
          : 'start Kafka, or name its brokers: --brokers, KAFKA_BROKERS, `kafka:` of rta.yaml';
    return [failed('brokers', reasonOf(error), remedy)];
  }
  const count = cluster.brokers === 1 ? '1 broker' : `${cluster.brokers} brokers`;
  return [ok('brokers', `Kafka at ${where}: ${count}, 2.5 or newer`), checkTransactions(cluster)];
}

/** Whether a cluster can do transactions, as far as its settings say. */
export function checkTransactions({ brokers, settings, transactionLog }: KafkaCluster): Finding {
  const check = 'transactions';
  if (transactionLog !== null && transactionLog.leaderless > 0)
    return failed(
      check,
      `${transactionLog.leaderless} of ${transactionLog.partitions} partitions of __transaction_state have no leader`,
      'start the brokers that hold them',
    );
  if (settings === null)
    return transactionLog === null
      ? warning(
          check,
          'the broker does not let its settings be read',
          'allow DescribeConfigs on the cluster, to be told before the first run',
        )
      : ok(check, 'transactions are in use on this cluster');
  const numberOf = (name: string, otherwise: number): number => Number(settings.get(name) ?? otherwise);
  const [copies, inSync] = [numberOf('transaction.state.log.replication.factor', 1), numberOf('transaction.state.log.min.isr', 1)];
  if (inSync > brokers)
    return failed(
      check,
      `transaction.state.log.min.isr is ${inSync}, with ${brokers} running: no transaction can commit`,
      'start more brokers, or lower transaction.state.log.min.isr',
    );
  if (transactionLog === null && copies > brokers)
    return failed(
      check,
      `transaction.state.log.replication.factor is ${copies}, with ${brokers} running: the topic of transactions cannot be made`,
      'start more brokers, or lower transaction.state.log.replication.factor',
    );
  const timeout = numberOf('transaction.max.timeout.ms', TRANSACTION_TIMEOUT_MS);
  if (timeout < TRANSACTION_TIMEOUT_MS)
    return failed(
      check,
      `transaction.max.timeout.ms is ${timeout}; rta asks for ${TRANSACTION_TIMEOUT_MS}`,
      `set transaction.max.timeout.ms to ${TRANSACTION_TIMEOUT_MS} or more on the brokers`,
    );
  return ok(check, `transactions are possible (replication factor ${copies}, min.isr ${inSync})`);
}

export async function checkRegistry({ registry: server, directory }: BackendSettings): Promise<Finding> {
  const registry =
    server === null
      ? embeddedRegistry(join(directory, 'registry'))
      : confluentRegistry({ ...server, timeoutMs: REGISTRY_TIMEOUT_MS, retries: 0 });
  try {
    const { length } = await registry.subjects();
    // Of a subject that does not exist: the level that new ones get.
    const level = await registry.compatibility('rta-doctor');
    const what = `${length === 1 ? '1 subject' : `${length} subjects`}, level ${level}`;
    if (level === 'NONE')
      return warning(
        'registry',
        `registry at ${registry.location}: ${what}: incompatible schemas are not refused`,
        'set its compatibility to BACKWARD or stricter',
      );
    return ok('registry', `registry at ${registry.location}: ${what}`);
  } catch (error) {
    return failed('registry', reasonOf(error), 'start it, or name it: --registry, SCHEMA_REGISTRY_URL, `registry:` of rta.yaml');
  }
}
