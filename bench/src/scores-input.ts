/** The input of the benchmarks: topics of scores, the same ones in every run, which can be drawn again to compute with. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AvroSchema } from '@rta/dsl';
import { frame, type SchemaRegistry } from '@rta/registry';
import { BatchBuilder, partitionOf, writeVarint, writeVarlong, type Log } from '@rta/runtime';

export const SCHEMA_FILE = fileURLToPath(new URL('../../schemas/user_score.avsc', import.meta.url));

/** What the topics are written with. */
export function scoreSchema(): AvroSchema {
  return JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as AvroSchema;
}

/** How scores are drawn. */
export interface Draw {
  readonly records: number;
  readonly users: number;
  /** Five records of six are of a user who has not scored before, so that in the end all have; else users are drawn at random. */
  readonly mostlyNew?: boolean;
}

export interface ScoresInput extends Draw {
  /** The records are dealt to them in turns. */
  readonly topics: readonly string[];
  /** Of each topic. */
  readonly partitions: number;
}

export interface Score {
  /** Index of the user: 0 … users - 1. */
  user: number;
  score: number;
  timeMs: number;
}

const TEAMS = 20;
/** Event time of the first record; the others follow a millisecond apart. */
export const START_MS = Date.UTC(2026, 0, 1);
const MAX_SCORE = 20;
/** Of records with `mostlyNew`, one in so many is of any user. */
const NEW_TURN = 6;
/** Steps of this prime through the users meet each of them once, in no order that a store could profit from. */
const STRIDE = 15_485_863;
/** What a Java producer with some linger makes of a busy partition. */
const BATCH_BYTES = 64 * 1024;
/** Records of one append. */
const CHUNK = 200_000;

export function userId(user: number): string {
  return `u${user}`;
}

/** The index that `userId` was made of. */
export function userOf(id: unknown): number {
  return Number(String(id).slice(1));
}

export function teamId(user: number): string {
  return `t${user % TEAMS}`;
}

/** How many users there are when of so many records, drawn `mostlyNew`, each is met. */
export function usersMet(records: number): number {
  return records - Math.floor(records / NEW_TURN);
}

/** The scores in order: users and scores uniform, from a fixed seed. One object is handed out again and again. */
export function* drawScores({ records, users, mostlyNew = false }: Draw): Generator<Readonly<Score>, void, undefined> {
  const event: Score = { user: 0, score: 0, timeMs: 0 };
  let state = 1;
  const draw = (n: number): number => {
    // Numerical Recipes' linear congruential generator: its high bits are good enough here.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  let met = 0;
  for (let i = 0; i < records; i++) {
    event.user = mostlyNew && i % NEW_TURN !== NEW_TURN - 1 ? (met++ * STRIDE) % users : draw(users);
    event.score = draw(MAX_SCORE + 1);
    event.timeMs = START_MS + i;
    yield event;
  }
}

/**
 * Writes the topics: Avro `UserScore` framed with a registered id, the user's id as plain key, Kafka's default partitioner, batches of
 * 64 KiB that are not compressed. Resolves to the mean size of key and value, bytes.
 */
export async function writeScores(log: Log, registry: SchemaRegistry, input: ScoresInput): Promise<number> {
  const { topics, partitions } = input;
  const writers: ScoreWriter[] = [];
  for (const topic of topics) writers.push(new ScoreWriter(topic, partitions, await createTopic(log, registry, topic, partitions)));
  return appendScores(log, writers, drawScores(input));
}

/** Makes a topic of scores where it is missing; resolves to the id of its schema. */
export async function createTopic(log: Log, registry: SchemaRegistry, topic: string, partitions: number): Promise<number> {
  const schemaId = await registry.register(`${topic}-value`, scoreSchema());
  // The event times are past, and what is older than a broker's retention would be deleted.
  await log.ensureTopics([{ name: topic, partitions, config: { 'retention.ms': '-1' } }]);
  return schemaId;
}

/** Deals scores to topics in turns; resolves to the mean size of key and value, bytes. */
export async function appendScores(log: Log, writers: readonly ScoreWriter[], scores: Iterable<Readonly<Score>>): Promise<number> {
  let bytes = 0;
  let written = 0;
  for (const score of scores) {
    bytes += writers[written % writers.length].append(score);
    if (++written % CHUNK === 0) await log.append(writers.flatMap((writer) => writer.take()));
  }
  await log.append(writers.flatMap((writer) => writer.take()));
  return bytes / written;
}

/** Encodes scores for one topic. */
export class ScoreWriter {
  private readonly builders: readonly BatchBuilder[];
  private readonly key = Buffer.alloc(64);
  private readonly value = Buffer.alloc(256);
  private readonly start: number;

  constructor(topic: string, partitions: number, schemaId: number) {
    this.builders = Array.from({ length: partitions }, (_, partition) => new BatchBuilder(topic, partition, BATCH_BYTES));
    const prefix = frame(schemaId, new Uint8Array(0));
    this.value.set(prefix);
    this.start = prefix.length;
  }

  /** Returns the size of its key and value, bytes. */
  append({ user, score, timeMs }: Readonly<Score>): number {
    const { key, value } = this;
    const id = userId(user);
    const team = teamId(user);
    const keyBytes = key.write(id, 'latin1');
    let p = shortString(value, this.start, id);
    p = shortString(value, p, team);
    p = shortString(value, p, `Team ${team}`);
    p = writeVarint(value, p, score);
    p = writeVarlong(value, p, timeMs);
    value[p++] = 0; // readable_time
    value[p++] = 0; // event_type
    const { builders } = this;
    builders[partitionOf(key, 0, keyBytes, builders.length)].append(timeMs, key, 0, keyBytes, value, 0, p, null);
    return keyBytes + p;
  }

  /** The batches since the last call. */
  take(): ReturnType<BatchBuilder['take']> {
    return this.builders.flatMap((builder) => builder.take());
  }
}

/** Avro string of less than 64 ASCII characters: its length takes one byte. Returns where it ends. */
function shortString(buffer: Buffer, p: number, text: string): number {
  buffer[p] = text.length << 1;
  return p + 1 + buffer.write(text, p + 1, 'latin1');
}
