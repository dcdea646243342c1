/** The generator on the embedded log: what is in the topic is the game, in Avro, where Kafka's own clients would put it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro from 'avsc';
import type { AvroSchema } from '@rta/dsl';
import { embeddedRegistry, unframe } from '@rta/registry';
import { openEmbeddedLog, partitionOf, records, type Log } from '@rta/runtime';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../src/index.js';
import { scores, type Score } from '../src/generate/leaderboards/game.js';
import { leaderboards } from '../src/generate/leaderboards/scenario.js';
import { writeEvents } from '../src/generate/write-events.js';

const ROOT = join(import.meta.dirname, '../../..');
const SCHEMA = JSON.parse(readFileSync(join(ROOT, 'schemas/user_score.avsc'), 'utf8')) as AvroSchema;
const START = Date.UTC(2026, 0, 1);

const directories: string[] = [];
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rta-generate-'));
  directories.push(directory);
  return directory;
}

interface Row {
  readonly partition: number;
  readonly key: Buffer;
  readonly timestamp: number;
  readonly schemaId: number;
  readonly value: Record<string, unknown>;
}

async function rowsOf(log: Log, topic: string): Promise<Row[]> {
  const type = avro.Type.forSchema(SCHEMA as avro.Schema);
  const rows: Row[] = [];
  for (const { partition, low, stable } of await log.offsets(topic))
    for await (const batch of log.read(topic, partition, low, stable))
      for (const { key, timestamp, value } of records(batch, low)) {
        const { id, data } = unframe(value!)!;
        const decoded = type.fromBuffer(Buffer.from(data)) as Record<string, unknown>;
        rows.push({ partition, key: Buffer.from(key!), timestamp, schemaId: id, value: { ...decoded } });
      }
  return rows;
}

/** What a score is as a record, computed plainly. */
function valueOf({ player, points, timeMs }: Score): Record<string, unknown> {
  return {
    user_id: player.id,
    team_id: player.team.id,
    team_name: player.team.name,
    score: points,
    event_time_millis: timeMs,
    readable_time: new Date(timeMs).toISOString().replace('T', ' ').replace('Z', ''),
    event_type: 'score',
  };
}

/** Runs the command as a terminal would; its exit code and what it said. */
async function rta(args: readonly string[], signal = new AbortController().signal): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const context = {
    stdout: { write: (text: string) => void (out += text) },
    stderr: { write: (text: string) => void (err += text) },
    env: {},
    cwd: ROOT,
    signal,
  };
  return { code: await runCli(['generate', ...args], context), out, err };
}

describe('rta generate leaderboards', () => {
  it('writes the game that its options say, keyed by user', async () => {
    const dir = temporaryDirectory();
    const options = ['--count', '3000', '--rate', '0', '--seed', '3', '--start', '2026-01-01T00:00:00Z', '--late-every', '50', '--robots'];
    const { code, out } = await rta(['leaderboards', '--dir', dir, '--json', ...options]);
    expect(code).toBe(0);
    const lines = out.trim().split('\n');
    expect(JSON.parse(lines[0])).toEqual({ rta: 1, command: 'generate' });
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ summary: { topic: 'user-score', partitions: 4, seed: 3, sent: 3000, late: 60 } });

    const log = await openEmbeddedLog(join(dir, 'log'));
    const rows = await rowsOf(log, 'user-score');
    const registered = await embeddedRegistry(join(dir, 'registry')).latest('user-score-value');
    await log.close();
    const events = scores({ seed: 3, startMs: START, rate: 20, lateEvery: 50, robots: true });
    const expected = Array.from({ length: 3000 }, () => events.next().value);
    for (let partition = 0; partition < 4; partition++)
      expect(rows.filter((row) => row.partition === partition).map((row) => row.value)).toEqual(
        expected
          .filter(({ player }) => partitionOf(Buffer.from(player.id), 0, player.id.length, 4) === partition)
          .map((score) => valueOf(score)),
      );
    for (const { key, timestamp, schemaId, value } of rows) {
      expect(key.toString()).toBe(value['user_id']);
      expect(timestamp).toBe(value['event_time_millis']);
      expect(schemaId).toBe(registered?.id);
    }
  });

  it('cuts off every so many values', async () => {
    const dir = temporaryDirectory();
    const options = ['--dir', dir, '--count', '100', '--rate', '0', '--broken-every', '10'];
    for (const [scenario, topic] of [
      ['leaderboards', 'user-score'],
      ['product', 'raw-events'],
    ]) {
      expect((await rta([scenario, ...options])).code).toBe(0);
      const log = await openEmbeddedLog(join(dir, 'log'));
      const type = avro.Type.forSchema(SCHEMA as avro.Schema);
      let [whole, broken] = [0, 0];
      for (const { partition, low, stable } of await log.offsets(topic))
        for await (const batch of log.read(topic, partition, low, stable))
          for (const { value } of records(batch, low))
            try {
              if (topic === 'raw-events') JSON.parse(Buffer.from(value!).toString());
              else type.fromBuffer(Buffer.from(unframe(value!)!.data));
              whole++;
            } catch {
              broken++;
            }
      await log.close();
      expect([whole, broken]).toEqual([90, 10]);
    }
  });

  it('goes on in a topic with other partitions, and refuses to change their number', async () => {
    const dir = temporaryDirectory();
    const run = (...more: string[]): ReturnType<typeof rta> =>
      rta(['leaderboards', '--dir', dir, '--count', '100', '--rate', '0', ...more]);
    expect((await run('--partitions', '2', '--topic', 'scores')).code).toBe(0);
    expect((await run('--topic', 'scores')).out).toContain('to scores (2 partitions');
    const refused = await run('--topic', 'scores', '--partitions', '3');
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('scores has 2 partitions, not 3');
  });

  it('keeps to the rate, ends with the duration, and with a signal', async () => {
    const dir = temporaryDirectory();
    const paced = await rta(['leaderboards', '--dir', dir, '--rate', '2000', '--for', '500ms', '--seed', '1', '--json']);
    const { summary } = JSON.parse(paced.out.trim().split('\n').at(-1)!) as { summary: { sent: number; elapsedMs: number } };
    const events = scores({ seed: 1, startMs: 0, rate: 2000, lateEvery: 0, robots: false });
    let due = 0;
    while (events.next().value.sentMs < 500) due++;
    expect(summary.sent).toBe(due);
    expect(summary.elapsedMs).toBeGreaterThanOrEqual(490);

    const stop = new AbortController();
    const endless = rta(['leaderboards', '--dir', dir, '--rate', '100'], stop.signal);
    setTimeout(() => stop.abort(), 300);
    expect((await endless).code).toBe(130);
  });

  it('rejects a wrong command line', async () => {
    for (const wrong of [
      ['--rate', '-1'],
      ['--count', '0'],
      ['--for', '5'],
      ['--start', 'noon'],
      ['--late-every', 'x'],
    ])
      expect((await rta(['leaderboards', ...wrong])).code).toBe(2);
    expect((await rta(['chess'])).code).toBe(2);
  });

  it('writes the defaults of fields that the schema has gained, and refuses another schema', async () => {
    const log = await openEmbeddedLog(join(temporaryDirectory(), 'log'));
    const registry = embeddedRegistry(temporaryDirectory());
    const { fields, ...rest } = SCHEMA as { fields: { name: string }[] };
    const options = { rate: 0, count: 10, signal: new AbortController().signal };
    const grown = { ...rest, fields: [...fields, { name: 'country', type: ['null', 'string'], default: null }] } as unknown as AvroSchema;
    await writeEvents(leaderboards, { log, registry, schema: grown }, options);
    const type = avro.Type.forSchema(grown as avro.Schema);
    const [{ partition, low, stable }] = (await log.offsets('user-score')).filter(({ stable }) => stable > 0);
    for await (const batch of log.read('user-score', partition, low, stable))
      for (const { value } of records(batch)) expect(type.fromBuffer(Buffer.from(unframe(value!)!.data))).toMatchObject({ country: null });

    const other = { ...rest, fields: fields.filter(({ name }) => name !== 'team_id') } as unknown as AvroSchema;
    const empty = embeddedRegistry(temporaryDirectory());
    await expect(writeEvents(leaderboards, { log, registry: empty, schema: other }, options)).rejects.toMatchObject({
      code: 'schema_mismatch',
    });
    expect(await empty.subjects()).toEqual([]);
    await log.close();
  });
});
