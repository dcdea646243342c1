/** Statements for DuckDB: what they may get at, how values and names are written, and rows read. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';

/** Rows of a query, values as DuckDB has them. */
export async function rowsOf(connection: DuckDBConnection, sql: string, values: readonly DuckDBValue[] = []): Promise<DuckDBValue[][]> {
  const reader = await connection.runAndReadAll(sql, [...values]);
  return reader.getRows();
}

/** A text within SQL. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A name within SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Statements get at tables, and not at the network or files but those in `directories`; nothing takes that back. */
export function doors(directories: readonly string[]): string {
  const allowed = directories.map(text).join(', ');
  return `SET allowed_directories = [${allowed}]; SET enable_external_access = false; SET lock_configuration = true`;
}
