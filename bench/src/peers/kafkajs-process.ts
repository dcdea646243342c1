/** `node kafkajs-process.js BROKERS TOPIC GROUP RECORDS`: reads so many records and prints `{"seconds"}`. */
import { Kafka, logLevel } from 'kafkajs';

const [brokers, topic, groupId, records] = process.argv.slice(2);
const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 8 << 20, maxBytes: 64 << 20, maxWaitTimeInMs: 500 });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
let left = Number(records);
const started = performance.now();
await new Promise<void>((resolve, reject) => {
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  consumer
    .run({
      eachBatch: ({ batch }) => {
        left -= batch.messages.length;
        if (left === 0) resolve();
        return Promise.resolve();
      },
    })
    .catch(reject);
});
const seconds = (performance.now() - started) / 1000;
await consumer.disconnect();
process.stdout.write(`${JSON.stringify({ seconds })}\n`);
