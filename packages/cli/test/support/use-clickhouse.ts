/** A ClickHouse of its own for a suite, where it can be had; without, the suite is left out, and says so. */
import { available, type ClickhouseServer, startClickhouse } from '@rta/tools';
import { afterAll, beforeAll } from 'vitest';

const { clickhouse: reasons } = available();

/** Whether `what` has to be left out; says so if it has. */
export function leavesOutClickhouse(what: string): boolean {
  if (reasons.length > 0) console.warn(`LEFT OUT, ${what}: ${reasons.join('; ')}`);
  return reasons.length > 0;
}

export interface UsedClickhouse {
  readonly server: () => ClickhouseServer;
  /** The rows of a query. */
  readonly ask: <T>(query: string) => Promise<T[]>;
}

/** Starts it before the tests of the suite that calls it, and stops it after them. */
export function useClickhouse(): UsedClickhouse {
  let server: ClickhouseServer;
  beforeAll(async () => {
    server = await startClickhouse();
  }, 300_000);
  afterAll(() => server.stop());
  const ask = async <T>(query: string): Promise<T[]> => {
    const headers = { 'x-clickhouse-user': server.user, 'x-clickhouse-key': server.password };
    const response = await fetch(server.url, { method: 'POST', headers, body: `${query} FORMAT JSONEachRow` });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
  };
  return { server: () => server, ask };
}
