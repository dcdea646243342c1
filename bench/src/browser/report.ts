/** What is measured to the browser, as a table. */
import { markdownTable, thousands, type Section } from '../page.js';
import type { BrowserRow } from './browser.js';

export function browserTable(rows: readonly BrowserRow[]): string {
  return markdownTable(
    ['events/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'until the broker had it, p99 ms', 'events seen', 'not seen'],
    rows.map(({ rate, p50, p95, p99, max, targetP99, producerP99, samples, missing }) => [
      thousands(rate),
      ...[p50, p95].map(cell),
      `${cell(p99)} of ${targetP99}`,
      ...[max, producerP99, samples, missing].map(cell),
    ]),
  );
}

function cell(count: number | null): string {
  return count === null ? '–' : thousands(count);
}

export function browserSection(rows: readonly BrowserRow[]): Section {
  return {
    title: 'to the browser',
    text: `From the moment when an event is due, which is its event time, to that when the console's page, in Chromium, has painted a total that
counts it: the leaderboard of **top**, exactly once, on Kafka, for ${rows[0].seconds} s after some of warming up. The page is told of changed boards four times a
second. "700 of 1000": what should not be exceeded. All processes, the broker and the browser share the machine.

${browserTable(rows)}`,
  };
}
