import type { SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import type { Expected } from './expected.js';
import type { ScoresInput } from './scores-input.js';
import { allRows, latestRows } from './topic-rows.js';
import type { Workload } from './workloads/workload.js';

/** Compares what a run has left in its output topic with what the input adds up to. Rejects with an Error that says what differs. */
export type CheckOutput = (topic: string) => Promise<void>;

const SHOWN = 10;

/** The check of a workload; what is expected is computed once, at the first use. */
export function outputCheck(workload: Workload, input: ScoresInput, log: Log, registry: SchemaRegistry): CheckOutput {
  let expected: Expected | undefined;
  return async (topic) => {
    expected ??= workload.expected(input);
    const tally = expected.tally();
    const rows = workload.result === 'table' ? latestRows(log, registry, topic) : allRows(log, registry, topic);
    for await (const row of rows) tally.take(row);
    const shown: string[] = [];
    let count = 0;
    for (const difference of tally.differences()) if (++count <= SHOWN) shown.push(difference);
    if (count > 0) throw new Error(`${topic}: ${count} of ${expected.size} rows are wrong:\n${shown.join('\n')}`);
  };
}
