import type { LetterCount } from '@rta/serve/lookups';
import { bar, tableLines } from '../output/table.js';
import { count } from '../run/figures.js';
import { truncate } from '../run/text-width.js';

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
