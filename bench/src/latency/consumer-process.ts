/**
 * `node consumer-process.js BROKERS REGISTRY TOPIC GROUP USERS WARM_UP PATIENCE_MS START_MS RATE EVENTS`: a plain KafkaJS consumer that
 * reads what is committed of a result, until it has all events or `PATIENCE_MS` after the last one was due; prints percentiles, and how
 * many events are missing.
 */
import { confluentRegistry } from '@rta/registry';
import { Kafka, logLevel } from 'kafkajs';
import { userOf } from '../scores-input.js';
import { RowDecoder } from '../topic-rows.js';
import { dueMs, type Schedule } from './schedule.js';
import { LatencyTracker } from './tracker.js';

const [brokers, registryUrl, topic, groupId, ...numbers] = process.argv.slice(2);
const [users, warmUp, patienceMs, startMs, rate, events] = numbers.map(Number);
const schedule: Schedule = { startMs, rate, events };
const tracker = new LatencyTracker(schedule, users, warmUp);
const decoder = new RowDecoder(confluentRegistry({ url: registryUrl }), topic);

const kafka = new Kafka({ clientId: 'bench-latency', brokers: brokers.split(','), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId, readUncommitted: false, minBytes: 1, maxWaitTimeInMs: 100, maxBytesPerPartition: 8 << 20 });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await new Promise<void>((resolve, reject) => {
  setTimeout(resolve, dueMs(schedule, events) + patienceMs - Date.now());
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  consumer
    .run({
      eachBatch: async ({ batch }) => {
        const now = Date.now();
        for (const { key, value } of batch.messages) {
          if (key === null || value === null) continue;
          const row = decoder.row(key, value);
          const { user_id, total_score } = row instanceof Promise ? await row : row;
          tracker.take(userOf(user_id), Number(total_score), now);
        }
        if (tracker.complete) resolve();
      },
    })
    .catch(reject);
});
await consumer.disconnect();
process.stdout.write(`${JSON.stringify({ ...tracker.percentiles(), missing: tracker.missing })}\n`);
process.exit(0);
