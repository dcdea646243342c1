/** A table of the OLAP store that has the rows of a sink, and the position in the topic that these come to. */
import { type DuckDBConnection, DuckDBDataChunk, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import type { SinkNode } from '@rta/dsl';
import { type SinkBatch, type SinkRow, StoreError } from '../sink-store.js';
import { columnType, orNull } from './column-types.js';
import { quoted, rowsOf } from './statements.js';

/** Rows of a DuckDB chunk, at most. */
const CHUNK_ROWS = 2048;

export interface StoredColumn {
  readonly name: string;
  readonly type: DuckDBType;
  readonly of: (row: SinkRow) => DuckDBValue;
}

export class StoredTable {
  /** Within SQL. */
  readonly name: string;
  /** Rows on their way to the table, with columns that are not the table's. */
  readonly staged: string;
  private readonly stage: string;
  private readonly columns: readonly StoredColumn[];

  /**
   * @param schema of DuckDB
   * @param more what the table has besides the sink's columns
   * @param stagedOnly columns of what is staged
   */
  constructor(
    private readonly sink: SinkNode,
    private readonly schema: string,
    private readonly table: string,
    more: readonly StoredColumn[],
    private readonly stagedOnly: readonly StoredColumn[] = [],
  ) {
    this.name = `${quoted(schema)}.${quoted(table)}`;
    this.stage = `stage_${table}`;
    this.staged = `temp.${quoted(this.stage)}`;
    const own = sink.columns.map(({ name, type }): StoredColumn => {
      const column = columnType(type);
      return { name, type: column.type, of: ({ row, key }) => orNull(column, (row ?? key)?.[name]) };
    });
    this.columns = [...own, ...more];
  }

  /** Makes it, or gives it the columns that are new; a column that is no more stays, and is null from then on. */
  async ensure(connection: DuckDBConnection): Promise<void> {
    await connection.run(`CREATE TABLE IF NOT EXISTS ${this.name} (${this.columns.map(declared).join(', ')})`);
    await this.evolve(connection);
    const staged = [...this.columns, ...this.stagedOnly];
    await connection.run(`CREATE TEMP TABLE IF NOT EXISTS ${quoted(this.stage)} (${staged.map(declared).join(', ')})`);
  }

  private async evolve(connection: DuckDBConnection): Promise<void> {
    const found = await rowsOf(
      connection,
      'SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
      [this.schema, this.table],
    );
    const types = new Map(found.map(([name, type]) => [String(name).toLowerCase(), String(type)]));
    for (const column of this.columns) {
      const type = types.get(column.name.toLowerCase());
      if (type === undefined) await connection.run(`ALTER TABLE ${this.name} ADD COLUMN ${declared(column)}`);
      else if (type !== column.type.toString()) await this.retype(connection, column, type);
    }
  }

  /** As schemas do, types widen. */
  private async retype(connection: DuckDBConnection, column: StoredColumn, from: string): Promise<void> {
    const to = column.type.toString();
    try {
      await connection.run(`ALTER TABLE ${this.name} ALTER COLUMN ${quoted(column.name)} SET DATA TYPE ${to}`);
    } catch (cause) {
      const why = (cause as Error).message;
      throw new StoreError(`the column ${column.name} of the table ${this.table} is ${from}, and cannot become ${to}: ${why}`, false, { cause }); // prettier-ignore
    }
  }

  /** Those of a batch that are not applied yet, and the position after them; in one transaction with what becomes of them. */
  async fresh(connection: DuckDBConnection, { items, next }: SinkBatch): Promise<readonly SinkRow[]> {
    const known = await this.positions(connection);
    for (const [partition, offset] of next) await this.setPosition(connection, partition, offset, known.get(partition) ?? null);
    return items.filter(({ partition, offset }) => offset >= (known.get(partition) ?? 0));
  }

  async fill(connection: DuckDBConnection, rows: readonly SinkRow[]): Promise<void> {
    const appender = await connection.createAppender(this.stage, 'main', 'temp');
    const columns = [...this.columns, ...this.stagedOnly];
    for (let at = 0; at < rows.length; at += CHUNK_ROWS) {
      const some = rows.slice(at, at + CHUNK_ROWS);
      const chunk = DuckDBDataChunk.create(
        columns.map(({ type }) => type),
        some.length,
      );
      chunk.setColumns(columns.map(({ of }) => some.map(of)));
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
    appender.closeSync();
  }

  /** Puts what is staged into the table. */
  async take(connection: DuckDBConnection, which = ''): Promise<void> {
    const names = this.columns.map(({ name }) => quoted(name)).join(', ');
    await connection.run(`INSERT INTO ${this.name} (${names}) SELECT ${names} FROM ${this.staged} ${which}`);
    await connection.run(`DELETE FROM ${this.staged}`);
  }

  // ---- How far it has come ----

  async positions(connection: DuckDBConnection): Promise<ReadonlyMap<number, number>> {
    const rows = await rowsOf(connection, 'SELECT "partition", "next" FROM rta.positions WHERE topic = $1', [this.sink.topic]);
    return new Map(rows.map(([partition, next]) => [Number(partition), Number(next)]));
  }

  private async setPosition(connection: DuckDBConnection, partition: number, next: number, known: number | null): Promise<void> {
    const [{ topic }, offset] = [this.sink, BigInt(next)];
    if (known !== null && known >= next) return;
    if (known !== null)
      await connection.run('UPDATE rta.positions SET "next" = $1 WHERE topic = $2 AND "partition" = $3', [offset, topic, partition]);
    else await connection.run('INSERT INTO rta.positions VALUES ($1, $2, $3)', [topic, partition, offset]);
  }
}

function declared({ name, type }: { readonly name: string; readonly type: DuckDBType }): string {
  return `${quoted(name)} ${type.toString()}`;
}
