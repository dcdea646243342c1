/**
 * The sink `table:`: rows of a table are upserted by key and deleted by tombstones, those of a stream appended. The position in the topic is
 * written in the same transaction, so each row is applied exactly once, whatever is killed when.
 */
import { type DuckDBConnection, DuckDBDataChunk, TIMESTAMP, BOOLEAN, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { STORE_TIME, type SinkNode, type StoreTarget } from '@rta/dsl';
import { type SinkBatch, type SinkRow, type SinkStore, StoreError } from '../sink-store.js';
import { type ColumnType, columnType, orNull, timestampOf } from './column-types.js';
import { type OlapStore, quoted, rowsOf } from './olap-store.js';

/** Rows of a DuckDB chunk, at most. */
const CHUNK_ROWS = 2048;
/** Of the staging table: whether the row of the key is gone. */
const GONE = 'rta_gone';

interface StoredColumn {
  readonly name: string;
  readonly column: ColumnType;
}

export class TableSink implements SinkStore {
  private readonly table: string;
  private readonly stage: string;
  private readonly columns: readonly StoredColumn[];

  constructor(
    private readonly olap: OlapStore,
    private readonly sink: SinkNode,
    private readonly target: Extract<StoreTarget, { readonly kind: 'table' }>,
    private readonly now: () => number = Date.now,
  ) {
    this.table = quoted(target.table);
    this.stage = `stage_${target.table}`;
    this.columns = sink.columns.map(({ name, type }) => ({ name, column: columnType(type) }));
  }

  begin(committed: ReadonlyMap<number, number | null>): Promise<ReadonlyMap<number, number>> {
    return this.olap.transaction(async (connection) => {
      await this.ensureTable(connection);
      const known = await this.positions(connection);
      // What the group committed is not asked: the file may be another than then.
      return new Map([...committed.keys()].map((partition) => [partition, known.get(partition) ?? 0]));
    });
  }

  async write({ items, next }: SinkBatch): Promise<void> {
    await this.olap.transaction(async (connection) => {
      const known = await this.positions(connection);
      const rows = items.filter(({ partition, offset }) => offset >= (known.get(partition) ?? 0));
      if (this.sink.compacted) await this.upsert(connection, rows);
      else await this.append(connection, rows);
      for (const [partition, offset] of next) await this.setPosition(connection, partition, offset, known.get(partition) ?? null);
    });
  }

  async maintain(): Promise<void> {
    const { ttlMs } = this.target;
    if (ttlMs === null) return;
    await this.olap.transaction((connection) =>
      connection.run(`DELETE FROM ${this.table} WHERE ${STORE_TIME} < $1`, [timestampOf(this.now() - ttlMs)]),
    );
  }

  // ---- The table ----

  /** Makes it, or gives it the columns that are new; a column that is no more stays, and is null from then on. */
  private async ensureTable(connection: DuckDBConnection): Promise<void> {
    const { table, topic } = { ...this.target, ...this.sink };
    const owners = await rowsOf(connection, 'SELECT topic FROM rta.tables WHERE "table" = $1', [table]);
    const owner = owners.at(0)?.[0];
    if (owner !== undefined && owner !== topic)
      throw new StoreError(`the table ${table} has the rows of ${String(owner)}: two sinks cannot write to one`, false);
    if (owner === undefined) await connection.run('INSERT INTO rta.tables VALUES ($1, $2)', [table, topic]);
    const wanted = [...this.columns.map(({ name, column }) => ({ name, type: column.type })), { name: STORE_TIME, type: TIMESTAMP }];
    await connection.run(`CREATE TABLE IF NOT EXISTS ${this.table} (${wanted.map(declared).join(', ')})`);
    await this.evolve(connection, wanted);
    const staged = [...wanted, { name: GONE, type: BOOLEAN }];
    await connection.run(`CREATE TEMP TABLE IF NOT EXISTS ${quoted(this.stage)} (${staged.map(declared).join(', ')})`);
  }

  private async evolve(
    connection: DuckDBConnection,
    wanted: readonly { readonly name: string; readonly type: DuckDBType }[],
  ): Promise<void> {
    const found = await rowsOf(
      connection,
      "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'main' AND table_name = $1",
      [this.target.table],
    );
    const types = new Map(found.map(([name, type]) => [String(name).toLowerCase(), String(type)]));
    for (const column of wanted) {
      const type = types.get(column.name.toLowerCase());
      if (type === undefined) await connection.run(`ALTER TABLE ${this.table} ADD COLUMN ${declared(column)}`);
      else if (type !== column.type.toString()) await this.retype(connection, column, type);
    }
  }

  /** As schemas do, types widen. */
  private async retype(
    connection: DuckDBConnection,
    column: { readonly name: string; readonly type: DuckDBType },
    from: string,
  ): Promise<void> {
    const to = column.type.toString();
    try {
      await connection.run(`ALTER TABLE ${this.table} ALTER COLUMN ${quoted(column.name)} SET DATA TYPE ${to}`);
    } catch (cause) {
      const why = (cause as Error).message;
      throw new StoreError(`the column ${column.name} of the table ${this.target.table} is ${from}, and cannot become ${to}: ${why}`, false, { cause }); // prettier-ignore
    }
  }

  // ---- Rows ----

  private async upsert(connection: DuckDBConnection, rows: readonly SinkRow[]): Promise<void> {
    const last = new Map(rows.map((row) => [row.id, row]));
    if (last.size === 0) return;
    await this.fill(connection, [...last.values()]);
    const key = (this.sink.key ?? []).map((name) => `t.${quoted(name)} IS NOT DISTINCT FROM s.${quoted(name)}`);
    await connection.run(`DELETE FROM ${this.table} AS t USING ${this.staged} AS s WHERE ${key.join(' AND ') || 'true'}`);
    await this.take(connection, `WHERE NOT ${GONE}`);
  }

  private async append(connection: DuckDBConnection, rows: readonly SinkRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.fill(connection, rows);
    await this.take(connection, '');
  }

  private async take(connection: DuckDBConnection, which: string): Promise<void> {
    const names = [...this.columns.map(({ name }) => quoted(name)), STORE_TIME].join(', ');
    await connection.run(`INSERT INTO ${this.table} (${names}) SELECT ${names} FROM ${this.staged} ${which}`);
    await connection.run(`DELETE FROM ${this.staged}`);
  }

  private get staged(): string {
    return `temp.${quoted(this.stage)}`;
  }

  private async fill(connection: DuckDBConnection, rows: readonly SinkRow[]): Promise<void> {
    const appender = await connection.createAppender(this.stage, 'main', 'temp');
    const types = [...this.columns.map(({ column }) => column.type), TIMESTAMP, BOOLEAN];
    for (let at = 0; at < rows.length; at += CHUNK_ROWS) {
      const some = rows.slice(at, at + CHUNK_ROWS);
      const chunk = DuckDBDataChunk.create(types, some.length);
      const values = this.columns.map(({ name, column }) => some.map(({ row, key }): DuckDBValue => orNull(column, (row ?? key)?.[name])));
      chunk.setColumns([...values, some.map(({ time }) => timestampOf(time)), some.map(({ row }) => row === null)]);
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
    appender.closeSync();
  }

  // ---- How far it has come ----

  private async positions(connection: DuckDBConnection): Promise<ReadonlyMap<number, number>> {
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
