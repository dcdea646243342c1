import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { backendSettings, type BackendOptions } from '../backend/backend.js';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { olapPath } from '../run/sinks.js';

interface ExportOptions extends Pick<BackendOptions, 'dir'> {
  readonly to: string;
  readonly json?: boolean;
}

export const addExport: AddCommand = (program, act) => {
  program
    .command('export')
    .description("Writes a table of the embedded OLAP store, of a sink 'table:' or of a rollup, to Parquet files by date")
    .argument('<table>', 'its name')
    .requiredOption('--to <directory>', 'empty, or not there: date=2026-01-31/<table>.parquet and so on go into it')
    .option('--dir <directory>', 'where the store is (default: .rta)')
    .option('--json', 'NDJSON: a line per file')
    .addHelpText('after', "\nAll files or none. Not while rta run has the store open: a sink 'parquet:' writes files as rows come.")
    .action(act(exportTable));
};

const exportTable: Action<ExportOptions> = async (context, [table], { to, dir, json }) => {
  const directory = resolve(context.cwd, to);
  const there = await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Failure('bad_directory', `${to}: ${(error as Error).message}`, undefined, { cause: error });
  });
  if (there.length > 0) throw new Failure('not_empty', `${to} is not empty`, 'name a directory that is, or is not there');
  const { directory: stores } = backendSettings({ ...context, env: {} }, dir === undefined ? {} : { dir }, null);
  const { SqlError } = await import('@rta/serve');
  const { exportOlap, StoreError } = await import('@rta/serve/delivery');
  const files = await exportOlap(olapPath(stores), table, directory).catch((error: unknown) => {
    if (error instanceof SqlError)
      throw new Failure(error.code === 'bad_sql' ? 'no_table' : error.code, error.message, undefined, { cause: error });
    if (error instanceof StoreError) throw new Failure('in_use', error.message, 'stop it first', { cause: error });
    throw error;
  });
  if (json === true) {
    const out = new NdjsonWriter(context.stdout, 'export');
    for (const file of files) out.write({ ...file });
    return EXIT_CODES.ok.code;
  }
  const titles = [{ title: 'date' }, { title: 'rows', align: 'right' as const }, { title: 'file' }];
  context.stdout.write(
    `${tableLines(
      titles,
      files.map(({ date, rows, path }) => [date, String(rows), path]),
    ).join('\n')}\n`,
  );
  return EXIT_CODES.ok.code;
};
