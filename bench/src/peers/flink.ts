/** Flink SQL in one process, run by `bench/jvm/FlinkPeer.java`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { javaProgram } from '@rta/tools';
import { JVM_PROGRAMS, runJava } from '../java.js';
import type { OutputFields, Workload } from '../workloads/workload.js';
import type { Peer, PeerTask, Targets } from './peer.js';

const VERSION = '2.0.0';
const PARALLELISM = 2;

const SOURCE = {
  name: 'Flink',
  artifacts: [
    `org.apache.flink:flink-table-planner-loader:${VERSION}`,
    `org.apache.flink:flink-table-runtime:${VERSION}`,
    `org.apache.flink:flink-table-api-java-bridge:${VERSION}`,
    `org.apache.flink:flink-clients:${VERSION}`,
    `org.apache.flink:flink-connector-base:${VERSION}`,
    `org.apache.flink:flink-connector-kafka:4.0.0-2.0`,
    `org.apache.flink:flink-sql-avro-confluent-registry:${VERSION}`,
    `org.apache.flink:flink-statebackend-rocksdb:${VERSION}`,
    'org.slf4j:slf4j-simple:1.7.36',
  ],
  directory: JVM_PROGRAMS,
  files: ['FlinkPeer.java', 'Task.java'],
  // What its serializers reach into by reflection.
  options: ['-Xmx1g', '--add-opens=java.base/java.util=ALL-UNNAMED', '--add-opens=java.base/java.lang=ALL-UNNAMED'],
} as const;

const SUM = 'SUM(CAST(score AS BIGINT)) AS total_score';
const SUMS = `SELECT user_id, ${SUM} FROM scores GROUP BY user_id`;

/** By name of the workload. Windows are emitted when they close, as Flink's window functions do, which is less than the others emit. */
const QUERIES: Readonly<Record<string, string>> = {
  top: `SELECT rnk, user_id, total_score FROM (
  SELECT user_id, total_score, ROW_NUMBER() OVER (ORDER BY total_score DESC, user_id) AS rnk FROM (${SUMS})
) WHERE rnk <= 10`,
  sum: SUMS,
  'sum-200k': SUMS,
  tumble: windowed('team_id', "TUMBLE(TABLE scores, DESCRIPTOR(ts), INTERVAL '10' SECOND)"),
  hop: windowed('user_id', "HOP(TABLE scores, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '60' SECOND)"),
};

function windowed(key: string, windows: string): string {
  const startMs = "TIMESTAMPDIFF(SECOND, TIMESTAMP '1970-01-01 00:00:00', window_start) * CAST(1000 AS BIGINT)";
  return `SELECT ${key}, ${startMs}, ${SUM} FROM TABLE(${windows}) GROUP BY ${key}, window_start, window_end`;
}

function flink(state: 'hashmap' | 'rocksdb', name: string, takes: Peer['takes'], targets: Peer['targets']): Peer {
  return {
    name,
    description: `Flink SQL ${VERSION}, parallelism ${PARALLELISM}, mini-batches of 1 s, \`${state}\` state, a checkpoint and a transaction every 1 s (exactly once), windows emitted when they close, 1 GiB of heap; not pinned; the whole job, which ends by itself`,
    takes,
    targets,
    prepare: () => javaProgram(SOURCE),
    async run(task) {
      const { id, input, directory, env } = task;
      const script = join(directory, 'job');
      writeFileSync(script, scriptOf(task, state));
      const args = { brokers: env.KAFKA_BROKERS, output: id, partitions: input.partitions, script };
      const result = await runJava(await javaProgram(SOURCE), args, task);
      await task.check(id);
      return result;
    },
  };
}

/** Settings, the two tables and the query, as `FlinkPeer` takes them. */
function scriptOf({ workload, input, id, directory, env }: PeerTask, state: string): string {
  const { key, value } = workload.output;
  const kafka = `'properties.bootstrap.servers' = '${env.KAFKA_BROKERS}'`;
  return `parallelism.default: ${PARALLELISM}
taskmanager.numberOfTaskSlots: ${PARALLELISM}
io.tmp.dirs: ${directory}
state.backend.type: ${state}
execution.checkpointing.interval: 1 s
execution.checkpointing.dir: file://${directory}/checkpoints
table.exec.mini-batch.enabled: true
table.exec.mini-batch.allow-latency: 1 s
table.exec.mini-batch.size: 50000
pipeline.object-reuse: true
table.local-time-zone: UTC

CREATE TABLE scores (
  ${sourceColumns(workload)}
) WITH ('connector' = 'kafka', 'topic' = '${input.topic}', ${kafka}, 'properties.group.id' = '${id}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset',
  'format' = 'avro-confluent', 'avro-confluent.url' = '${env.SCHEMA_REGISTRY_URL}')

CREATE TABLE results (
  ${columns(key)}, ${columns(value)}, PRIMARY KEY (${Object.keys(key).join(', ')}) NOT ENFORCED
) WITH ('connector' = 'upsert-kafka', 'topic' = '${id}', ${kafka},
  'key.format' = 'avro-confluent', 'key.avro-confluent.url' = '${env.SCHEMA_REGISTRY_URL}',
  'value.format' = 'avro-confluent', 'value.avro-confluent.url' = '${env.SCHEMA_REGISTRY_URL}', 'value.fields-include' = 'EXCEPT_KEY',
  'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '${id}', 'properties.transaction.timeout.ms' = '600000')

INSERT INTO results ${QUERIES[workload.name]}
`;
}

/** Those of the input that the query reads; the others are skipped. */
function sourceColumns({ output }: Workload): string {
  const group = 'team_id' in output.key ? 'team_id' : 'user_id';
  const read = `${group} STRING NOT NULL, score INT NOT NULL`;
  if (!('window_start' in output.key)) return read;
  return `${read}, event_time_millis BIGINT NOT NULL,
  ts AS TO_TIMESTAMP_LTZ(event_time_millis, 3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND`;
}

function columns(fields: OutputFields): string {
  return Object.entries(fields)
    .map(([name, type]) => `${name} ${type === 'long' ? 'BIGINT' : 'STRING'} NOT NULL`)
    .join(', ');
}

const SPEED: Readonly<Record<string, number>> = { top: 6, sum: 6, 'sum-200k': 4, tumble: 4, hop: 5 };

function targetsOf({ name }: Workload): Targets {
  return { speed: SPEED[name], cpu: 6, memory: 3 };
}

const withQuery: Peer['takes'] = ({ name }) => name in QUERIES;

export const flinkOnHeap = flink('hashmap', 'Flink SQL', withQuery, targetsOf);

/** For state that may grow beyond memory: where it hurts is with many keys. */
export const flinkOnDisk = flink(
  'rocksdb',
  'Flink SQL, RocksDB',
  ({ name }) => name === 'sum-200k',
  () => null,
);
