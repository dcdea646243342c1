/** A use case from generator to sinks on an embedded log of its own, by the commands that users have. */
import { expect } from 'vitest';
import { ndjson, rta, temporaryDirectory } from '../support/cli.js';

export type Row = Readonly<Record<string, unknown>>;

export interface UseCase {
  /** Where the log and the stores are. */
  readonly dir: string;
  /** Where the sinks `parquet:` write. */
  readonly lake: string;
  /** All records of a topic, partition by partition, with their values only. */
  records(topic: string): Promise<Row[]>;
  /** What a topic's table holds: the last value of each key, where that is no tombstone. */
  table(topic: string): Promise<Row[]>;
  /** What the embedded OLAP store answers. */
  sql(query: string): Promise<Row[]>;
}

/** Where stores keep rows for some days only: events begin then. */
export const YESTERDAY = ['--start', new Date(new Date(Date.now() - 86_400_000).setUTCHours(10, 0, 0, 0)).toISOString()];

/** Writes `count` events of a scenario, a day's or so, and runs the pipelines over them to the end, all windows closed. */
export async function runUseCase(scenario: string, count: number, options: readonly string[] = []): Promise<UseCase> {
  const dir = temporaryDirectory();
  const lake = temporaryDirectory();
  const start = ['--start', '2026-03-01T10:00:00Z', '--seed', '11', '--as-fast-as-possible', '--rate', '5'];
  const generated = await rta(['generate', scenario, '--dir', dir, '--count', String(count), ...start, ...options]);
  expect(generated).toMatchObject({ code: 0 });
  const ran = await rta(['run', `pipelines/${scenario}`, '--dir', dir, '--until-end', '--close', '--json'], { env: { RTA_LAKE: lake } });
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  const read = async (topic: string): Promise<{ key: string; value: Row | null }[]> => {
    const { code, stdout } = await rta(['tail', topic, '--dir', dir, '--from', 'beginning', '--json']);
    expect(code).toBe(0);
    return ndjson(stdout)
      .slice(1)
      .map(({ key, value, tombstone }) => ({
        key: JSON.stringify((key as Row | null)?.['value'] ?? null),
        value: tombstone === true ? null : ((value as Row)['value'] as Row),
      }));
  };
  return {
    dir,
    lake,
    sql: async (query) => {
      const { code, stdout } = await rta(['sql', query, '--dir', dir, '--json']);
      expect(code).toBe(0);
      return ndjson(stdout).slice(1);
    },
    records: async (topic) => (await read(topic)).map(({ value }) => value!),
    table: async (topic) => {
      const rows = new Map<string, Row>();
      for (const { key, value } of await read(topic)) {
        if (value === null) rows.delete(key);
        else rows.set(key, value);
      }
      return [...rows.values()];
    },
  };
}

/** Rows by what a function says of them, in the order of their first ones. */
export function groupsOf<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/** Rows in an order of their own, for comparing multisets. */
export function sorted(rows: readonly Row[]): Row[] {
  const text = (row: Row): string => JSON.stringify(Object.entries(row).sort());
  return [...rows].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}
