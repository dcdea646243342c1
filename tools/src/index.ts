export { available, type Availability } from './availability.js';
export { startCluster, type Cluster, type ClusterOptions } from './cluster.js';
export { freePort } from './free-port.js';
export { findJava, installedJavas, type Java } from './java.js';
export { startKafka, type KafkaBroker, type KafkaOptions } from './kafka-broker.js';
export { kafkaTool, type KafkaToolOptions } from './kafka-tool.js';
export { startRegistry, type RegistryOptions, type RegistryServer } from './registry-server.js';
export { KAFKA_VERSION } from './versions.js';
