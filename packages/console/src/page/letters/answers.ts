import type { DecodedValue } from '../decoded.js';

/** What `/letters` answers. */
export interface LettersAnswer {
  readonly pipeline: string;
  readonly asOf: string;
  /** Whether counts are of all that are kept. */
  readonly complete: boolean;
  readonly topics: readonly string[];
  readonly counts: readonly LetterCount[];
  /** The newest first. */
  readonly letters: readonly Letter[];
}

export interface LetterCount {
  readonly topic: string;
  readonly step: string;
  readonly reason: string;
  readonly source: string;
  readonly count: number;
  readonly replayed: number;
  readonly first: string;
  readonly last: string;
  readonly message: string;
}

export interface Letter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly at: string;
  readonly reason: string;
  readonly message: string;
  readonly step: string;
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number; readonly timestamp: string };
  readonly replayed: boolean;
  readonly key: DecodedValue | null;
  readonly value: DecodedValue | null;
  readonly headers: readonly ({ readonly key: string } & Partial<DecodedValue>)[];
  /** The byte that makes it unreadable. */
  readonly faultAt: number | null;
}

/** What a replay did, or would do. */
export interface ReplayAnswer {
  readonly asOf: string;
  readonly selected: number;
  readonly replayedBefore: number;
  readonly wouldSend?: number;
  readonly sent?: number;
  readonly alsoReadBy: readonly { readonly topic: string; readonly pipeline: string }[];
  readonly letters: readonly JudgedLetter[];
}

export interface JudgedLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  /** Null: the topic does not exist any more. */
  readonly to: { readonly topic: string; readonly partition: number } | null;
  readonly replayed: boolean;
  readonly now:
    | { readonly outcome: 'read' }
    | { readonly outcome: 'unread' }
    | { readonly outcome: 'refused'; readonly reason: string; readonly message: string }
    | null;
  readonly wouldSend: boolean;
}

/** `dead-scores 2@17` */
export function placeOf({ topic, partition, offset }: Pick<Letter, 'topic' | 'partition' | 'offset'>): string {
  return `${topic} ${partition}@${offset}`;
}
