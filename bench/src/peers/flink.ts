/** Flink SQL in one process, run by `bench/jvm/FlinkPeer.java`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FLINK_OPTIONS, FLINK_SQL_ARTIFACTS, FLINK_VERSION, javaProgram } from '@rta/tools';
import { JVM_PROGRAMS, runJava } from '../java.js';
import { sumBeyondMemory, sumManyKeys } from '../workloads/sums.js';
import type { InputColumn, OutputFields, Workload } from '../workloads/workload.js';
import type { Peer, PeerTask } from './peer.js';

const PARALLELISM = 2;
/** Beside the heap: what RocksDB may have for its caches and buffers. */
const MANAGED = '1 gb';

const SOURCE = {
  name: 'Flink',
  artifacts: [
    ...FLINK_SQL_ARTIFACTS,
    `org.apache.flink:flink-connector-base:${FLINK_VERSION}`,
    `org.apache.flink:flink-connector-kafka:4.0.0-2.0`,
    `org.apache.flink:flink-sql-avro-confluent-registry:${FLINK_VERSION}`,
    `org.apache.flink:flink-statebackend-rocksdb:${FLINK_VERSION}`,
    'org.slf4j:slf4j-simple:1.7.36',
  ],
  directory: JVM_PROGRAMS,
  files: ['FlinkPeer.java', 'Task.java'],
  options: FLINK_OPTIONS,
} as const;

function flink(state: 'hashmap' | 'rocksdb', name: string, takes: Peer['takes'], targets: Peer['targets']): Peer {
  return {
    name,
    description: `Flink SQL ${FLINK_VERSION}, parallelism ${PARALLELISM}, mini-batches of 1 s, \`${state}\` state, a checkpoint and a transaction every 1 s (exactly once), windows emitted when they close, 1 GiB of heap, as much again where state is in RocksDB; not pinned; the whole job, which ends by itself`,
    takes,
    targets,
    group: (id) => id,
    prepare: () => javaProgram(SOURCE),
    async run(task) {
      const { workload, id, input, directory, env } = task;
      const script = join(directory, 'job');
      writeFileSync(script, scriptOf(task, state));
      const args = { brokers: env.KAFKA_BROKERS, output: id, result: workload.result, partitions: input.partitions, script };
      const result = await runJava(await javaProgram(SOURCE), args, task);
      await task.check(id);
      return result;
    },
  };
}

/** Settings, the tables and the query, as `FlinkPeer` takes them. */
function scriptOf({ workload, input, id, directory, env }: PeerTask, state: string): string {
  const { key, value } = workload.output;
  const kafka = `'properties.bootstrap.servers' = '${env.KAFKA_BROKERS}'`;
  const sources = input.topics.map(
    (topic, i) => `CREATE TABLE ${i === 0 ? 'scores' : 'others'} (
  ${sourceColumns(workload)}
) WITH ('connector' = 'kafka', 'topic' = '${topic}', ${kafka}, 'properties.group.id' = '${id}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
  'format' = 'avro-confluent', 'avro-confluent.url' = '${env.SCHEMA_REGISTRY_URL}')
`,
  );
  const fields = Object.keys(key);
  const [primaryKey, connector] =
    workload.result === 'table'
      ? [`, PRIMARY KEY (${fields.join(', ')}) NOT ENFORCED`, `'connector' = 'upsert-kafka'`]
      : ['', `'connector' = 'kafka', 'key.fields' = '${fields.join(';')}'`];
  return `parallelism.default: ${PARALLELISM}
taskmanager.numberOfTaskSlots: ${PARALLELISM}
${state === 'rocksdb' ? `taskmanager.memory.managed.size: ${MANAGED}\n` : ''}io.tmp.dirs: ${directory}
state.backend.type: ${state}
execution.checkpointing.interval: 1 s
execution.checkpointing.dir: file://${directory}/checkpoints
table.exec.mini-batch.enabled: true
table.exec.mini-batch.allow-latency: 1 s
table.exec.mini-batch.size: 50000
pipeline.object-reuse: true
table.local-time-zone: UTC

${sources.join('\n')}
CREATE TABLE results (
  ${columns(key)}, ${columns(value)}${primaryKey}
) WITH (${connector}, 'topic' = '${id}', ${kafka},
  'key.format' = 'avro-confluent', 'key.avro-confluent.url' = '${env.SCHEMA_REGISTRY_URL}',
  'value.format' = 'avro-confluent', 'value.avro-confluent.url' = '${env.SCHEMA_REGISTRY_URL}', 'value.fields-include' = 'EXCEPT_KEY',
  'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '${id}', 'properties.transaction.timeout.ms' = '600000')

INSERT INTO results ${workload.sql}
`;
}

const INPUT_TYPES: Readonly<Record<InputColumn, string>> = {
  user_id: 'STRING',
  team_id: 'STRING',
  score: 'INT',
  event_time_millis: 'BIGINT',
};

/** Those of the input that the query reads; the others are skipped. */
function sourceColumns({ reads }: Workload): string {
  const read = reads.map((column) => `${column} ${INPUT_TYPES[column]} NOT NULL`).join(', ');
  if (!reads.includes('event_time_millis')) return read;
  return `${read},
  ts AS TO_TIMESTAMP_LTZ(event_time_millis, 3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND`;
}

const OUTPUT_TYPES: Readonly<Record<OutputFields[string], string>> = { double: 'DOUBLE', long: 'BIGINT', string: 'STRING' };

function columns(fields: OutputFields): string {
  return Object.entries(fields)
    .map(([name, type]) => `${name} ${OUTPUT_TYPES[type]} NOT NULL`)
    .join(', ');
}

const SPEED: Readonly<Record<string, number>> = {
  top: 6,
  sum: 6,
  'sum-200k': 4,
  tumble: 4,
  hop: 5,
  session: 3,
  join: 3,
  over: 3,
  distinct: 3,
};

export const flinkOnHeap = flink(
  'hashmap',
  'Flink SQL',
  ({ name }) => name !== sumBeyondMemory.name,
  ({ name }) => ({ speed: SPEED[name], cpu: 6, memory: 3 }),
);

/** For state that may grow beyond memory: where it hurts is with many keys. */
export const flinkOnDisk = flink(
  'rocksdb',
  'Flink SQL, RocksDB',
  ({ name }) => name === sumManyKeys.name || name === sumBeyondMemory.name,
  ({ name }) => (name === sumBeyondMemory.name ? { speed: 5, cpu: 6, memory: 3 } : null),
);
