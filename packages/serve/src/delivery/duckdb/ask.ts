/** A question in SQL on a connection to DuckDB: one statement that reads, within limits of rows and time. */
import { type DuckDBConnection, type DuckDBPreparedStatement, StatementType } from '@duckdb/node-api';
import { SqlError, type SqlEnd, type SqlQuestion } from '../../sql/sql-store.js';
import { sqlJson } from './sql-json.js';

const READS: ReadonlySet<StatementType> = new Set([StatementType.SELECT, StatementType.EXPLAIN]);
/**
 * Functions that change what a transaction that only reads does not protect, such as where the log goes, and those that run SQL in a text, where
 * these could hide. All but those of the last kind have names that nothing else has.
 */
const CHANGES =
  /\b((?:en|dis)able_(?:log|prof|optim|object|print|progress|verif|checkpoint|peg)\w*|force_checkpoint|truncate_duckdb_logs|import_database|copy_database|json_execute_serialized_sql|verify_\w+)\b/i;
const RUNS_TEXT = /\b(query|checkpoint)\b"?(?:\s|\/\*[\s\S]*?\*\/|--[^\n]*\n)*\(/i;
/** How often a question whose time is up is interrupted until it ends: one that has just begun may miss it. */
const INTERRUPT_MS = 50;

/** Rejects with SqlError. The connection is the question's alone. */
export async function ask(connection: DuckDBConnection, { sql, limit, timeMs, signal, take }: SqlQuestion): Promise<SqlEnd> {
  const until = Date.now() + timeMs;
  const mayNot = (): boolean => Date.now() >= until || signal?.aborted === true;
  const watch = setInterval(() => {
    if (mayNot()) connection.interrupt();
  }, INTERRUPT_MS);
  let statement: DuckDBPreparedStatement | null = null;
  try {
    await connection.run('BEGIN TRANSACTION READ ONLY');
    statement = await theStatement(connection, sql);
    const result = await statement.stream();
    const columns = result.deduplicatedColumnNames().map((name, i) => ({ name, type: result.columnType(i).toString() }));
    for (let given = 0; ;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return { columns, truncated: false };
      if (mayNot()) throw new Error('interrupted');
      const rows = chunk.convertRows(sqlJson).slice(0, limit - given);
      given += rows.length;
      const isEnough = rows.length > 0 && !take(rows, columns);
      if (isEnough || rows.length < chunk.rowCount) return { columns, truncated: true };
    }
  } catch (cause) {
    if (cause instanceof SqlError) throw cause;
    if (mayNot()) throw new SqlError('too_slow', `it takes longer than ${String(timeMs / 1000)} s`, { cause });
    const { message } = cause as Error;
    if (message.includes('read-only mode')) throw new SqlError('read_only', changes('it'), { cause });
    throw new SqlError('bad_sql', message.trim(), { cause });
  } finally {
    clearInterval(watch);
    statement?.destroySync();
    await connection.run('ROLLBACK').catch(() => undefined);
  }
}

async function theStatement(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const [, name] = CHANGES.exec(sql) ?? RUNS_TEXT.exec(sql) ?? [];
  if (name !== undefined) throw new SqlError('read_only', changes(`${name}()`));
  // What is empty DuckDB has no message for.
  const found = await connection.extractStatements(sql).catch((error: unknown) => {
    if ((error as Error).message.includes('native callback')) return null;
    throw error;
  });
  if (found === null || found.count !== 1)
    throw new SqlError(
      'bad_sql',
      found === null ? 'there is no statement in it' : `one statement at a time; there are ${String(found.count)}`,
    );
  const statement = await found.prepare(0);
  const { statementType: kind } = statement;
  if (READS.has(kind)) return statement;
  statement.destroySync();
  throw new SqlError('read_only', changes(StatementType[kind]));
}

function changes(what: string): string {
  return `the OLAP store is only read here: ${what} would change something`;
}
