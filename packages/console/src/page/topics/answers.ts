import type { DecodedValue } from '../decoded.js';

/** What `/topics/PIPELINE` answers. */
export interface TopicsAnswer {
  readonly pipeline: string;
  readonly asOf: string;
  readonly topics: readonly TopicFacts[];
}

export interface TopicFacts {
  readonly topic: string;
  readonly roles: readonly string[];
  readonly exists: boolean;
  readonly config: Readonly<Record<string, string>>;
  readonly offsets: number;
  readonly partitions: readonly { readonly partition: number; readonly low: number; readonly stable: number; readonly high: number }[];
}

/** What `/topics/PIPELINE/TOPIC` answers. */
export interface RecordsAnswer {
  readonly asOf: string;
  readonly complete: boolean;
  readonly records: readonly TopicRecord[];
}

interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly time: string;
  readonly bytes: number;
  readonly key: DecodedValue | null;
  readonly value: DecodedValue | null;
  readonly headers: readonly ({ readonly key: string } & Partial<DecodedValue>)[];
}
