import type { Letter } from '@rta/runtime';
import { bar, tableLines } from '../output/table.js';
import { count } from '../run/figures.js';
import { truncate } from '../run/text-width.js';

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

const BAR_WIDTH = 8;
const MESSAGE_WIDTH = 60;

/** A table, a line for each. */
export function countLines(counts: readonly LetterCount[]): string[] {
  const most = Math.max(0, ...counts.map((each) => each.count));
  return tableLines(
    [
      { title: 'TOPIC' },
      { title: 'PIPELINE' },
      { title: 'STEP' },
      { title: 'REASON' },
      { title: 'FROM' },
      { title: 'COUNT', align: 'right' },
      { title: '' },
      { title: 'REPLAYED', align: 'right' },
      { title: 'FIRST' },
      { title: 'LAST' },
      { title: 'LAST ONE' },
      { title: 'SAYS' },
    ],
    counts.map((each) => [
      each.topic,
      each.pipeline,
      each.step,
      each.reason,
      each.source,
      count(each.count),
      bar(each.count, most, BAR_WIDTH),
      each.replayed === 0 ? '' : count(each.replayed),
      new Date(each.first).toISOString(),
      new Date(each.last).toISOString(),
      each.example,
      truncate(each.message, MESSAGE_WIDTH),
    ]),
  );
}
