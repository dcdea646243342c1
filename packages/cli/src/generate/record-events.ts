/** Events that are plain records, drawn from many stories (visits, rides) that go on side by side. */
import type { Value } from '@rta/dsl';
import { codecFor, frame, type AvroCodec } from '@rta/registry';
import { BatchBuilder, partitionOf, type OutputBatch } from '@rta/runtime';
import { Failure } from '../failure.js';
import { delayOf, isNth } from './late.js';
import { Random } from './random.js';
import type { EncoderTarget, EventEncoder, ScenarioOptions, TimedEvent } from './scenario.js';

export type EventRecord = Readonly<Record<string, unknown>>;

export interface RecordEvent extends TimedEvent {
  /** Plain text. */
  readonly key: string;
  readonly value: EventRecord;
}

/** The next event of a story, for the time at which it happens. */
export interface StoryEvent {
  readonly key: string;
  value(timeMs: number): EventRecord;
}

/** Begins the next story of a place; a place has one story at a time. `startMs` and `nowMs` are event time. */
export type BeginStory = (random: Random, place: number, startMs: number, nowMs: () => number) => Iterator<StoryEvent, void, undefined>;

/** So long, on average, is it from one event of a story to the next, s; at low rates it is longer, since some stories always go on. */
const SECONDS_BETWEEN = 8;
const FEWEST_STORIES = 20;
const MOST_STORIES = 20_000;

/** Events of stories, in the order in which they are sent: each is the next one of a story drawn at random, and one that ends is replaced. */
export function* storyEvents(options: ScenarioOptions, begin: BeginStory): Generator<RecordEvent, never, undefined> {
  const { startMs, rate, lateEvery } = options;
  const random = new Random(options.seed);
  const gapMs = 1000 / rate;
  let sentMs = 0;
  const now = (): number => startMs + Math.floor(sentMs);
  const count = Math.min(Math.max(FEWEST_STORIES, Math.round(rate * SECONDS_BETWEEN)), MOST_STORIES);
  const stories = Array.from({ length: count }, (_, place) => begin(random, place, startMs, now));
  for (let n = 1; ; n++) {
    sentMs += random.exponential(gapMs);
    const place = random.integer(0, count - 1);
    let next = stories[place].next();
    while (next.done === true) {
      stories[place] = begin(random, place, startMs, now);
      next = stories[place].next();
    }
    const delay = delayOf(random, n, lateEvery);
    const timeMs = now() - delay;
    yield { key: next.value.key, value: next.value.value(timeMs), timeMs, sentMs, late: delay > 0 };
  }
}

/** Records in Avro with Confluent's frame, or in JSON, keyed by plain text and placed as Kafka's own clients would. */
export class RecordEncoder implements EventEncoder<RecordEvent> {
  private readonly builders: readonly BatchBuilder[];
  private readonly codec: AvroCodec | null;
  private encoded = 0;

  constructor(private readonly target: EncoderTarget) {
    const { topic, partitions, schema, schemaId } = target;
    this.codec = schemaId === null ? null : codecFor(schema);
    this.builders = Array.from({ length: partitions }, (_, partition) => new BatchBuilder(topic, partition));
  }

  append(event: RecordEvent, now: number): void {
    const key = Buffer.from(event.key);
    const value = this.encode(event.value);
    const builder = this.builders[partitionOf(key, 0, key.length, this.target.partitions)];
    const end = isNth(++this.encoded, this.target.brokenEvery) ? value.length >> 1 : value.length;
    builder.append(Math.min(event.timeMs, now), key, 0, key.length, value, 0, end, null);
  }

  take(): OutputBatch[] {
    return this.builders.flatMap((builder) => builder.take());
  }

  private encode(value: EventRecord): Uint8Array {
    if (this.codec === null || this.target.schemaId === null) return Buffer.from(JSON.stringify(value));
    try {
      return frame(this.target.schemaId, this.codec.encode(value as Value));
    } catch (error) {
      throw new Failure(
        'schema_mismatch',
        `the schema is not that of the events of ${this.target.topic}: ${(error as Error).message}`,
        undefined,
        {
          cause: error,
        },
      );
    }
  }
}
