/** The servers that the launcher starts, and the libraries they need. One place to raise a version. */

/** Apache Kafka, broker and tools. */
export const KAFKA_VERSION = '4.1.0';

/** The log4j that Kafka 4.1 ships with; its slf4j binding must fit the slf4j 1.7 that Kafka brings. */
const LOG4J_VERSION = '2.24.3';

/** Apicurio, a schema registry with a Confluent-compatible API. */
export const REGISTRY_VERSION = '3.3.3';

/** What Kafka's own tools need at least (Kafka 4.x: brokers and tools run on Java 17). */
export const KAFKA_MINIMUM_JAVA = 17;

/** What the registry needs at least. */
export const REGISTRY_MINIMUM_JAVA = 21;

/** Maven coordinates, `group:artifact:version`, of what goes on the broker's class path (with all it depends on). */
export const KAFKA_ARTIFACTS: readonly string[] = [
  `org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`,
  `org.apache.kafka:kafka-tools:${KAFKA_VERSION}`,
  `org.apache.logging.log4j:log4j-slf4j-impl:${LOG4J_VERSION}`,
];

/** The registry's distribution, `group:artifact:version:type:classifier`. */
export const REGISTRY_ARTIFACT = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`;

/** Flink SQL, and what it needs besides its connectors. */
export const FLINK_VERSION = '2.0.0';
export const FLINK_SQL_ARTIFACTS: readonly string[] = [
  `org.apache.flink:flink-table-planner-loader:${FLINK_VERSION}`,
  `org.apache.flink:flink-table-runtime:${FLINK_VERSION}`,
  `org.apache.flink:flink-table-api-java-bridge:${FLINK_VERSION}`,
  `org.apache.flink:flink-clients:${FLINK_VERSION}`,
];
/** For its JVM: what its serializers reach into by reflection. */
export const FLINK_OPTIONS: readonly string[] = [
  '-Xmx1g',
  '--add-opens=java.base/java.util=ALL-UNNAMED',
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
];

/** Pinned, so that a build today and next year does the same. */
export const MAVEN_DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
