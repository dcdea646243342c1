/** Tables of the OLAP store as Parquet files, read back by DuckDB. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { exportCopy, exportOlap, OlapStore, TableSink } from '@rta/serve/delivery';
import { afterAll, expect, it } from 'vitest';
import { batchOf, sinkOf } from './sinks-of.js';

const directory = mkdtempSync(join(tmpdir(), 'rta-export-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});
const [MARCH_1, DAY] = [Date.UTC(2026, 2, 1), 86_400_000];

it('writes a file for each date, all of them or none', async () => {
  const file = join(directory, 'olap.duckdb');
  const olap = await OlapStore.open(file);
  const columns = [{ name: 'n', type: { kind: 'long' } }] as const;
  const sink = new TableSink(olap, sinkOf(columns, null), { kind: 'table', table: 'rows', ttlMs: null });
  await sink.begin(new Map([[0, null]]));
  const times = [MARCH_1, MARCH_1 + DAY - 1, MARCH_1 + DAY, MARCH_1 + 3 * DAY];
  await sink.write(batchOf(times.map((_, n) => [null, { n }] as const), 0, times)); // prettier-ignore
  // As the process gives it that has the store open.
  const copy = await olap.copy('rows');
  const copied = await exportCopy(copy, 'rows', join(directory, 'copied'));
  await expect(olap.copy('rta.positions')).rejects.toMatchObject({ code: 'no_table' });
  expect(readdirSync(join(directory, 'copies'))).toEqual([basename(copy)]);
  await olap.close();
  await expect(olap.copy('rows')).rejects.toThrow();
  // What nobody fetched goes when the store is opened again.
  await (await OlapStore.open(file)).close();
  expect(existsSync(copy)).toBe(false);

  const to = join(directory, "it's");
  const files = await exportOlap(file, 'rows', to);
  const path = (date: string): string => join(to, `date=${date}`, 'rows.parquet');
  expect(files).toEqual([
    { date: '2026-03-01', path: path('2026-03-01'), rows: 2 },
    { date: '2026-03-02', path: path('2026-03-02'), rows: 1 },
    { date: '2026-03-04', path: path('2026-03-04'), rows: 1 },
  ]);
  expect(copied).toEqual(files.map((each) => ({ ...each, path: each.path.replace(to, join(directory, 'copied')) })));
  for (const each of copied) expect(readFileSync(each.path)).toEqual(readFileSync(each.path.replace(join(directory, 'copied'), to)));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const sql = `SELECT n::INTEGER AS n, epoch_ms(rta_time)::DOUBLE AS at, date::VARCHAR AS date FROM read_parquet('${to.replace("'", "''")}/*/*.parquet') ORDER BY n`;
  const rows = (await connection.runAndReadAll(sql)).getRowObjects();
  connection.closeSync();
  instance.closeSync();
  expect(rows).toEqual(times.map((at, n) => ({ n, at, date: new Date(at).toISOString().slice(0, 10) })));

  const other = join(directory, 'other');
  await expect(exportOlap(file, 'nothing', other)).rejects.toThrow('there is no table nothing');
  mkdirSync(other);
  writeFileSync(join(other, 'mine'), '');
  await expect(exportOlap(file, 'rows', other)).rejects.toThrow();
  expect(readdirSync(other)).toEqual(['mine']);
  expect(existsSync(join(directory, '.other.tmp'))).toBe(false);
});
