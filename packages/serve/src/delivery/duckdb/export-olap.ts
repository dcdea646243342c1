/** A table of the OLAP store as Parquet files by date: of a directory where nothing runs, or as a process that has the store open gives it. */
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { STORE_TIME } from '@rta/dsl';
import { SqlError } from '../../sql/sql-store.js';
import { quoted, rowsOf, text } from './statements.js';
import { connected, openToRead } from './read-olap.js';
import { START } from './rollup-sql.js';

/** A file that was written. */
export interface ExportedFile {
  /** Of event time, in UTC: `2026-03-01`. */
  readonly date: string;
  readonly path: string;
  readonly rows: number;
}

const PARQUET = '(FORMAT parquet, COMPRESSION zstd)';

/**
 * Writes `date=2026-03-01/<table>.parquet` and so on into a directory that is empty or not there, all of them or none. The date is that of the
 * event time of a row, of a rollup that of the beginning of its span. Rejects with SqlError where there is no such table, with StoreError where
 * another process has the store open, and with what the disk says.
 */
export function exportOlap(path: string, table: string, directory: string): Promise<readonly ExportedFile[]> {
  return openToRead(path, (connection) => exportDays(connection, table, directory));
}

/** As `exportOlap`, from the file that `copyTable` of another process made. */
export async function exportCopy(file: string, table: string, directory: string): Promise<readonly ExportedFile[]> {
  return connected(await DuckDBInstance.create(':memory:'), async (connection) => {
    await connection.run(`CREATE VIEW ${quoted(table)} AS FROM read_parquet(${text(file)})`);
    return exportDays(connection, table, directory);
  });
}

/** Writes a table, as it is at one moment, to a Parquet file, in the order of event time. Rejects with SqlError where there is no such table. */
export async function copyTable(connection: DuckDBConnection, table: string, file: string): Promise<void> {
  const time = await timeOf(connection, table);
  await connection.run(`COPY (FROM ${quoted(table)} ORDER BY ${time}) TO ${text(file)} ${PARQUET}`);
}

async function exportDays(connection: DuckDBConnection, table: string, directory: string): Promise<readonly ExportedFile[]> {
  const unfinished = join(dirname(directory), `.${basename(directory)}.tmp`);
  await rm(unfinished, { recursive: true, force: true });
  const time = await timeOf(connection, table);
  const dates = await rowsOf(connection, `SELECT ${time}::DATE::VARCHAR, count(*) FROM ${quoted(table)} GROUP BY 1 ORDER BY 1`);
  const files: ExportedFile[] = [];
  try {
    for (const [day, rows] of dates) {
      const [date, file] = [String(day), join(`date=${String(day)}`, `${table}.parquet`)];
      await mkdir(join(unfinished, `date=${date}`), { recursive: true });
      const some = `FROM ${quoted(table)} WHERE ${time} >= DATE '${date}' AND ${time} < DATE '${date}' + 1 ORDER BY ${time}`;
      await connection.run(`COPY (${some}) TO ${text(join(unfinished, file))} ${PARQUET}`);
      files.push({ date, path: join(directory, file), rows: Number(rows) });
    }
    await mkdir(unfinished, { recursive: true });
    if ((await readdir(directory).catch(() => [])).length === 0) await rmdir(directory).catch(() => undefined);
    await rename(unfinished, directory);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return files;
}

/** The column of a table of a sink, or of a rollup, that has the event time. */
async function timeOf(connection: DuckDBConnection, table: string): Promise<string> {
  const columns = await rowsOf(
    connection,
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'main' AND table_name = $1",
    [table],
  );
  const time = [STORE_TIME, START].find((name) => columns.some(([column]) => column === name));
  if (time === undefined) throw new SqlError('no_table', `there is no table ${table} of a sink, or of a rollup, in the OLAP store`);
  return time;
}
