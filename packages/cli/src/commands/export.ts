import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ExportedFile } from '@rta/serve/delivery';
import { backendSettings, type BackendOptions } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { bytesFromServer } from '../run/http-client.js';
import { doorOf } from '../run/olap-door.js';
import { olapPath } from '../run/sinks.js';

interface ExportOptions extends Pick<BackendOptions, 'dir'> {
  readonly to: string;
  readonly url?: string;
  readonly json?: boolean;
}

export const addExport: AddCommand = (program, act) => {
  program
    .command('export')
    .description("Writes a table of the embedded OLAP store, of a sink 'table:' or of a rollup, to Parquet files by date")
    .argument('<table>', 'its name')
    .requiredOption('--to <directory>', 'empty, or not there: date=2026-01-31/<table>.parquet and so on go into it')
    .option('--url <url>', 'of the HTTP side of a running rta there, with RTA_HTTP_TOKEN where that is set')
    .option('--dir <directory>', 'where the store is (default: .rta)')
    .option('--json', 'NDJSON: a line per file')
    .addHelpText(
      'after',
      "\nAll files or none, the table as it is at one moment. While rta run has the store open it is asked itself, if it serves HTTP\n(rta run --http). A sink 'parquet:' writes files as rows come.",
    )
    .action(act(exportTable));
};

const exportTable: Action<ExportOptions> = async (context, [table], { to, url, dir, json }) => {
  const directory = resolve(context.cwd, to);
  const there = await readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Failure('bad_directory', `${to}: ${(error as Error).message}`, undefined, { cause: error });
  });
  if (there.length > 0) throw new Failure('not_empty', `${to} is not empty`, 'name a directory that is, or is not there');
  const files = await (url === undefined ? exportHere(context, table, directory, dir) : exportOfRunning(context, url, table, directory));
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

type Files = readonly ExportedFile[];

async function exportHere(context: CliContext, table: string, directory: string, dir: string | undefined): Promise<Files> {
  const { directory: stores } = backendSettings({ ...context, env: {} }, dir === undefined ? {} : { dir }, null);
  const { SqlError } = await import('@rta/serve');
  const { exportOlap, StoreError } = await import('@rta/serve/delivery');
  try {
    return await exportOlap(olapPath(stores), table, directory);
  } catch (error) {
    if (error instanceof SqlError) throw new Failure(error.code, error.message, undefined, { cause: error });
    if (!(error instanceof StoreError)) throw error;
    const door = await doorOf(stores);
    if (door !== null) return exportOfRunning(context, door, table, directory);
    throw new Failure('in_use', error.message, 'run it with --http, and it gives the table itself', { cause: error });
  }
}

async function exportOfRunning(context: CliContext, url: string, table: string, directory: string): Promise<Files> {
  const bytes = await bytesFromServer(context, url, `/export/${encodeURIComponent(table)}`);
  const copy = join(dirname(directory), `.${basename(directory)}.parquet`);
  await mkdir(dirname(directory), { recursive: true });
  try {
    await pipeline(bytes, createWriteStream(copy), { signal: context.signal });
    const { exportCopy } = await import('@rta/serve/delivery');
    return await exportCopy(copy, table, directory);
  } finally {
    await rm(copy, { force: true });
  }
}
