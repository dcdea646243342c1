import type { Letter } from '@rta/runtime';

/** Letters that are alike: of one topic, pipeline, step, reason and source. */
export interface LetterCount {
  readonly topic: string;
  readonly pipeline: string;
  readonly step: string;
  readonly reason: string;
  readonly source: string;
  count: number;
  replayed: number;
  /** Written, ms. */
  first: number;
  last: number;
  /** Of the last one. */
  message: string;
  /** Where the last one is: `partition@offset`. */
  example: string;
}

/** Counts letters one by one. */
export class LetterCounts {
  private readonly counts = new Map<string, LetterCount>();

  add({ topic, partition, offset, at, pipeline, step, reason, source, message }: Letter, replayed: boolean): void {
    const key = JSON.stringify([topic, pipeline, step, reason, source.topic]);
    let found = this.counts.get(key);
    if (found === undefined) {
      found = { topic, pipeline, step, reason, source: source.topic, count: 0, replayed: 0, first: at, last: at, message, example: '' };
      this.counts.set(key, found);
    }
    found.count++;
    if (replayed) found.replayed++;
    found.first = Math.min(found.first, at);
    if (at >= found.last) Object.assign(found, { last: at, message, example: `${partition}@${offset}` });
  }

  /** The most frequent first. */
  all(): readonly LetterCount[] {
    return [...this.counts.values()].sort((a, b) => b.count - a.count || (a.topic < b.topic ? -1 : 1));
  }
}

/** With times in ISO 8601. */
export function countJson({ first, last, ...each }: LetterCount): Readonly<Record<string, unknown>> {
  return { ...each, first: new Date(first).toISOString(), last: new Date(last).toISOString() };
}
