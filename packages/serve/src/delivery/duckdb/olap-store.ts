/** The embedded OLAP store: a DuckDB file, with the tables of sinks and how far each has come in its topic. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SqlError, type SqlEnd, type SqlQuestion, type SqlStore } from '../../sql/sql-store.js';
import { StoreError } from '../sink-store.js';
import { ask } from './ask.js';
import { copyTable } from './export-olap.js';
import { doors } from './statements.js';

/** What of the machine it may take: the pipelines come first. */
const LIMITS = { memory_limit: '1GB', threads: '2' };

/**
 * Questions that are answered at the same time, at most: each takes one of the few threads that all of node's files share, the state of the
 * pipelines among them. As many wait.
 */
const QUESTIONS = 2;

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
    /** Where copies of tables are until they were read. */
    private readonly copies: string,
  ) {}

  /**
   * Opens or makes the file. Rejects with StoreError, `retriable` where another process has it.
   *
   * @param directories absolute: what sinks write files to, and questions may read
   */
  static async open(path: string, directories: readonly string[] = []): Promise<OlapStore> {
    const copies = resolve(dirname(path), 'copies');
    await mkdir(dirname(path), { recursive: true });
    try {
      const instance = await DuckDBInstance.create(path, LIMITS);
      const connection = await instance.connect();
      await connection.run(BOOKS);
      // Of a process that was killed; nobody else has the store now.
      await rm(copies, { recursive: true, force: true });
      await connection.run(doors([...directories, copies]));
      return new OlapStore(instance, connection, copies);
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
  ask(question: SqlQuestion): Promise<SqlEnd> {
    const began = Date.now();
    const signal = AbortSignal.any([this.closing.signal, ...(question.signal === undefined ? [] : [question.signal])]);
    return this.inTurn((connection) => ask(connection, { ...question, signal, timeMs: question.timeMs - (Date.now() - began) }));
  }

  async copy(table: string): Promise<string> {
    await mkdir(this.copies, { recursive: true });
    const file = join(this.copies, `${randomUUID()}.parquet`);
    try {
      await this.inTurn(async (connection) => {
        const interrupt = (): void => {
          connection.interrupt();
        };
        this.closing.signal.throwIfAborted();
        this.closing.signal.addEventListener('abort', interrupt);
        await copyTable(connection, table, file).finally(() => {
          this.closing.signal.removeEventListener('abort', interrupt);
        });
      });
      return file;
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  }

  /** A question on a connection of its own. */
  private async inTurn<T>(act: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const ahead = [...this.questions];
    if (ahead.length >= QUESTIONS * 2) throw new SqlError('busy', `${String(ahead.length)} others ask already`);
    const turn = this.turn(ahead).then(async () => {
      const connection = await this.instance.connect();
      try {
        return await act(connection);
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

function isLocked(error: unknown): boolean {
  return error instanceof Error && error.message.includes('lock');
}
