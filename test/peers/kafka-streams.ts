/** Kafka Streams' own answers: cases run by `StreamsDriver.java` on its TopologyTestDriver, all of them in one JVM. */
import { KAFKA_VERSION, type ProgramSource } from '@rta/tools';
import { answersOf } from './java-driver.js';

export const STREAMS_DRIVER: ProgramSource = {
  name: 'Kafka Streams test driver',
  artifacts: [`org.apache.kafka:kafka-streams-test-utils:${KAFKA_VERSION}`, 'org.slf4j:slf4j-simple:1.7.36'],
  directory: import.meta.dirname,
  files: ['StreamsDriver.java'],
  options: ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
};

/** The time of the last record of each topic: after all windows, so that only what that record opens is not over. */
export const END = 1_000_000;

/** A record of an input topic. A null key or value is a record without one. */
export interface InputRecord {
  readonly topic: 'one' | 'two';
  readonly key: string | null;
  readonly value: string | null;
  /** ms */
  readonly at: number;
}

export interface Case {
  /** One of `build` in StreamsDriver.java. */
  readonly topology: string;
  readonly settings: Readonly<Record<string, number>>;
  readonly records: readonly InputRecord[];
}

/** A record that a topology wrote; with the window of its key where that has one. */
export interface Written {
  readonly key: string | null;
  readonly value: string | null;
  readonly at: number;
  readonly start?: number;
  readonly end?: number;
}

/** What Kafka Streams writes for each case, in order. Rejects when there is no JDK, or the driver fails. */
export function runOnKafkaStreams(cases: readonly Case[]): Promise<readonly (readonly Written[])[]> {
  return answersOf(STREAMS_DRIVER, cases);
}
