/** Pipelines made ready for tests of the task engine: compiled, schemas registered, records encoded with avsc. */
import { Buffer } from 'node:buffer';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, parseProject, renderAll, type AvroSchema, type Plan } from '@rta/dsl';
import { aggregates, operators } from '@rta/operators';
import { apply, codecFor, frame, gateRequestsOf, unframe, type SchemaRegistry } from '@rta/registry';
import { afterTests } from '@rta/tools/after-tests';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { records } from '../../src/log/batch/records.js';
import { partitionOf } from '../../src/log/partitioner.js';
import type { Log, OutputBatch } from '../../src/log/log.js';
import type { SinkSchemaIds } from '../../src/task/task-context.js';
import type { Score } from './scores.js';

const ROOT = join(import.meta.dirname, '../../../..');

export const USER_SCORE = JSON.parse(readFileSync(join(ROOT, 'schemas/user_score.avsc'), 'utf8')) as AvroSchema;

/** A directory of its own, gone after the tests of the file. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'rta-task-'));
  afterTests(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Compiles YAML against the project of `pipelines/`; throws with the diagnostics where that is not possible. */
export function compiled(yaml: string): Plan {
  const path = 'pipelines/rta.yaml';
  const { project } = parseProject({ path, text: readFileSync(join(ROOT, path), 'utf8') }, {});
  const { plan, diagnostics } = compile({
    file: { path: 'test.yaml', text: yaml },
    project,
    loadSchema: (name) => (name === 'user_score' ? { schema: USER_SCORE } : null),
    schemaNames: () => ['user_score'],
    operators,
    aggregates,
    env: {},
  });
  if (plan === null) throw new Error(renderAll(diagnostics, { colour: false }));
  return plan;
}

export function leaderboard(name: 'top-teams' | 'top-players' | 'team-mvps'): Plan {
  return compiled(readFileSync(join(ROOT, `pipelines/leaderboards/${name}.yaml`), 'utf8'));
}

/** Registers what the plan's sinks write with. */
export async function sinkIds(plan: Plan, registry: SchemaRegistry): Promise<Record<string, SinkSchemaIds>> {
  const ids = await apply(registry, gateRequestsOf(plan));
  return Object.fromEntries(
    plan.sinks.map((sink) => [sink.id, { key: ids.get(`${sink.topic}-key`) ?? null, value: ids.get(`${sink.topic}-value`) ?? null }]),
  );
}

const codec = codecFor(USER_SCORE);

/** A score as bytes of a record, in Confluent's frame. */
export function encodeScore(score: Score, schemaId: number): Uint8Array {
  return frame(schemaId, codec.encode({ readable_time: '', event_type: '', ...score }));
}

/** Batches of scores, each in the partition of its user. */
export function scoreBatches(topic: string, partitions: number, scores: readonly Score[], schemaId: number): OutputBatch[] {
  const builders = Array.from({ length: partitions }, (_, p) => new BatchBuilder(topic, p, 100_000));
  for (const score of scores) {
    const key = Buffer.from(score.user_id);
    const value = encodeScore(score, schemaId);
    builders[partitionOf(key, 0, key.length, partitions)].append(score.event_time_millis, key, 0, key.length, value, 0, value.length, null);
  }
  return builders.flatMap((builder) => builder.take());
}

export interface TopicRow {
  readonly key: Readonly<Record<string, unknown>>;
  /** Null: a tombstone. */
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** All rows of an Avro topic, partition by partition, decoded with the registry's schemas. */
export async function topicRows(log: Log, registry: SchemaRegistry, topic: string): Promise<TopicRow[]> {
  const decode = async (bytes: Uint8Array): Promise<Record<string, unknown>> => {
    const framed = unframe(bytes);
    const schema = framed && (await registry.byId(framed.id));
    if (!framed || !schema) throw new Error(`${topic}: not framed, or of an unknown schema`);
    return codecFor(schema.schema).decode(framed.data) as Record<string, unknown>;
  };
  const rows: TopicRow[] = [];
  // To `high`: the markers of what has just been committed may still be on their way, and reading waits for them.
  for (const { partition, low, high } of await log.offsets(topic))
    for await (const batch of log.read(topic, partition, low, high))
      for (const record of records(batch, low))
        rows.push({
          key: record.key === null ? {} : await decode(record.key),
          value: record.value === null ? null : await decode(record.value),
        });
  return rows;
}

/** What a compacted topic holds: the last value of each key, in the order of the keys' `rnk`. */
export async function board(log: Log, registry: SchemaRegistry, topic: string): Promise<Record<string, unknown>[]> {
  const rows = new Map<string, Record<string, unknown>>();
  for (const { key, value } of await topicRows(log, registry, topic)) {
    if (value === null) rows.delete(JSON.stringify(key, plain));
    else rows.set(JSON.stringify(key, plain), { ...key, ...value });
  }
  return [...rows.values()]
    .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value])))
    .sort((a, b) => Number(a['rnk']) - Number(b['rnk']));
}

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
