import type { Expected } from '../expected.js';
import type { Draw, ScoresInput } from '../scores-input.js';

/** Something to compute that every peer computes of the same topics. */
export interface Workload {
  readonly name: string;
  /** One sentence for the report. */
  readonly description: string;
  /** What its input is, where so many records are asked for. */
  draw(asked: number): Draw;
  /** Of the input, half of the records each where there are two. Default 1. */
  readonly topics?: 2;
  /** Fewer runs than are asked for, where one takes long. */
  readonly mostRuns?: number;
  /**
   * State is larger than the memory allowed, and so in files. rta has all cores then, as the engines of the JVM always have: LevelDB merges its
   * files in threads of its own.
   */
  readonly beyondMemory?: true;
  /** As pipeline of rta: the part of its YAML after `pipeline:` and `source:`, and before the sink, whose topic is that of the run. */
  readonly steps: string;
  /** Where the last rows wait for a watermark that no record brings: at the end of the input, rta closes what is open. */
  readonly closes?: true;
  /** As query of Flink SQL, of `scores` and, where there are two topics, `others`; its columns are those of `output`, in order. */
  readonly sql: string;
  /** Columns of the input that the query needs; with `event_time_millis` there is `ts`, the event time. */
  readonly reads: readonly InputColumn[];
  /** A table's topic is compacted and has rows by key, a stream's has each row. */
  readonly result: 'table' | 'stream';
  /** What the output topic must hold in the end, computed plainly. */
  expected(input: ScoresInput): Expected;
  /** Key and value of the output topic, where a peer does not derive them: their fields, in order. */
  readonly output: { readonly key: OutputFields; readonly value: OutputFields };
}

export type InputColumn = 'user_id' | 'team_id' | 'score' | 'event_time_millis';

/** Name and Avro type of each field. */
export type OutputFields = Readonly<Record<string, 'double' | 'long' | 'string'>>;

/** So many records of so many users, drawn at random. */
export function uniform(users: number): (asked: number) => Draw {
  return (records) => ({ records, users });
}
