/** What a cluster says of itself, for `rta doctor`: asks only, makes nothing. */
import { Brokers } from './brokers.js';
import { toLogError } from './errors.js';
import { type KafkaLogOptions, withDefaults } from './options.js';
import { describeBrokerConfig, metadata } from './requests.js';

export interface KafkaCluster {
  /** Running brokers. */
  readonly brokers: number;
  /** A broker's own settings by name; null where it does not let them be read. */
  readonly settings: ReadonlyMap<string, string> | null;
  /** The topic of transactions; null: none has been begun on this cluster yet. */
  readonly transactionLog: { readonly partitions: number; readonly leaderless: number } | null;
}

/** Rejects with LogError as `openKafkaLog`. */
export async function inspectKafka(options: KafkaLogOptions): Promise<KafkaCluster> {
  const brokers = new Brokers(withDefaults(options));
  try {
    await brokers.retrying([], () => brokers.refresh([]));
    const response = await brokers.sendAny(metadata(null));
    const log = response.topicMetadata.find(({ topic }) => topic === '__transaction_state');
    return {
      brokers: response.brokers.length,
      settings: await settingsOf(brokers, response.brokers[0].nodeId),
      transactionLog:
        log === undefined
          ? null
          : { partitions: log.partitionMetadata.length, leaderless: log.partitionMetadata.filter(({ leader }) => leader < 0).length },
    };
  } catch (error) {
    throw toLogError(error);
  } finally {
    await brokers.close();
  }
}

async function settingsOf(brokers: Brokers, nodeId: number): Promise<ReadonlyMap<string, string> | null> {
  const { resources } = await brokers.send(nodeId, describeBrokerConfig(nodeId));
  const [{ errorCode, configEntries }] = resources;
  if (errorCode !== 0) return null;
  return new Map(configEntries.map(({ configName, configValue }) => [configName, configValue ?? '']));
}
