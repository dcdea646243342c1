/** 24 hours of event time replayed through everything that keeps state for a while: memory and disk level off. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openStateStores } from '@rta/state-rocks';
import { LONG, reportFigure } from '@rta/tools';
import { expect, it } from 'vitest';
import { EmbeddedLog } from '../../src/log/embedded/embedded-log.js';
import { unique } from '../log/outputs.js';
import { onEmbedded } from './backend.js';
import { compiled, scoreBatches, USER_SCORE } from './project.js';
import type { Score } from './scores.js';

const backend = onEmbedded();
/** Of ten minutes. */
const USERS = LONG ? 3000 : 100;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const EVENTS_PER_HOUR = LONG ? 36_000 : 1200;

/** An hour of scores; everybody plays for about ten minutes and never again. */
function hourOf(hour: number): Score[] {
  return Array.from({ length: EVENTS_PER_HOUR }, (_, i) => {
    const minute = Math.floor((i * 60) / EVENTS_PER_HOUR);
    const user = (hour * 6 + Math.floor(minute / 10)) * USERS + ((i * 7919) % USERS);
    const at = START + hour * HOUR_MS + Math.floor((i * HOUR_MS) / EVENTS_PER_HOUR);
    return { user_id: `u${user}`, team_id: `t${user % 50}`, team_name: `Team ${user % 50}`, score: i % 21, event_time_millis: at };
  });
}

function bytesIn(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .reduce((sum, file) => sum + statSync(join(file.parentPath, file.name)).size, 0);
}

const MIB = 1 << 20;
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

it('levels off', { timeout: 3_600_000 }, async () => {
  const topic = unique('growth');
  await backend.log.ensureTopics([{ name: topic, partitions: 2 }]);
  const schemaId = await backend.registry.register(`${topic}-value`, USER_SCORE);
  const plan = compiled(`pipeline: ${topic}
source: { topic: ${topic}, schema: user_score, time: event_time_millis }
streams:
  windows:
    steps:
      - groupBy: user_id
        window: { hopping: 10m, every: 1m }
        aggregate: { n: count(), total: sum(score) }
        emit: final
  sessions:
    steps:
      - groupBy: user_id
        window: { session: 5m }
        aggregate: { n: count(), total: sum(score) }
  totals:
    steps:
      - groupBy: user_id
        aggregate: { total: sum(score), team: max(team_id) }
        ttl: 30m
      - topK: { k: 10, by: [total desc, user_id], rank: rnk }
  once:
    steps:
      - groupBy: user_id
        dedupe: { within: 15m }
sinks:
  windows: { from: windows, topic: ${topic}-windows }
  sessions: { from: sessions, topic: ${topic}-sessions }
  totals: { from: totals, topic: ${topic}-totals }
  once: { from: once, topic: ${topic}-once }
`);
  // Small files, so that what is deleted leaves the disk at once and not at some megabytes.
  const stores = openStateStores(backend.stateDirectory, { writeBufferBytes: 32 << 10 });
  const worker = await backend.worker(plan, { stores, stateFlush: { flushMs: 50 } });
  const { log } = backend;
  if (!(log instanceof EmbeddedLog)) throw new Error('not the embedded log');
  const entries: number[] = [];
  const memory: number[] = [];
  const disk: number[] = [];
  const changelog: number[] = [];
  const changelogs = (await backend.log.topics()).filter(
    ({ name, config }) => config['cleanup.policy'] === 'compact' && name.includes('changelog'),
  );
  expect(changelogs.length).toBeGreaterThan(2);
  for (let hour = 0; hour < 24; hour++) {
    await backend.log.append(scoreBatches(topic, 2, hourOf(hour), schemaId));
    await worker.drain();
    const { stateEntries, stateBytes } = worker.snapshot();
    await log.compact();
    let kept = 0;
    for (const { name, partitions } of changelogs)
      for (let partition = 0; partition < partitions; partition++)
        for await (const batch of backend.log.read(name, partition, 0, Infinity)) kept += batch.recordCount;
    entries.push(stateEntries);
    memory.push(stateBytes);
    disk.push(bytesIn(backend.stateDirectory));
    changelog.push(kept);
  }
  await worker.finish();
  // What is kept is that of the last half hour or so: the last hours are as the third.
  const most = (values: readonly number[]): number => Math.max(...values);
  for (const [what, values, slack] of [
    ['entries', entries, 1.1],
    ['memory', memory, 1.2],
    ['disk', disk, 2],
  ] as const)
    expect(most(values.slice(12)), `${what}: ${values.join(' ')}`).toBeLessThan(slack * most(values.slice(2, 12)));
  expect(entries[23]).toBeGreaterThan(100);
  const range = (values: readonly number[], show: (value: number) => string): string =>
    `${show(most(values.slice(2, 12)))} at most in hours 3 to 12, ${show(most(values.slice(12)))} in hours 13 to 24`;
  reportFigure(
    'growth',
    `24 h and ${24 * EVENTS_PER_HOUR} events of ${24 * 6 * USERS} users: state ${range(entries, String)} entries; in memory ${range(memory, mib)}; ` +
      `on disk ${range(disk, mib)} (changelogs keep tombstones for a week: ${changelog[23]} records)`,
  );
});
