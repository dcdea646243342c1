/** `/sql`: questions in SQL to the OLAP store that this process writes. */
import { listing } from '@rta/dsl';
import type { FastifyInstance, FastifyReply, preHandlerAsyncHookHandler } from 'fastify';
import { Refused } from '../refused.js';
import { type SqlColumn, SqlError, type SqlRow, type SqlStore } from './sql-store.js';

export interface SqlOptions {
  /** Null: this process writes none, or not yet. */
  readonly store: () => SqlStore | null;
  readonly guard: preHandlerAsyncHookHandler;
}

const LIMIT = { least: 1, most: 100_000, default: 1000 };
const TIMEOUT_S = { least: 1, most: 60, default: 10 };
/** Answers are not longer, about; rows beyond are left out, bytes. */
const MOST_BYTES = 32 * 2 ** 20;
const PARAMETERS = ['sql', 'limit', 'timeout', 'format'] as const;
/** `q` is short for `sql` where that is typed into an address. */
const IN_ADDRESS = ['q', 'limit', 'timeout', 'format'] as const;

/** Turns rows into text as they come. */
interface Format {
  readonly type: string;
  readonly row: (row: SqlRow, columns: readonly SqlColumn[]) => string;
  readonly whole: (rows: string, columns: readonly SqlColumn[], truncated: boolean, ms: number) => string;
}

const FORMATS: Readonly<Record<string, Format>> = {
  json: {
    type: 'application/json; charset=utf-8',
    row: (row) => `${JSON.stringify(row)},`,
    whole: (rows, columns, truncated, ms) =>
      `{"columns":${JSON.stringify(columns)},"rows":[${rows.slice(0, -1)}],"truncated":${String(truncated)},"ms":${String(ms)}}`,
  },
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    row: (row, columns) => `${JSON.stringify(Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])))}\n`,
    whole: (rows) => rows,
  },
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    row: csvLine,
    whole: (rows, columns) => csvLine(columns.map(({ name }) => name)) + rows,
  },
};

export function addSql(app: FastifyInstance, { store, guard }: SqlOptions): void {
  app.post('/sql', { preHandler: guard }, (request, reply) => {
    const { body } = request;
    if (typeof body !== 'object' || body === null)
      throw new Refused(400, 'not_json', 'the body is JSON: {"sql": "SELECT …", "limit": 100}, content-type: application/json');
    return answer(reply, store, asked(body as Readonly<Record<string, unknown>>, PARAMETERS));
  });
  app.get('/sql', { preHandler: guard }, (request, reply) => {
    const { access_token: _, q, ...rest } = request.query as Readonly<Record<string, unknown>>;
    return answer(reply, store, asked(q === undefined ? rest : { ...rest, sql: q }, IN_ADDRESS));
  });
}

/** @throws Refused where there is none */
export function opened(store: SqlOptions['store']): SqlStore {
  const open = store();
  if (open === null) throw new Refused(404, 'no_store', 'there is no OLAP store: no sink with `table:` runs in this process');
  return open;
}

/** Answers what the store says no to, with `status` where nothing else is said; for `catch`. */
export function refuse(status: number): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof SqlError)) throw error;
    throw error.code === 'busy' ? new Refused(503, error.code, error.message, 1) : new Refused(status, error.code, error.message);
  };
}

interface Asked {
  readonly sql: string;
  readonly limit: number;
  readonly timeoutS: number;
  readonly format: Format;
}

async function answer(reply: FastifyReply, store: SqlOptions['store'], { sql, limit, timeoutS, format }: Asked): Promise<FastifyReply> {
  const open = opened(store);
  const gone = new AbortController();
  reply.raw.once('close', () => {
    gone.abort();
  });
  const began = Date.now();
  let rows = '';
  const end = await open
    .ask({
      sql,
      limit,
      timeMs: timeoutS * 1000,
      signal: gone.signal,
      take: (some, columns) => {
        rows += some.map((row) => format.row(row, columns)).join('');
        return rows.length < MOST_BYTES;
      },
    })
    .catch(refuse(400));
  if (end.truncated) reply.header('x-rta-truncated', 'true');
  return reply.type(format.type).send(format.whole(rows, end.columns, end.truncated, Date.now() - began));
}

function asked(given: Readonly<Record<string, unknown>>, names: readonly string[]): Asked {
  const { sql, format = 'json' } = given;
  const unknown = Object.keys(given).find((name) => !names.includes(name) && name !== 'sql');
  if (unknown !== undefined) throw new Refused(400, 'unknown_parameter', `there is no ${unknown}; there is ${listing(names, 'and')}`);
  if (typeof sql !== 'string' || sql.trim() === '') throw new Refused(400, 'no_sql', `${names[0]} is the question, as text`);
  if (typeof format !== 'string' || !Object.hasOwn(FORMATS, format))
    throw new Refused(400, 'bad_format', `format is ${listing(Object.keys(FORMATS), 'or')}`);
  return {
    sql,
    limit: wholeOf('limit', given['limit'], LIMIT),
    timeoutS: wholeOf('timeout', given['timeout'], TIMEOUT_S),
    format: FORMATS[format],
  };
}

function wholeOf(name: string, given: unknown, { least, most, default: otherwise }: typeof LIMIT): number {
  if (given === undefined) return otherwise;
  const number = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Refused(400, `bad_${name}`, `${name} is a whole number from ${String(least)} to ${String(most)}`);
}

/** RFC 4180; null is nothing, lists and structures are JSON. */
function csvLine(row: SqlRow): string {
  const cells = row.map((value) => {
    const text = value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
    return /[",\r\n]/.test(text) || value === '' ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${cells.join(',')}\r\n`;
}
