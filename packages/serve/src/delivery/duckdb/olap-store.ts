/** The embedded OLAP store: a DuckDB file, with the tables of sinks and how far each has come in its topic. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { StoreError } from '../sink-store.js';

/** What of the machine it may take: the pipelines come first. */
const LIMITS = { memory_limit: '1GB', threads: '2' };

const BOOKS = `
CREATE SCHEMA IF NOT EXISTS rta;
CREATE TABLE IF NOT EXISTS rta.positions (topic VARCHAR NOT NULL, "partition" INTEGER NOT NULL, "next" BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS rta.tables ("table" VARCHAR NOT NULL, topic VARCHAR NOT NULL);`;

export class OlapStore {
  private tail: Promise<unknown> = Promise.resolve();
  /** Of those who only read: they wait for no transaction. */
  private reader: Promise<DuckDBConnection> | null = null;

  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  /** Opens or makes the file. Rejects with StoreError, `retriable` where another process has it. */
  static async open(path: string): Promise<OlapStore> {
    await mkdir(dirname(path), { recursive: true });
    try {
      const instance = await DuckDBInstance.create(path, LIMITS);
      const connection = await instance.connect();
      await connection.run(BOOKS);
      return new OlapStore(instance, connection);
    } catch (cause) {
      throw new StoreError(`the OLAP store ${path} cannot be opened: ${(cause as Error).message}`, isLocked(cause), { cause });
    }
  }

  /** One at a time, all of it or nothing. Rejects with StoreError. */
  transaction<T>(act: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const turn = this.tail.then(() => this.atomically(act));
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  /** Rows of a query as they are committed, cells as JSON has them. Rejects with StoreError. */
  async read(sql: string): Promise<unknown[][]> {
    this.reader ??= this.instance.connect();
    try {
      const answer = await (await this.reader).runAndReadAll(sql);
      return answer.getRowsJson();
    } catch (cause) {
      throw new StoreError(`the OLAP store says: ${(cause as Error).message}`, false, { cause });
    }
  }

  /** Waits for the last transaction. */
  async close(): Promise<void> {
    await this.tail;
    (await this.reader)?.closeSync();
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async atomically<T>(act: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const { connection } = this;
    try {
      await connection.run('BEGIN');
      const result = await act(connection);
      await connection.run('COMMIT');
      return result;
    } catch (cause) {
      await connection.run('ROLLBACK').catch(() => undefined);
      if (cause instanceof StoreError) throw cause;
      // The disk may have room again, another reader may let go; what is wrong for good shows by its message each time.
      throw new StoreError(`the OLAP store says: ${(cause as Error).message}`, true, { cause });
    }
  }
}

/** Rows of a query, values as DuckDB has them. */
export async function rowsOf(connection: DuckDBConnection, sql: string, values: readonly DuckDBValue[] = []): Promise<DuckDBValue[][]> {
  const reader = await connection.runAndReadAll(sql, [...values]);
  return reader.getRows();
}

/** A name within SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && error.message.includes('lock');
}
