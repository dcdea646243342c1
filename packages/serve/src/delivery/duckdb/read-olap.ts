/** Queries of the OLAP store by those who change nothing. */
import { existsSync } from 'node:fs';
import { DuckDBInstance, DuckDBTypeId } from '@duckdb/node-api';
import { StoreError } from '../sink-store.js';

export interface OlapAnswer {
  readonly columns: readonly { readonly name: string; readonly isNumber: boolean }[];
  /** Longs, decimals and times are text. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

const NUMBERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
]);

/** Rejects with StoreError: `retriable` where another process has the store open, else for what is wrong with the query. */
export async function readOlap(path: string, sql: string): Promise<OlapAnswer> {
  if (!existsSync(path)) throw new StoreError(`there is no OLAP store at ${path}: no sink with 'table:' has run here`, false);
  // Queries get at the tables, and not at files or the network.
  const options = { access_mode: 'READ_ONLY', enable_external_access: 'false' };
  const instance = await DuckDBInstance.create(path, options).catch((cause: unknown) => {
    throw new StoreError(`another process has the OLAP store ${path} open, probably rta run`, true, { cause });
  });
  try {
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(sql);
    const rows = reader.getRowObjectsJson();
    const columns = reader.columnNames().map((name, i) => ({ name, isNumber: NUMBERS.has(reader.columnTypeId(i)) }));
    connection.closeSync();
    return { columns, rows };
  } catch (cause) {
    throw new StoreError((cause as Error).message, false, { cause });
  } finally {
    instance.closeSync();
  }
}
