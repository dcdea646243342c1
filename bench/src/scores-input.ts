/** The input of the benchmarks: a topic of scores, the same ones in every run, which can be drawn again to compute with. */
import type { AvroSchema } from '@rta/dsl';
import { frame, type SchemaRegistry } from '@rta/registry';
import { BatchBuilder, partitionOf, writeVarint, writeVarlong, type Log } from '@rta/runtime';

export interface ScoresInput {
  readonly topic: string;
  readonly records: number;
  readonly users: number;
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
const START_MS = Date.UTC(2026, 0, 1);
const MAX_SCORE = 20;
/** What a Java producer with some linger makes of a busy partition. */
const BATCH_BYTES = 64 * 1024;
/** Records of one append. */
const CHUNK = 200_000;

export function userId(user: number): string {
  return `u${user}`;
}

export function teamId(user: number): string {
  return `t${user % TEAMS}`;
}

/** The scores in order: users and scores uniform, from a fixed seed. One object is handed out again and again. */
export function* drawScores({ records, users }: Pick<ScoresInput, 'records' | 'users'>): Generator<Readonly<Score>, void, undefined> {
  const event: Score = { user: 0, score: 0, timeMs: 0 };
  let state = 1;
  const draw = (n: number): number => {
    // Numerical Recipes' linear congruential generator: its high bits are good enough here.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  for (let i = 0; i < records; i++) {
    event.user = draw(users);
    event.score = draw(MAX_SCORE + 1);
    event.timeMs = START_MS + i;
    yield event;
  }
}

/**
 * Writes the topic: Avro `UserScore` framed with a registered id, the user's id as plain key, Kafka's default partitioner, batches of
 * 64 KiB that are not compressed. Resolves to the mean size of key and value, bytes.
 */
export async function writeScores(log: Log, registry: SchemaRegistry, schema: AvroSchema, input: ScoresInput): Promise<number> {
  const { topic, records, partitions } = input;
  const schemaId = await registry.register(`${topic}-value`, schema);
  // The event times are past, and what is older than a broker's retention would be deleted.
  await log.ensureTopics([{ name: topic, partitions, config: { 'retention.ms': '-1' } }]);
  const builders = Array.from({ length: partitions }, (_, partition) => new BatchBuilder(topic, partition, BATCH_BYTES));
  const players = playersOf(input, schemaId);
  const scratch = new Uint8Array(256);
  let bytes = 0;
  let written = 0;
  for (const { user, score, timeMs } of drawScores(input)) {
    const { key, prefix, partition } = players[user];
    scratch.set(prefix);
    let p = writeVarint(scratch, prefix.length, score);
    p = writeVarlong(scratch, p, timeMs);
    scratch[p++] = 0; // readable_time
    scratch[p++] = 0; // event_type
    bytes += key.length + p;
    builders[partition].append(timeMs, key, 0, key.length, scratch, 0, p, null);
    if (++written % CHUNK === 0 || written === records) await log.append(builders.flatMap((builder) => builder.take()));
  }
  return bytes / records;
}

interface Player {
  readonly key: Uint8Array;
  /** Frame, user_id, team_id and team_name. */
  readonly prefix: Uint8Array;
  readonly partition: number;
}

function playersOf({ users, partitions }: ScoresInput, schemaId: number): Player[] {
  return Array.from({ length: users }, (_, user) => {
    const key = Buffer.from(userId(user));
    const team = teamId(user);
    const prefix = frame(schemaId, Buffer.concat([userId(user), team, `Team ${team}`].map(shortString)));
    return { key, prefix, partition: partitionOf(key, 0, key.length, partitions) };
  });
}

/** Avro string of less than 64 bytes: its length takes one. */
function shortString(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length << 1), bytes]);
}
