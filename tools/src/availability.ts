import { existsSync } from 'node:fs';
import { missingForClickhouse } from './clickhouse-packages.js';
import { findJava, installedJavas } from './java.js';
import { kafkaJarFolder, mavenPresent, registryFolder } from './maven.js';
import { KAFKA_MINIMUM_JAVA, KAFKA_VERSION, REGISTRY_MINIMUM_JAVA, REGISTRY_VERSION } from './versions.js';

/** What keeps the servers from being started here, one sentence each; empty lists: nothing. */
export interface Availability {
  readonly kafka: readonly string[];
  readonly registry: readonly string[];
  readonly clickhouse: readonly string[];
}

/** What is missing on this machine to start the servers. Starts nothing and fetches nothing. */
export function available(): Availability {
  return {
    kafka: missing(`Kafka ${KAFKA_VERSION}`, KAFKA_MINIMUM_JAVA, kafkaJarFolder()),
    registry: missing(`the schema registry (Apicurio ${REGISTRY_VERSION})`, REGISTRY_MINIMUM_JAVA, registryFolder()),
    clickhouse: missingForClickhouse(),
  };
}

function missing(what: string, minimumJava: number, folder: string): string[] {
  const reasons: string[] = [];
  if (findJava(minimumJava) === undefined) {
    const versions = installedJavas().map((java) => java.major);
    const there = versions.length === 0 ? 'no Java was found' : `found only Java ${[...new Set(versions)].join(', ')}`;
    reasons.push(`${what} needs Java ${minimumJava} or newer: ${there}`);
  }
  if (!existsSync(folder) && !mavenPresent()) reasons.push(`${what} is fetched with Maven the first time, and mvn is not on the PATH`);
  return reasons;
}
