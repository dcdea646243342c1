import type { AvroSchema } from '@rta/dsl';
import type { OutputBatch } from '@rta/runtime';

/** What the events of a scenario are a function of. */
export interface ScenarioOptions {
  readonly seed: number;
  /** When it begins, ms since the epoch. */
  readonly startMs: number;
  /** Events a second of event time, on average; the gaps are exponential. */
  readonly rate: number;
  /** Every Nth event says a time 5–10 minutes ago; 0: none. */
  readonly lateEvery: number;
  /** Whether there are robots among the users, where the scenario knows them. */
  readonly robots: boolean;
}

export interface TimedEvent {
  /** The event's time, whole ms since the epoch. */
  readonly timeMs: number;
  /** When it is sent: ms since the scenario began, with fractions. */
  readonly sentMs: number;
  readonly late: boolean;
}

/** Events to record batches. */
export interface EventEncoder<E> {
  /** Adds a record for the event; its timestamp is the event's time, but at most `now`: Kafka refuses records from the future. */
  append(event: E, now: number): void;
  /** What was appended since the last call. */
  take(): OutputBatch[];
}

export interface EncoderTarget {
  readonly topic: string;
  readonly partitions: number;
  readonly schema: AvroSchema;
  /** Of the schema in the registry; null for JSON, which nobody registers. */
  readonly schemaId: number | null;
  /** Every Nth value is cut off in the middle, so that nobody can read it; 0: none. */
  readonly brokenEvery: number;
}

/** Made-up events of one use case, for one topic. */
export interface Scenario<E extends TimedEvent> {
  /** As `rta generate` calls it. */
  readonly name: string;
  readonly description: string;
  /** Where to, unless told otherwise. */
  readonly topic: string;
  /** `schemas/<schema>.avsc`. */
  readonly schema: string;
  readonly format: 'avro' | 'json';
  /** Whether `robots` means something. */
  readonly hasRobots: boolean;
  /** Events in the order in which they are sent, without end. */
  events(options: ScenarioOptions): Iterator<E, never, undefined>;
  /** @throws Failure `schema_mismatch` where the events do not fit the schema */
  encoder(target: EncoderTarget): EventEncoder<E>;
}
