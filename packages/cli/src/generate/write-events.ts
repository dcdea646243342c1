/** Writes the events of a scenario to a topic: paced by the wall clock, or as fast as the log takes them. */
import { setTimeout as wait } from 'node:timers/promises';
import { showDuration, type AvroSchema, type TopicDeclaration } from '@rta/dsl';
import type { SchemaRegistry } from '@rta/registry';
import { systemClock, topicSpec, type Clock, type Log } from '@rta/runtime';
import type { Scenario, TimedEvent } from './scenario.js';

export interface EventsTarget {
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** Of an event. */
  readonly schema: AvroSchema;
  /** How the project declares a topic, asked of one that is not there yet: so it is made. */
  readonly declarationOf?: (topic: string) => Promise<TopicDeclaration | undefined>;
}

export interface WriteOptions {
  /** Events a second on average, with exponential gaps; 0: as fast as possible, the gaps being those of `DEFAULT_RATE`. */
  readonly rate: number;
  /** Does not wait between events: only their times have the gaps of `rate`. */
  readonly asFastAsPossible?: boolean;
  /** Ends after so many events. */
  readonly count?: number;
  /** Ends before the first event that would be sent so long after the start; ms of event time, of wall time too where paced. */
  readonly durationMs?: number;
  /** The same seed, start and rate give the same events. Default: drawn from the clock. */
  readonly seed?: number;
  /** Of the topic, where it is not there yet; an existing one must have as many. Default: as many as it has, as are declared, or 4. */
  readonly partitions?: number;
  readonly topic?: string;
  /** Every Nth event is late, by 5–10 minutes. */
  readonly lateEvery?: number;
  /** Every Nth value is cut off in the middle. */
  readonly brokenEvery?: number;
  readonly robots?: boolean;
  /** Event time of the start, ms since the epoch; default: now. */
  readonly startMs?: number;
  /** Ends it; what is being written is written. */
  readonly signal: AbortSignal;
  /** Called with the number of events that are durable, after each append. */
  readonly onProgress?: (sent: number) => void;
  readonly onWarning?: (message: string) => void;
  readonly clock?: Clock;
}

export interface EventsSummary {
  readonly topic: string;
  readonly partitions: number;
  readonly seed: number;
  /** The first event's time, ms since the epoch: with seed and rate, what gives the same events again. */
  readonly startMs: number;
  /** Durable events. */
  readonly sent: number;
  readonly late: number;
  /** Wall time, ms. */
  readonly elapsedMs: number;
}

export const DEFAULT_PARTITIONS = 4;
export const DEFAULT_RATE = 20;
const TICK_MS = 100;
/** Events of one append, at most. */
const CHUNK = 50_000;

/**
 * Registers the schema of an Avro scenario, makes the topic where there is none, and writes events until the count, the duration or the signal
 * ends it. Keys are plain text, placed as Kafka's own clients would.
 *
 * Rejects with LogError, RegistryError (an earlier version of the schema forbids this one) or Failure `schema_mismatch`.
 */
export async function writeEvents<E extends TimedEvent>(
  scenario: Scenario<E>,
  target: EventsTarget,
  options: WriteOptions,
): Promise<EventsSummary> {
  const { log, registry, schema } = target;
  const { topic = scenario.topic, count = Infinity, durationMs = Infinity, signal, clock = systemClock } = options;
  const paced = options.rate > 0 && options.asFastAsPossible !== true;
  const existing = (await log.topics()).find((description) => description.name === topic)?.partitions;
  const declared = existing === undefined ? await target.declarationOf?.(topic) : undefined;
  const partitions = options.partitions ?? existing ?? declared?.partitions ?? DEFAULT_PARTITIONS;
  const encoderWith = (schemaId: number | null): ReturnType<typeof scenario.encoder> =>
    scenario.encoder({ topic, partitions, schema, schemaId, brokenEvery: options.brokenEvery ?? 0 });
  // A schema that the events do not fit is refused before it is registered.
  encoderWith(scenario.format === 'avro' ? 0 : null);
  const encoder = encoderWith(scenario.format === 'avro' ? await registry.register(`${topic}-value`, schema) : null);
  const begin = clock.now();
  const spec = topicSpec(topic, declared, { partitions, compacted: false });
  const retentionMs = declared?.retentionMs ?? null;
  // Events of another time than now may be older than what a broker keeps: it would delete them at once.
  const old = options.startMs !== undefined && (retentionMs === null || options.startMs < begin - retentionMs);
  if (old && retentionMs !== null)
    options.onWarning?.(
      `${topic} is declared to keep records for ${showDuration(retentionMs)}, and these events are older: it is made to keep them, until a deploy sets it back`,
    );
  await log.ensureTopics([{ ...spec, partitions, config: { ...spec.config, ...(old ? { 'retention.ms': '-1' } : {}) } }]);

  const seed = options.seed ?? begin >>> 0;
  const startMs = options.startMs ?? begin;
  const events = scenario.events({
    seed,
    startMs,
    rate: options.rate > 0 ? options.rate : DEFAULT_RATE,
    lateEvery: options.lateEvery ?? 0,
    robots: options.robots ?? false,
  });
  let next = events.next().value;
  let encoded = 0;
  let sent = 0;
  let late = 0;
  let writing: Promise<void> = Promise.resolve();
  for (;;) {
    const now = clock.now();
    const due = Math.min(paced ? now - begin : Infinity, durationMs);
    const chunkEnd = Math.min(encoded + CHUNK, count);
    const before = encoded;
    for (; encoded < chunkEnd && next.sentMs < due; encoded++) {
      encoder.append(next, now);
      if (next.late) late++;
      next = events.next().value;
    }
    // One append at a time: the next chunk is encoded while it runs, and no more than that waits in memory.
    await writing;
    if (encoded > before) {
      const total = encoded;
      writing = log.append(encoder.take()).then(() => {
        sent = total;
        options.onProgress?.(sent);
      });
      // Awaited above or below; until then a failure is not an unhandled one.
      writing.catch(() => undefined);
    }
    if (encoded >= count || next.sentMs >= durationMs || signal.aborted) break;
    if (paced && encoded - before < CHUNK) await wait(TICK_MS, undefined, { signal }).catch(() => undefined);
  }
  await writing;
  return { topic, partitions, seed, startMs, sent, late, elapsedMs: clock.now() - begin };
}
