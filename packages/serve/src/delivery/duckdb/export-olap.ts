/** A table of the OLAP store of a directory where nothing runs, as Parquet files by date. */
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { STORE_TIME } from '@rta/dsl';
import { SqlError } from '../../sql/sql-store.js';
import { quoted, rowsOf } from './olap-store.js';
import { openToRead } from './read-olap.js';
import { START } from './rollup-sql.js';

/** A file that was written. */
export interface ExportedFile {
  /** Of event time, in UTC: `2026-03-01`. */
  readonly date: string;
  readonly path: string;
  readonly rows: number;
}

/**
 * Writes `date=2026-03-01/<table>.parquet` and so on into a directory that is empty or not there, all of them or none. The date is that of the
 * event time of a row, of a rollup that of the beginning of its span. Rejects with SqlError where there is no such table, with StoreError where
 * another process has the store open, and with what the disk says.
 */
export async function exportOlap(path: string, table: string, directory: string): Promise<readonly ExportedFile[]> {
  const unfinished = join(dirname(directory), `.${basename(directory)}.tmp`);
  await rm(unfinished, { recursive: true, force: true });
  return openToRead(path, async (connection) => {
    const columns = await rowsOf(
      connection,
      "SELECT column_name FROM information_schema.columns WHERE table_schema = 'main' AND table_name = $1",
      [table],
    );
    const time = [STORE_TIME, START].find((name) => columns.some(([column]) => column === name));
    if (time === undefined) throw new SqlError('bad_sql', `there is no table ${table} of a sink, or of a rollup, in the OLAP store`);
    const dates = await rowsOf(connection, `SELECT ${time}::DATE::VARCHAR, count(*) FROM ${quoted(table)} GROUP BY 1 ORDER BY 1`);
    const files: ExportedFile[] = [];
    try {
      for (const [day, rows] of dates) {
        const [date, file] = [String(day), join(`date=${String(day)}`, `${table}.parquet`)];
        await mkdir(join(unfinished, `date=${date}`), { recursive: true });
        const some = `SELECT * FROM ${quoted(table)} WHERE ${time} >= DATE '${date}' AND ${time} < DATE '${date}' + 1 ORDER BY ${time}`;
        const to = join(unfinished, file).replaceAll("'", "''");
        await connection.run(`COPY (${some}) TO '${to}' (FORMAT parquet, COMPRESSION zstd)`);
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
  });
}
