/** The embedded OLAP store: a DuckDB file, with the tables of sinks and how far each has come in its topic. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { SqlError, type SqlEnd, type SqlQuestion, type SqlStore } from '../../sql/sql-store.js';
import { StoreError } from '../sink-store.js';
import { ask } from './ask.js';

/** What of the machine it may take: the pipelines come first. */
const LIMITS = { memory_limit: '1GB', threads: '2' };

/**
 * Questions that are answered at the same time, at most: each takes one of the few threads that all of node's files share, the state of the
 * pipelines among them. As many wait.
 */
const QUESTIONS = 2;

/** Statements get at tables, and not at the network or files but those in `directories`; nothing takes that back. */
export function doors(directories: readonly string[]): string {
  const allowed = directories.map((path) => `'${path.replaceAll("'", "''")}'`).join(', ');
  return `SET allowed_directories = [${allowed}]; SET enable_external_access = false; SET lock_configuration = true`;
}

const BOOKS = `
CREATE SCHEMA IF NOT EXISTS rta;
CREATE TABLE IF NOT EXISTS rta.positions (topic VARCHAR NOT NULL, "partition" INTEGER NOT NULL, "next" BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS rta.tables ("table" VARCHAR NOT NULL, topic VARCHAR NOT NULL);`;

export class OlapStore implements SqlStore {
  private tail: Promise<unknown> = Promise.resolve();
  private readonly closing = new AbortController();
  private readonly questions = new Set<Promise<unknown>>();

  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  /**
   * Opens or makes the file. Rejects with StoreError, `retriable` where another process has it.
   *
   * @param directories absolute: what sinks write files to, and questions may read
   */
  static async open(path: string, directories: readonly string[] = []): Promise<OlapStore> {
    await mkdir(dirname(path), { recursive: true });
    try {
      const instance = await DuckDBInstance.create(path, LIMITS);
      const connection = await instance.connect();
      await connection.run(BOOKS);
      await connection.run(doors(directories));
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

  /** What has been committed answers, while transactions go on. */
  async ask(question: SqlQuestion): Promise<SqlEnd> {
    const began = Date.now();
    const ahead = [...this.questions];
    if (ahead.length >= QUESTIONS * 2) throw new SqlError('busy', `${String(ahead.length)} others ask already`);
    const signal = AbortSignal.any([this.closing.signal, ...(question.signal === undefined ? [] : [question.signal])]);
    const turn = this.turn(ahead).then(async () => {
      const connection = await this.instance.connect();
      try {
        return await ask(connection, { ...question, signal, timeMs: question.timeMs - (Date.now() - began) });
      } finally {
        connection.closeSync();
      }
    });
    this.questions.add(turn);
    try {
      return await turn;
    } finally {
      this.questions.delete(turn);
    }
  }

  /** When fewer than may be are answered of those before. */
  private async turn(ahead: readonly Promise<unknown>[]): Promise<void> {
    let left = ahead.length;
    if (left < QUESTIONS) return;
    await new Promise<void>((resolve) => {
      const ended = (): void => {
        if (--left < QUESTIONS) resolve();
      };
      for (const one of ahead) one.then(ended, ended);
    });
  }

  /** Waits for the last transaction; questions end. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled([this.tail, ...this.questions]);
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
