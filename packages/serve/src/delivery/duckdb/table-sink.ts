/**
 * The sink `table:`: rows of a table are upserted by key and deleted by tombstones, those of a stream appended. The position in the topic is
 * written in the same transaction, so each row is applied exactly once, whatever is killed when.
 */
import { BOOLEAN, type DuckDBConnection, TIMESTAMP } from '@duckdb/node-api';
import { STORE_TIME, type SinkNode, type TableTarget } from '@rta/dsl';
import { type SinkBatch, type SinkRow, type SinkStore, StoreError } from '../sink-store.js';
import { timestampOf } from './column-types.js';
import type { OlapStore } from './olap-store.js';
import { quoted, rowsOf } from './statements.js';
import { LOOK_MS, Rollups } from './rollups.js';
import { type StoredColumn, StoredTable } from './stored-table.js';

/** Of what is staged: whether the row of the key is gone. */
const GONE = 'rta_gone';
/** The event time of a row. */
export const TIME_COLUMN: StoredColumn = { name: STORE_TIME, type: TIMESTAMP, of: ({ time }) => timestampOf(time) };

/** How often what has expired goes, ms. */
const EXPIRE_MS = 60_000;

export class TableSink implements SinkStore {
  readonly maintainMs: number;
  private readonly stored: StoredTable;
  private readonly rollups: Rollups;
  private expiredAt = -Infinity;

  constructor(
    private readonly olap: OlapStore,
    private readonly sink: SinkNode,
    private readonly target: TableTarget,
    private readonly now: () => number = Date.now,
  ) {
    this.stored = new StoredTable(
      sink,
      'main',
      target.table,
      [TIME_COLUMN],
      [{ name: GONE, type: BOOLEAN, of: ({ row }) => row === null }],
    );
    const { table, rollups = [] } = target;
    this.rollups = new Rollups(rollups, { table, name: this.stored.name });
    this.maintainMs = rollups.length > 0 ? LOOK_MS : EXPIRE_MS;
  }

  begin(committed: ReadonlyMap<number, number | null>): Promise<ReadonlyMap<number, number>> {
    return this.olap.transaction(async (connection) => {
      await this.own(connection);
      await this.stored.ensure(connection);
      await this.rollups.ensure(connection);
      const known = await this.stored.positions(connection);
      // What the group committed is not asked: the file may be another than then.
      return new Map([...committed.keys()].map((partition) => [partition, known.get(partition) ?? 0]));
    });
  }

  async write(batch: SinkBatch): Promise<void> {
    await this.olap.transaction(async (connection) => {
      const rows = await this.stored.fresh(connection, batch);
      if (this.sink.compacted) await this.upsert(connection, rows);
      else await this.append(connection, rows);
      await this.rollups.refresh(connection);
    });
  }

  async maintain(): Promise<void> {
    const now = this.now();
    const isDue = now - this.expiredAt >= EXPIRE_MS;
    if (!isDue && this.rollups.tables.length === 0) return;
    await this.olap.transaction(async (connection) => {
      await this.rollups.refresh(connection);
      if (isDue) await this.expire(connection, now);
    });
    if (isDue) this.expiredAt = now;
  }

  async finish(): Promise<void> {
    await this.olap.transaction((connection) => this.rollups.refresh(connection, true));
  }

  private async expire(connection: DuckDBConnection, now: number): Promise<void> {
    const { ttlMs } = this.target;
    if (ttlMs !== null) {
      await this.rollups.freeze(connection, now - ttlMs);
      await connection.run(`DELETE FROM ${this.stored.name} WHERE ${STORE_TIME} < $1`, [timestampOf(now - ttlMs)]);
    }
    await this.rollups.expire(connection, now);
  }

  private async own(connection: DuckDBConnection): Promise<void> {
    for (const table of [this.target.table, ...this.rollups.tables]) await this.ownTable(connection, table);
  }

  /** A table has the rows of one sink. */
  private async ownTable(connection: DuckDBConnection, table: string): Promise<void> {
    const { topic } = this.sink;
    const owners = await rowsOf(connection, 'SELECT topic FROM rta.tables WHERE "table" = $1', [table]);
    const owner = owners.at(0)?.[0];
    if (owner !== undefined && owner !== topic)
      throw new StoreError(`the table ${table} has the rows of ${String(owner)}: two sinks cannot write to one`, false);
    if (owner === undefined) await connection.run('INSERT INTO rta.tables VALUES ($1, $2)', [table, topic]);
  }

  private async upsert(connection: DuckDBConnection, rows: readonly SinkRow[]): Promise<void> {
    const { stored } = this;
    const last = new Map(rows.map((row) => [row.id, row]));
    if (last.size === 0) return;
    await stored.fill(connection, [...last.values()]);
    const key = (this.sink.key ?? []).map((name) => `t.${quoted(name)} IS NOT DISTINCT FROM s.${quoted(name)}`);
    const same = key.join(' AND ') || 'true';
    // Those that are replaced, and those that come.
    await this.rollups.touch(connection, `FROM ${stored.name} AS t, ${stored.staged} AS s WHERE ${same}`, `t.${STORE_TIME}`);
    await this.rollups.touch(connection, `FROM ${stored.staged} WHERE NOT ${GONE}`);
    await connection.run(`DELETE FROM ${stored.name} AS t USING ${stored.staged} AS s WHERE ${same}`);
    await stored.take(connection, `WHERE NOT ${GONE}`);
  }

  private async append(connection: DuckDBConnection, rows: readonly SinkRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.stored.fill(connection, rows);
    await this.rollups.touch(connection, `FROM ${this.stored.staged}`);
    await this.stored.take(connection);
  }
}
