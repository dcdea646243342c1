import { callPlace, type Place } from './place.js';
import type { Alert, Board, ErrorPolicy, LatePolicy, Sink, Source, Test, TopicSettings } from './settings.js';
import type { Readable, Stream } from './stream.js';

/** Marks pipelines, also those of another copy of this package. */
export const PIPELINE = Symbol.for('rta.pipeline');

type Named<T> = Readonly<Record<string, T>>;
/** A stream of any columns. */
type AnyStream = Stream<never>;

/** What a pipeline is made of: the keys of a YAML file. */
export interface PipelineOptions {
  /** The only source: a name of `rta.yaml`, or its settings. Left out where `steps` says it: `stream('user_score')`. */
  readonly source?: string | Source;
  /** Several: names of `rta.yaml`, or settings by name. Left out where the streams read names of `rta.yaml`. */
  readonly sources?: readonly string[] | Named<Source | null>;
  /** The only stream. */
  readonly steps?: AnyStream;
  /** Several streams by name. */
  readonly streams?: Named<AnyStream>;
  readonly sink?: Sink<Readable>;
  readonly sinks?: Named<Sink<Readable>>;
  readonly late?: LatePolicy;
  readonly errors?: ErrorPolicy;
  /** Copies of each task's state that other workers keep. Default 0. */
  readonly standby?: number;
  readonly topics?: Named<TopicSettings>;
  readonly boards?: Named<Board<Readable>>;
  readonly alerts?: Named<Alert<Readable>>;
  readonly tests?: Named<Test>;
}

interface PipelineParts {
  readonly name: string;
  readonly options: PipelineOptions;
  readonly place: Place;
}

/** A pipeline to be exported: `rta run`, `check`, `test` and `explain` take its module as they take a YAML file. */
export interface Pipeline {
  readonly [PIPELINE]: PipelineParts;
}

/**
 * Makes a pipeline. It is compiled as its YAML twin is, so a mistake in it is found then and shown at the call that holds it.
 *
 *     export default pipeline('top-players', {
 *       steps: stream('user_score').groupBy('user_id').aggregate({ total: 'sum(score)' }),
 *       sink: { topic: 'top-players' },
 *     });
 */
export function pipeline(name: string, options: PipelineOptions): Pipeline {
  return { [PIPELINE]: { name, options, place: callPlace('pipeline') } };
}

/** Whether a value is a pipeline, of this copy of the package or another. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && PIPELINE in value;
}
