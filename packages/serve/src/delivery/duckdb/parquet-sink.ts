/**
 * The sink `parquet:`: files of rows by the date of their event time. Rows wait in the OLAP store, in the transaction that moves the position
 * in the topic; a roll writes them to files under other names and, in one transaction, takes them out of the store and notes the files. Only
 * then these get their names; what a kill left of that is done at the next start. So every row is in exactly one file, and files appear whole.
 */
import { randomUUID } from 'node:crypto';
import { access, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BIGINT, BOOLEAN, type DuckDBConnection, INTEGER } from '@duckdb/node-api';
import { PARQUET_CHANGE_COLUMNS, type ParquetTarget, type SinkNode, STORE_TIME } from '@rta/dsl';
import { type SinkBatch, type SinkStore, StoreError } from '../sink-store.js';
import type { OlapStore } from './olap-store.js';
import { rowsOf, text } from './statements.js';
import { type StoredColumn, StoredTable } from './stored-table.js';
import { TIME_COLUMN } from './table-sink.js';

const BOOKS = `
CREATE TABLE IF NOT EXISTS rta.parquet (topic VARCHAR NOT NULL, store VARCHAR NOT NULL, directory VARCHAR, "next" BIGINT NOT NULL, "rows" BIGINT NOT NULL,
  bytes BIGINT NOT NULL, since BIGINT);
CREATE TABLE IF NOT EXISTS rta.parquet_files (topic VARCHAR NOT NULL, path VARCHAR NOT NULL);`;

/** Of a file that has not got its name yet: no reader of `*.parquet` sees it. */
const UNNAMED = '.tmp';
/** Says whose files a directory has. */
const MARKER = '_rta.json';
/** How often it is looked whether rows have waited long enough, by how long they may, and at most, ms. */
const [LOOKS, LONGEST_LOOK_MS] = [5, 60_000];

/** Of tables: each change is a row, and these tell them apart and order them. */
const [DELETED, PARTITION, OFFSET] = PARQUET_CHANGE_COLUMNS;
const CHANGES: readonly StoredColumn[] = [
  { name: DELETED, type: BOOLEAN, of: ({ row }) => row === null },
  { name: PARTITION, type: INTEGER, of: ({ partition }) => partition },
  { name: OFFSET, type: BIGINT, of: ({ offset }) => BigInt(offset) },
];

/** What waits. */
interface Book {
  readonly store: string;
  /** Number of the next files. */
  readonly next: number;
  readonly rows: number;
  readonly bytes: number;
  /** When the first of them came, by the wall clock, ms; null: there are none. */
  readonly since: number | null;
}

export class ParquetSink implements SinkStore {
  readonly maintainMs: number;
  private readonly stored: StoredTable;

  /** @param directory absolute, and one that the store may write to */
  constructor(
    private readonly olap: OlapStore,
    private readonly sink: SinkNode,
    private readonly target: ParquetTarget,
    private readonly directory: string,
    private readonly now: () => number = Date.now,
  ) {
    this.maintainMs = Math.min(LONGEST_LOOK_MS, Math.ceil(target.everyMs / LOOKS));
    this.stored = new StoredTable(sink, 'rta', `parquet ${sink.topic}`, [TIME_COLUMN, ...(sink.compacted ? CHANGES : [])]);
  }

  async begin(committed: ReadonlyMap<number, number | null>): Promise<ReadonlyMap<number, number>> {
    const { known, store } = await this.olap.transaction(async (connection) => {
      await connection.run(BOOKS);
      await this.stored.ensure(connection);
      const found = await this.book(connection);
      const id = found?.store ?? randomUUID();
      if (found === null) await connection.run('INSERT INTO rta.parquet VALUES ($1, $2, NULL, 0, 0, 0, NULL)', [this.sink.topic, id]);
      await connection.run('UPDATE rta.parquet SET directory = $1 WHERE topic = $2', [this.directory, this.sink.topic]);
      return { known: await this.stored.positions(connection), store: id };
    });
    await this.own(store);
    await this.name();
    await this.tidy();
    return new Map([...committed.keys()].map((partition) => [partition, known.get(partition) ?? 0]));
  }

  async write(batch: SinkBatch): Promise<void> {
    await this.olap.transaction(async (connection) => {
      const rows = await this.stored.fresh(connection, batch);
      // Some may have waited for a roll that failed.
      if (rows.length === 0) return;
      await this.stored.fill(connection, rows);
      await this.stored.take(connection);
      const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
      await connection.run(
        'UPDATE rta.parquet SET "rows" = "rows" + $1, bytes = bytes + $2, since = coalesce(since, $3) WHERE topic = $4',
        [BigInt(rows.length), BigInt(bytes), BigInt(this.now()), this.sink.topic],
      );
    });
    await this.maintain();
  }

  /** Rolls where rows have waited long enough, or are enough. */
  async maintain(): Promise<void> {
    const { rows, bytes, everyMs } = this.target;
    await this.roll((book) => book.rows >= rows || book.bytes >= bytes || this.now() - (book.since ?? Infinity) >= everyMs);
  }

  /** Rolls what is there. */
  async finish(): Promise<void> {
    await this.roll(() => true);
  }

  // ---- Files ----

  private async roll(isDue: (book: Book) => boolean): Promise<void> {
    const rolled = await this.olap.transaction(async (connection) => {
      const book = await this.book(connection);
      if (book === null || book.rows === 0 || !isDue(book)) return false;
      const { topic } = this.sink;
      const dates = await rowsOf(connection, `SELECT DISTINCT CAST(${STORE_TIME}::DATE AS VARCHAR) FROM ${this.stored.name} ORDER BY 1`);
      for (const [date] of dates) {
        const path = join(this.directory, `date=${String(date)}`, `${topic}-${String(book.next).padStart(9, '0')}.parquet`);
        await this.writeFile(connection, path, String(date));
        await connection.run('INSERT INTO rta.parquet_files VALUES ($1, $2)', [topic, path]);
      }
      await connection.run(`DELETE FROM ${this.stored.name}`);
      await connection.run('UPDATE rta.parquet SET "next" = "next" + 1, "rows" = 0, bytes = 0, since = NULL WHERE topic = $1', [topic]);
      return true;
    });
    if (rolled) await this.name();
  }

  private async writeFile(connection: DuckDBConnection, path: string, date: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const rows = `SELECT * FROM ${this.stored.name} WHERE ${STORE_TIME}::DATE = '${date}' ORDER BY ${STORE_TIME}`;
    const file = `${path}${UNNAMED}`;
    await connection.run(`COPY (${rows}) TO ${text(file)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`);
    for (const written of [file, dirname(path), this.directory]) await sync(written);
  }

  /** Gives files their names, those of a roll that was not finished, too. */
  private async name(): Promise<void> {
    const { topic } = this.sink;
    const paths = await this.olap.transaction((connection) =>
      rowsOf(connection, 'SELECT path FROM rta.parquet_files WHERE topic = $1', [topic]),
    );
    if (paths.length === 0) return;
    await this.onDisk(async () => {
      for (const [path] of paths) await nameFile(String(path));
    });
    await this.olap.transaction((connection) => connection.run('DELETE FROM rta.parquet_files WHERE topic = $1', [topic]));
  }

  /** What a roll left that was never committed. */
  private async tidy(): Promise<void> {
    await this.onDisk(async () => {
      const days = (await readdir(this.directory)).filter((name) => name.startsWith('date='));
      for (const day of days)
        for (const name of await readdir(join(this.directory, day)))
          if (name.startsWith(`${this.sink.topic}-`) && name.endsWith(`.parquet${UNNAMED}`)) await rm(join(this.directory, day, name));
    });
  }

  /** Files of two stores in one directory would have rows twice. */
  private async own(store: string): Promise<void> {
    const path = join(this.directory, MARKER);
    const text = JSON.stringify({ topic: this.sink.topic, store });
    const found = await this.onDisk(async () => {
      await mkdir(this.directory, { recursive: true });
      return readFile(path, 'utf8').catch(() => null);
    });
    if (found === text) return;
    if (found !== null)
      throw new StoreError(`${this.directory} has the files of another sink or OLAP store, as its ${MARKER} says: rows could be there twice; take another directory, or move what is there`, false); // prettier-ignore
    await this.onDisk(() => writeFile(path, text));
  }

  /** A disk that is full or away may be back. */
  private async onDisk<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      throw new StoreError(`the directory ${this.directory} says: ${(cause as Error).message}`, true, { cause });
    }
  }

  private async book(connection: DuckDBConnection): Promise<Book | null> {
    const sql = 'SELECT store, "next", "rows", bytes, since FROM rta.parquet WHERE topic = $1';
    const found = (await rowsOf(connection, sql, [this.sink.topic])).at(0);
    if (found === undefined) return null;
    const [store, next, rows, bytes, since] = found;
    return {
      store: String(store),
      next: Number(next),
      rows: Number(rows),
      bytes: Number(bytes),
      since: since === null ? null : Number(since),
    };
  }
}

async function nameFile(path: string): Promise<void> {
  const isThere = await access(`${path}${UNNAMED}`).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  await rename(`${path}${UNNAMED}`, path);
  await sync(dirname(path));
}

/** On the disk, not only in its cache. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
