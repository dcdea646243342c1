/**
 * `node producer-process.js BROKERS TOPIC PARTITIONS SCHEMA_ID START_MS RATE EVENTS`: writes each event when it is due, stamped with that
 * time, however long the log takes; prints `{"behindMs"}`: how long after being due events were acknowledged, at the 99th percentile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openKafkaLog } from '@rta/runtime';
import { ScoreWriter } from '../scores-input.js';
import { dueMs, usersOf, type Schedule } from './schedule.js';

/** As the linger of a Java producer would be set. */
const LINGER_MS = 5;

const [brokers, topic, ...numbers] = process.argv.slice(2);
const [partitions, schemaId, startMs, rate, events] = numbers.map(Number);
const schedule: Schedule = { startMs, rate, events };
const users = usersOf(schedule);
const log = await openKafkaLog({ brokers: brokers.split(',') });
const writer = new ScoreWriter(topic, partitions, schemaId);
/** Of each append: how long its oldest event waited. */
const behind: number[] = [];
// Connects.
await log.topics();
for (let next = 0; next < events;) {
  const wait = dueMs(schedule, next) + LINGER_MS - Date.now();
  if (wait > 0) await sleep(wait);
  const now = Date.now();
  const oldest = dueMs(schedule, next);
  for (; next < events && dueMs(schedule, next) <= now; next++)
    writer.append({ user: users[next], score: 1, timeMs: Math.floor(dueMs(schedule, next)) });
  await log.append(writer.take());
  behind.push(Date.now() - oldest);
}
await log.close();
const sorted = Float64Array.from(behind).sort();
process.stdout.write(`${JSON.stringify({ behindMs: Math.round(sorted[Math.ceil(0.99 * sorted.length) - 1]) })}\n`);
