/** The input of the benchmarks on the embedded log: what is drawn is what is in the topic, and a check sees what is wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AvroSchema } from '@rta/dsl';
import { codecFor, embeddedRegistry, frame, unframe } from '@rta/registry';
import { BatchBuilder, openEmbeddedLog, partitionOf, records } from '@rta/runtime';
import avro from 'avsc';
import { afterAll, describe, expect, it } from 'vitest';
import { outputCheck } from '../src/check.js';
import { drawScores, scoreSchema, teamId, userId, usersMet, writeScores } from '../src/scores-input.js';
import { sum, sumsOf } from '../src/workloads/sums.js';

const INPUT = { topics: ['scores'], records: 20_000, users: 300, partitions: 4 };

const directory = mkdtempSync(join(tmpdir(), 'rta-bench-test-'));
const log = await openEmbeddedLog(join(directory, 'log'));
const registry = embeddedRegistry(join(directory, 'registry'));
afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the input', () => {
  it('is what is drawn, each score in the partition of its user', async () => {
    const recordBytes = await writeScores(log, registry, INPUT);
    expect(recordBytes).toBeGreaterThan(30);
    expect(recordBytes).toBeLessThan(50);
    const type = avro.Type.forSchema(scoreSchema() as avro.Schema);
    const found: object[] = [];
    for (const { partition, low, stable } of await log.offsets('scores'))
      for await (const batch of log.read('scores', partition, low, stable))
        for (const { key, value, timestamp } of records(batch)) {
          const { user_id, team_id, score, event_time_millis } = type.fromBuffer(Buffer.from(unframe(value!)!.data));
          expect(Buffer.from(key!).toString()).toBe(user_id);
          expect(partitionOf(key!, 0, key!.length, 4)).toBe(partition);
          expect(event_time_millis).toBe(timestamp);
          found.push({ user_id, team_id, score, timeMs: timestamp });
        }
    const drawn = Array.from(drawScores(INPUT), ({ user, score, timeMs }) => ({
      user_id: userId(user),
      team_id: teamId(user),
      score,
      timeMs,
    }));
    expect(found.sort((a: any, b: any) => a.timeMs - b.timeMs)).toEqual(drawn);
  });
});

describe('an input of mostly new users', () => {
  it('has each of them, one record of six being of any', () => {
    const records = 1200;
    const users = usersMet(records);
    expect(users).toBe(1000);
    const met = new Set(Array.from(drawScores({ records, users, mostlyNew: true }), ({ user }) => user));
    expect(met.size).toBe(users);
  });
});

describe('the check of an output topic', () => {
  const [keySchema, valueSchema] = [['user_id', 'string'] as const, ['total_score', 'long'] as const].map(([name, type]): AvroSchema => ({
    type: 'record',
    name: `Row_${name}`,
    fields: [{ name, type }],
  }));

  async function write(topic: string, rows: Iterable<readonly [string, number]>): Promise<void> {
    const [keyId, valueId] = [await registry.register(`${topic}-key`, keySchema), await registry.register(`${topic}-value`, valueSchema)];
    await log.ensureTopics([{ name: topic, partitions: 1 }]);
    const builder = new BatchBuilder(topic, 0);
    for (const [user_id, total_score] of rows) {
      const key = frame(keyId, codecFor(keySchema).encode({ user_id }));
      const value = frame(valueId, codecFor(valueSchema).encode({ total_score }));
      builder.append(0, key, 0, key.length, value, 0, value.length, null);
    }
    await log.append(builder.take());
  }

  it('takes the last row of each key, and names rows that are wrong, missing or too many', async () => {
    const expected = Array.from(sumsOf(INPUT), (total, user) => [userId(user), total] as const);
    const check = outputCheck(sum, INPUT, log, registry);
    await write('right', [['u1', -1], ...expected]);
    await expect(check('right')).resolves.toBeUndefined();
    await write('wrong', [...expected, ['u1', -1]]);
    await expect(check('wrong')).rejects.toThrow(/1 of 300 rows are wrong:\nu1: -1, not \d+/);
    await write('missing', expected.slice(1));
    await expect(check('missing')).rejects.toThrow(/missing/);
    await write('more', [...expected, ['nobody', 1]]);
    await expect(check('more')).rejects.toThrow(/nobody.*should not be there/);
  });
});
