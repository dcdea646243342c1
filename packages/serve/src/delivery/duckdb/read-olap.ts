/** The OLAP store of a directory where nothing runs. */
import { existsSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SqlError, type SqlEnd, type SqlQuestion } from '../../sql/sql-store.js';
import { StoreError } from '../sink-store.js';
import { ask } from './ask.js';
import { doors, rowsOf } from './statements.js';

/** Answers a question. Rejects with SqlError, and with StoreError where another process has the store open. */
export function readOlap(path: string, question: SqlQuestion): Promise<SqlEnd> {
  return openToRead(path, async (connection) => {
    await connection.run(doors(await directoriesOf(connection)));
    return ask(connection, question);
  });
}

/** Rejects as `act` does, with SqlError where there is no store, and with StoreError where another process has it open. */
export async function openToRead<T>(path: string, act: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  if (!existsSync(path)) throw new SqlError('no_store', `there is no OLAP store at ${path}: no sink with 'table:' has run here`);
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' }).catch((cause: unknown) => {
    throw new StoreError(`another process has the OLAP store ${path} open, probably rta run`, true, { cause });
  });
  return connected(instance, act);
}

/** Rejects as `act` does; the instance is closed then. */
export async function connected<T>(instance: DuckDBInstance, act: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  try {
    const connection = await instance.connect();
    try {
      return await act(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** What sinks wrote files to; a store that no such sink has used has no book of them. */
async function directoriesOf(connection: DuckDBConnection): Promise<readonly string[]> {
  const rows = await rowsOf(connection, 'SELECT directory FROM rta.parquet').catch(() => []);
  return rows.flatMap(([directory]) => (directory === null ? [] : [String(directory)]));
}
