/** Kafka Streams, in `bench/jvm/StreamsPeer.java`. */
import { javaProgram, KAFKA_VERSION } from '@rta/tools';
import { JVM_PROGRAMS, runJava } from '../java.js';
import { registerOutput } from '../output-schemas.js';
import { SCHEMA_FILE } from '../scores-input.js';
import { sumBeyondMemory } from '../workloads/sums.js';
import type { Peer } from './peer.js';

const THREADS = 2;
/** Large enough for every workload's keys, so that each commit writes a changed key once, as rta does. */
const CACHE_BYTES = 256 << 20;
/** Entries take several times what Kafka Streams counts of them: where the caches fill, the others do not fit into the heap. */
const FULL_CACHE_BYTES = 64 << 20;

const SOURCE = {
  name: 'Kafka Streams',
  artifacts: [`org.apache.kafka:kafka-streams:${KAFKA_VERSION}`, 'org.apache.avro:avro:1.12.0', 'org.slf4j:slf4j-simple:1.7.36'],
  directory: JVM_PROGRAMS,
  files: [
    ...['StreamsPeer.java', 'Board.java', 'Distinct.java', 'Join.java', 'LookBack.java', 'Sessions.java'],
    ...['Progress.java', 'Scores.java', 'Task.java', 'Wire.java'],
  ],
  options: ['-Xmx1g'],
} as const;

function streams(
  guarantee: 'at_least_once' | 'exactly_once_v2',
  name: string,
  commit: string,
  takes: Peer['takes'],
  targets: Peer['targets'],
): Peer {
  return {
    name,
    description: `Kafka Streams ${KAFKA_VERSION}, ${commit}, RocksDB, changelog and output on, ${THREADS} threads, record caches of ${CACHE_BYTES >> 20} MiB (${FULL_CACHE_BYTES >> 20} where its state is larger than memory), 1 GiB of heap; not pinned; stopped when everything is committed`,
    takes,
    targets,
    group: (id) => id,
    prepare: () => javaProgram(SOURCE),
    async run(task) {
      const { workload, input, id, directory, env } = task;
      const { keyId, valueId } = await registerOutput(env.SCHEMA_REGISTRY_URL, id, workload);
      const result = await runJava(
        await javaProgram(SOURCE),
        {
          id,
          workload: workload.name,
          guarantee,
          threads: THREADS,
          cacheBytes: workload.beyondMemory === true ? FULL_CACHE_BYTES : CACHE_BYTES,
          brokers: env.KAFKA_BROKERS,
          input: input.topics.join(','),
          output: id,
          result: workload.result,
          records: input.records,
          partitions: input.partitions,
          schema: SCHEMA_FILE,
          keySchemaId: keyId,
          valueSchemaId: valueId,
          directory,
        },
        task,
      );
      await task.check(id);
      return result;
    },
  };
}

/** Records per second, as a ratio, where it is not 3. */
const SPEED: Readonly<Record<string, number>> = { top: 6, sum: 6, 'sum-200k': 6, tumble: 6, hop: 6 };

/** Like for like: what the figures to reach are about. */
export const streamsExactlyOnce = streams(
  'exactly_once_v2',
  'Kafka Streams, exactly once',
  'exactly once v2, commit every 100 ms',
  () => true,
  ({ name }) => ({ speed: SPEED[name] ?? 3, cpu: 6, memory: 2 }),
);
export const streamsAtLeastOnce = streams(
  'at_least_once',
  'Kafka Streams, at least once',
  'at least once, commit every 30 s (its default)',
  ({ name }) => name !== sumBeyondMemory.name,
  () => null,
);
