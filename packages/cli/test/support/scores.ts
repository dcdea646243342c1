/** Scores of the game for tests: drawn, appended to an embedded log, and the board of streaks computed plainly from them. */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AvroSchema } from '@rta/dsl';
import { codecFor, embeddedRegistry, frame } from '@rta/registry';
import { BatchBuilder, openEmbeddedLog, partitionOf } from '@rta/runtime';
import type { Score } from '../../../runtime/test/task/scores.js';
import { ROOT } from './cli.js';

export { drawScores, playersOf, teamsOf } from '../../../runtime/test/task/scores.js';

const SCHEMA = JSON.parse(readFileSync(join(ROOT, 'schemas/user_score.avsc'), 'utf8')) as AvroSchema;
const TOPIC = 'user-score';
const PARTITIONS = 4;

/** Writes them to the source topic of the embedded log in `dir` (as `--dir` names it), made where there is none. */
export async function appendScores(dir: string, scores: readonly Score[]): Promise<void> {
  const schemaId = await embeddedRegistry(join(dir, 'registry')).register(`${TOPIC}-value`, SCHEMA);
  const codec = codecFor(SCHEMA);
  const builders = Array.from({ length: PARTITIONS }, (_, p) => new BatchBuilder(TOPIC, p, 100_000));
  for (const score of scores) {
    const key = Buffer.from(score.user_id);
    const value = frame(schemaId, codec.encode({ readable_time: '', event_type: '', ...score }));
    builders[partitionOf(key, 0, key.length, PARTITIONS)].append(score.event_time_millis, key, 0, key.length, value, 0, value.length, null);
  }
  await append(dir, builders);
}

/** Writes one record whose value is not framed Avro. */
export async function appendBadScore(dir: string): Promise<void> {
  const builder = new BatchBuilder(TOPIC, 0, 1000);
  const [key, value] = [Buffer.from('u0'), Buffer.from('not Avro')];
  builder.append(Date.UTC(2026, 0, 1), key, 0, key.length, value, 0, value.length, null);
  await append(dir, [builder]);
}

async function append(dir: string, builders: readonly BatchBuilder[]): Promise<void> {
  const log = await openEmbeddedLog(join(dir, 'log'));
  try {
    await log.ensureTopics([{ name: TOPIC, partitions: PARTITIONS }]);
    await log.append(builders.flatMap((builder) => builder.take()));
  } finally {
    await log.close();
  }
}

/** The board of streaks. */
export function streaksOf(scores: readonly Score[]): Record<string, unknown>[] {
  const users = [...new Set(scores.map(({ user_id }) => user_id))];
  const rows = users.map((user_id) => {
    const own = scores.filter((score) => score.user_id === user_id);
    const last = Math.max(...own.map((score) => score.event_time_millis));
    const mean = (ms: number): number => {
      const inside = own.filter((score) => score.event_time_millis >= last - ms);
      return inside.reduce((sum, { score }) => sum + score, 0) / inside.length;
    };
    const [short, long] = [mean(10_000), mean(60_000)];
    return { user_id, short_term_avg: short, long_term_avg: long, peak_hotness: short / long };
  });
  const rounded = (hotness: number): number => Math.round(hotness * 1e6);
  rows.sort((a, b) => rounded(b.peak_hotness) - rounded(a.peak_hotness) || compare(a.user_id, b.user_id));
  return rows.slice(0, 10).map((row, i) => ({ rnk: i + 1, ...row }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
