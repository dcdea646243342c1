import type { BackendOptions } from '../backend/backend.js';
import { backendSettings } from '../backend/backend.js';
import type { Action } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { olapPath } from '../run/sinks.js';

interface SqlOptions extends Pick<BackendOptions, 'dir'> {
  readonly json?: boolean;
}

export const addSql: AddCommand = (program, act) => {
  program
    .command('sql')
    .description("Asks the embedded OLAP store, which the sinks 'table:' write; changes nothing")
    .argument('<query>', 'in the SQL of DuckDB')
    .option('--dir <directory>', 'where it is (default: .rta)')
    .option('--json', 'NDJSON: a line per row')
    .addHelpText('after', '\nWhile rta run has the store open it is not to be had by another process.')
    .action(act(sql));
};

const sql: Action<SqlOptions> = async (context, [text], options) => {
  const { directory } = backendSettings({ ...context, env: {} }, options, null);
  const { readOlap, StoreError } = await import('@rta/serve/delivery');
  const answer = await readOlap(olapPath(directory), text).catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error;
    throw new Failure(error.retriable ? 'in_use' : 'refused', error.message, undefined, { cause: error });
  });
  if (options.json === true) {
    const out = new NdjsonWriter(context.stdout, 'sql');
    for (const row of answer.rows) out.write(row);
    return EXIT_CODES.ok.code;
  }
  const shown = (value: unknown): string => (value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value));
  const cells = answer.rows.map((row) => answer.columns.map(({ name }) => shown(row[name])));
  const columns = answer.columns.map(({ name, isNumber }) => ({ title: name, ...(isNumber ? { align: 'right' as const } : {}) }));
  context.stdout.write(`${tableLines(columns, cells).join('\n')}\n`);
  return EXIT_CODES.ok.code;
};
