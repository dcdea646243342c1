import type { SchemaRegistry } from '@rta/registry';
import type { Log } from '@rta/runtime';
import type { ScoresInput } from './scores-input.js';
import { latestRows } from './topic-rows.js';
import type { Workload } from './workloads/workload.js';

/** Compares what a run has left in its output topic with what the input adds up to. Rejects with an Error that says what differs. */
export type CheckOutput = (topic: string) => Promise<void>;

/** The check of a workload; what is expected is computed once, at the first use. */
export function outputCheck(workload: Workload, input: ScoresInput, log: Log, registry: SchemaRegistry): CheckOutput {
  let expected: ReadonlyMap<string, number> | undefined;
  return async (topic) => {
    expected ??= workload.expected(input);
    const actual = new Map<string, number>();
    for await (const row of latestRows(log, registry, topic)) actual.set(...workload.row(row));
    const differences: string[] = [];
    for (const [key, value] of expected)
      if (actual.get(key) !== value) differences.push(`${key}: ${actual.get(key) ?? 'missing'}, not ${value}`);
    for (const key of actual.keys()) if (!expected.has(key)) differences.push(`${key}: should not be there`);
    if (differences.length > 0)
      throw new Error(`${topic}: ${differences.length} of ${expected.size} rows are wrong:\n${differences.slice(0, 10).join('\n')}`);
  };
}
