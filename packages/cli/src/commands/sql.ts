import type { SqlColumn, SqlRow } from '@rta/serve';
import type { BackendOptions } from '../backend/backend.js';
import { backendSettings } from '../backend/backend.js';
import type { Action, CliContext } from '../context.js';
import { EXIT_CODES } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { wholeNumber } from '../option-values.js';
import { NdjsonWriter } from '../output/ndjson.js';
import { tableLines } from '../output/table.js';
import type { AddCommand } from '../program.js';
import { fromServer } from '../run/http-client.js';
import { doorOf } from '../run/olap-door.js';
import { olapPath } from '../run/sinks.js';

interface SqlOptions extends Pick<BackendOptions, 'dir'> {
  readonly limit?: number;
  readonly url?: string;
  readonly json?: boolean;
}

interface SqlAnswer {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly SqlRow[];
  readonly truncated: boolean;
}

/** What the HTTP side gives and takes, at most. */
const [MOST_ROWS, LONGEST_S] = [100_000, 60];

export const addSql: AddCommand = (program, act) => {
  program
    .command('sql')
    .description("Asks the embedded OLAP store, which the sinks 'table:' write; changes nothing")
    .argument('<query>', 'in the SQL of DuckDB')
    .option('--limit <n>', 'at most so many rows (default: all; of a running rta 100000)', wholeNumber(1))
    .option('--url <url>', 'asks the HTTP side of a running rta there, with RTA_HTTP_TOKEN where that is set')
    .option('--dir <directory>', 'where the store is (default: .rta)')
    .option('--json', 'NDJSON: a line per row')
    .addHelpText('after', '\nWhile rta run has the store open it is asked itself, if it serves HTTP (rta run --http).')
    .action(act(sql));
};

const sql: Action<SqlOptions> = async (context, [text], options) => {
  const answer = await answerOf(context, text, options);
  const { columns, rows, truncated } = answer;
  if (truncated) context.stderr.write(`warning: there are more rows than these ${rows.length}\n`);
  if (options.json === true) {
    const out = new NdjsonWriter(context.stdout, 'sql');
    for (const row of rows) out.write(Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
    return EXIT_CODES.ok.code;
  }
  const shown = (value: unknown): string => (value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value));
  const titles = columns.map(({ name, type }) => ({ title: name, ...(isNumber(type) ? { align: 'right' as const } : {}) }));
  const cells = rows.map((row) => row.map(shown));
  context.stdout.write(`${tableLines(titles, cells).join('\n')}\n`);
  return EXIT_CODES.ok.code;
};

function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type);
}

async function answerOf(context: CliContext, text: string, { dir, limit, url }: SqlOptions): Promise<SqlAnswer> {
  const ofRunning = (where: string): Promise<SqlAnswer> =>
    fromServer(context, where, '/sql', { sql: text, limit: Math.min(limit ?? MOST_ROWS, MOST_ROWS), timeout: LONGEST_S });
  if (url !== undefined) return ofRunning(url);
  const { directory } = backendSettings({ ...context, env: {} }, dir === undefined ? {} : { dir }, null);
  const { SqlError } = await import('@rta/serve');
  const { readOlap, StoreError } = await import('@rta/serve/delivery');
  const rows: SqlRow[] = [];
  try {
    const take = (some: readonly SqlRow[]): boolean => {
      for (const row of some) rows.push(row);
      return true;
    };
    const question = { sql: text, limit: limit ?? Number.MAX_SAFE_INTEGER, timeMs: Number.MAX_SAFE_INTEGER, signal: context.signal, take };
    return { ...(await readOlap(olapPath(directory), question)), rows };
  } catch (error) {
    if (error instanceof SqlError) throw new Failure(error.code, error.message, undefined, { cause: error });
    if (!(error instanceof StoreError)) throw error;
    const door = await doorOf(directory);
    if (door !== null) return ofRunning(door);
    throw new Failure('in_use', error.message, 'run it with --http, and it answers this itself', { cause: error });
  }
}
