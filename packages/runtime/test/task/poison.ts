/** Records that nobody can read, among good ones, while workers are dropped at any moment: each comes to the dead letters once. */
import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { LONG } from '@rta/tools';
import { beforeAll, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/log/batch/batch-builder.js';
import { encodeHeaders } from '../../src/log/batch/records.js';
import { unique } from '../log/outputs.js';
import type { Backend } from './backend.js';
import { lettersOf } from './letters.js';
import { compiled, encodeScore, topicRows, USER_SCORE } from './project.js';
import { drawScores, type Score } from './scores.js';

const PARTITIONS = 2;
const CRASHES = LONG ? 60 : 3;
/** Between two crashes. */
const RECORDS = LONG ? 2_000 : 300;
/** Each seventh record is one of these. */
const POISON: readonly { readonly reason: string; readonly of: (good: Uint8Array) => Uint8Array | null }[] = [
  { reason: 'not_avro', of: (good) => good.subarray(0, 9) },
  { reason: 'bad_magic', of: (good) => Uint8Array.of(7, ...good.subarray(1)) },
  { reason: 'empty_value', of: () => null },
  { reason: 'unknown_schema_id', of: (good) => Uint8Array.of(0, 0, 15, 18, 6, ...good.subarray(5)) },
];

interface Sent {
  readonly reason: string;
  readonly key: string;
  readonly value: Buffer | null;
}

export function poisonTests(backend: Backend, figure: (text: string) => void): void {
  let schemaId = 0;
  beforeAll(async () => {
    schemaId = await backend.registry.register('user-score-value', USER_SCORE);
  });

  it('is put aside once, whole, whatever crashes', { timeout: 600_000 }, async () => {
    const source = unique('poison');
    await backend.log.ensureTopics([{ name: source, partitions: PARTITIONS }]);
    const plan = compiled(`pipeline: ${source}
source: { topic: ${source}, schema: user_score, time: event_time_millis, lateness: 1h }
errors: { topic: ${source}-dlq }
steps:
  - groupBy: user_id
    aggregate: { n: count(), total: sum(score) }
sink: { topic: ${source}-out }
`);
    const good: Score[] = [];
    /** By `partition offset`. */
    const poison = new Map<string, Sent>();
    for (let crash = 0; crash < CRASHES; crash++) {
      await write(backend, source, drawScores(RECORDS, 40, crash + 1, Date.UTC(2026, 0, 1) + crash * RECORDS), schemaId, good, poison);
      const worker = await backend.worker(plan, { workerId: 'crashing', sessionTimeoutMs: 6_000 });
      const running = worker.run().then(String, String);
      // Each time another moment between the join and the commit of the last record.
      const until = Date.now() + 20_000;
      while (worker.snapshot().recordsIn === 0 && Date.now() < until) await delay(1);
      await delay((crash * 13) % 60);
      await worker.abandon();
      await running;
    }
    await backend.runToEnd(plan, { workerId: 'crashing' });
    const letters = await lettersOf(backend.log, `${source}-dlq`);
    const places = letters.map(({ headers }) => `${headers['rta.partition']} ${headers['rta.offset']}`);
    expect([...places].sort()).toEqual([...poison.keys()].sort());
    for (const [i, { key, value, headers }] of letters.entries()) {
      const sent = poison.get(places[i])!;
      expect({ key, value }).toEqual({ key: sent.key, value: sent.value });
      expect(headers).toMatchObject({ trace: sent.key, 'rta.reason': sent.reason, 'rta.topic': source, 'rta.pipeline': source });
    }
    expect(await totals(backend, `${source}-out`)).toEqual(summed(good));
    figure(
      `${poison.size} of ${good.length + poison.size} records, ${CRASHES} workers dropped among them: ${letters.length} dead letters, each once, bytes and headers as sent; totals right`,
    );
  });
}

/** In turn good records and, each seventh, one that cannot be read; what went where is added to `good` and `poison`. */
async function write(
  { log }: Backend,
  topic: string,
  scores: readonly Score[],
  schemaId: number,
  good: Score[],
  poison: Map<string, Sent>,
): Promise<void> {
  const ends = new Map((await log.offsets(topic)).map(({ partition, high }) => [partition, high]));
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const builder = new BatchBuilder(topic, partition);
    let offset = ends.get(partition) ?? 0;
    for (const [i, score] of scores.entries()) {
      if (i % PARTITIONS !== partition) continue;
      const key = Buffer.from(`k${i}`);
      const bad = i % 7 === 0 ? POISON[(i / 7) % POISON.length] : null;
      const readable = encodeScore(score, schemaId);
      const value = bad === null ? readable : bad.of(readable);
      const headers = encodeHeaders([{ key: 'trace', value: key }]);
      builder.append(score.event_time_millis, key, 0, key.length, value, 0, value?.length ?? 0, headers);
      if (bad === null) good.push(score);
      else
        poison.set(`${partition} ${offset}`, {
          reason: bad.reason,
          key: key.toString(),
          value: value === null ? null : Buffer.from(value),
        });
      offset++;
    }
    await log.append(builder.take());
  }
}

async function totals({ log, registry }: Backend, topic: string): Promise<Record<string, { n: number; total: number }>> {
  const rows = await topicRows(log, registry, topic);
  return Object.fromEntries(
    rows.map(({ value }) => [String(value!['user_id']), { n: Number(value!['n']), total: Number(value!['total']) }]),
  );
}

function summed(scores: readonly Score[]): Record<string, { n: number; total: number }> {
  const sums: Record<string, { n: number; total: number }> = {};
  for (const { user_id, score } of scores) {
    const { n, total } = sums[user_id] ?? { n: 0, total: 0 };
    sums[user_id] = { n: n + 1, total: total + score };
  }
  return sums;
}
