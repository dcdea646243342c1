import { startKafka, type KafkaBroker, type KafkaOptions } from './kafka-broker.js';
import { startRegistry, type RegistryOptions, type RegistryServer } from './registry-server.js';

export interface ClusterOptions {
  readonly kafka?: KafkaOptions;
  readonly registry?: RegistryOptions;
}

/** A broker and a schema registry that belong together. */
export interface Cluster {
  readonly kafka: KafkaBroker;
  readonly registry: RegistryServer;
  /** `KAFKA_BROKERS` and `SCHEMA_REGISTRY_URL`, by which everything here finds them. */
  readonly env: Readonly<Record<'KAFKA_BROKERS' | 'SCHEMA_REGISTRY_URL', string>>;
  stop(): Promise<void>;
}

/** Starts a broker and a schema registry at the same time (about 7 s). Throws if either does not start; then neither runs. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const [kafka, registry] = await Promise.allSettled([startKafka(options.kafka), startRegistry(options.registry)]);
  if (kafka.status === 'fulfilled' && registry.status === 'fulfilled') {
    return {
      kafka: kafka.value,
      registry: registry.value,
      env: { KAFKA_BROKERS: kafka.value.brokers, SCHEMA_REGISTRY_URL: registry.value.url },
      stop: async () => {
        await Promise.all([kafka.value.stop(), registry.value.stop()]);
      },
    };
  }
  const failures: unknown[] = [];
  for (const started of [kafka, registry]) {
    if (started.status === 'fulfilled') await started.value.stop();
    else failures.push(started.reason);
  }
  if (failures.length === 1) throw failures[0];
  throw new AggregateError(failures, failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join('\n'));
}
