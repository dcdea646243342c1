/** Writes events all along, with Kafka's own producer: what our engine reads it has not written. */
import { startKafkaTool } from '@rta/tools';
import { setTimeout as delay } from 'node:timers/promises';
import { events } from './events.js';

const TICK_MS = 50;
/** ms that the producer goes on trying, while a broker is away. */
const PATIENCE_MS = 120_000;

/** Events of a seed on their way to a topic, keyed by user. */
export class Load {
  /** Handed to the producer. */
  written = 0;
  private stopped = false;
  private readonly done: Promise<void>;

  constructor(
    brokers: string,
    topic: string,
    private readonly options: { readonly seed: number; readonly perSecond: number },
  ) {
    this.done = this.run(brokers, topic);
    this.done.catch(() => undefined);
  }

  /** Ends when all that was written has arrived. Rejects with what the producer said where not. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async run(brokers: string, topic: string): Promise<void> {
    const producer = await startKafkaTool('org.apache.kafka.tools.ConsoleProducer', [
      ...['--bootstrap-server', brokers, '--topic', topic, '--property', 'parse.key=true', '--property', 'key.separator=\t'],
      ...['--message-send-max-retries', '1000000', '--request-timeout-ms', '5000', '--max-block-ms', String(PATIENCE_MS)],
      ...['--producer-property', 'enable.idempotence=true', '--producer-property', 'acks=all'],
      ...['--producer-property', 'linger.ms=20', '--producer-property', `delivery.timeout.ms=${PATIENCE_MS}`],
    ]);
    let said = '';
    let ended = false;
    producer.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    producer.stdout.resume();
    producer.stdin.on('error', () => undefined);
    const end = new Promise<number | null>((resolve, reject) => {
      producer.on('error', reject);
      producer.on('close', (code) => {
        ended = true;
        resolve(code);
      });
    });
    end.catch(() => undefined);
    const source = events(this.options.seed);
    const begun = performance.now();
    while (!this.stopped && !ended) {
      const due = Math.floor(((performance.now() - begun) / 1000) * this.options.perSecond);
      let lines = '';
      for (; this.written < due; this.written++) {
        const event = source.next().value;
        lines += `${event.user}\t${JSON.stringify(event)}\n`;
      }
      if (lines !== '' && !producer.stdin.write(lines))
        await Promise.race([new Promise((resolve) => producer.stdin.once('drain', resolve)), end]);
      await delay(TICK_MS);
    }
    producer.stdin.end();
    if ((await end) !== 0 || /ERROR/.test(said)) throw new Error(`the producer of the events failed:\n${said}`);
  }
}
