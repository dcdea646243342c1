/**
 * The rollups of a sink `table:`. Which spans of event time a batch touches is noted in its transaction; what the rows of these come to is
 * worked out anew, from all that the table has of them, soon after: so it is right whatever came, changed and left. A span whose first rows may
 * have expired from the table stays as it is from then on.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Rollup, STORE_TIME } from '@rta/dsl';
import { timestampOf } from './column-types.js';
import { quoted, rowsOf } from './statements.js';
import { END, selected, spanStart, START } from './rollup-sql.js';

const BOOKS = `
CREATE TABLE IF NOT EXISTS rta.rollups (rollup VARCHAR NOT NULL, definition VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS rta.rollup_touched (rollup VARCHAR NOT NULL, start TIMESTAMP NOT NULL);
CREATE TABLE IF NOT EXISTS rta.expired ("table" VARCHAR NOT NULL, until TIMESTAMP NOT NULL);`;

/** How often it is looked whether spans wait, ms. */
export const LOOK_MS = 1000;
/** Spans wait so many times as long as it took to work them out the last time, so that rows get by. */
const REST = 10;

export class Rollups {
  /** Its tables are there. */
  private isReady = false;
  private tookMs = 0;
  private doneAt = -Infinity;

  /** @param rows the table of the rows: its name, and as SQL has it */
  constructor(
    private readonly rollups: readonly Rollup[],
    private readonly rows: { readonly table: string; readonly name: string },
  ) {}

  /** Tables that the rollups have. */
  get tables(): readonly string[] {
    return this.rollups.map(({ name }) => name);
  }

  /** Makes the tables; one that has another definition than before is made anew, of the rows that are there. */
  async ensure(connection: DuckDBConnection): Promise<void> {
    if (this.rollups.length === 0) return;
    await connection.run(BOOKS);
    for (const rollup of this.rollups) {
      const columns = selected(rollup);
      const definition = JSON.stringify(columns);
      const [known] = await rowsOf(connection, 'SELECT definition FROM rta.rollups WHERE rollup = $1', [rollup.name]);
      if ((known as readonly unknown[] | undefined)?.[0] === definition) continue;
      const declared = columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(', ');
      await connection.run(`CREATE OR REPLACE TABLE ${nameOf(rollup)} (${declared})`);
      await connection.run('DELETE FROM rta.rollups WHERE rollup = $1', [rollup.name]);
      await connection.run('INSERT INTO rta.rollups VALUES ($1, $2)', [rollup.name, definition]);
      await connection.run('DELETE FROM rta.rollup_touched WHERE rollup = $1', [rollup.name]);
      await this.note(connection, rollup, `FROM ${this.rows.name}`, STORE_TIME);
    }
    this.isReady = true;
  }

  /** Notes the spans of rows that come, change or leave. @param from what has them, in SQL: `FROM … AS r` */
  async touch(connection: DuckDBConnection, from: string, time = STORE_TIME): Promise<void> {
    for (const rollup of this.rollups) {
      const start = spanStart(rollup, time);
      const isOpen = `NOT EXISTS (FROM rta.expired AS e WHERE e."table" = '${this.rows.table}' AND ${start} < e.until)`;
      await this.note(connection, rollup, `${from} ${from.includes(' WHERE ') ? 'AND' : 'WHERE'} ${isOpen}`, time);
    }
  }

  /** Works out the spans that wait; unless `now`, only if the last time is long enough ago. */
  async refresh(connection: DuckDBConnection, now = false): Promise<void> {
    if (!this.isReady) return;
    const began = performance.now();
    if (!now && began - this.doneAt < this.tookMs * REST) return;
    let done = false;
    for (const rollup of this.rollups) done = (await this.work(connection, rollup)) || done;
    if (!done) return;
    this.doneAt = performance.now();
    this.tookMs = this.doneAt - began;
  }

  /** Before rows of the table expire that are older than `until`; ms. */
  async freeze(connection: DuckDBConnection, until: number): Promise<void> {
    if (!this.isReady) return;
    await this.refresh(connection, true);
    await connection.run('DELETE FROM rta.expired WHERE "table" = $1', [this.rows.table]);
    await connection.run('INSERT INTO rta.expired VALUES ($1, $2)', [this.rows.table, timestampOf(until)]);
  }

  /** What has expired of the rollups themselves goes. @param now ms */
  async expire(connection: DuckDBConnection, now: number): Promise<void> {
    for (const rollup of this.rollups)
      if (rollup.ttlMs !== null)
        await connection.run(`DELETE FROM ${nameOf(rollup)} WHERE ${END} <= $1`, [timestampOf(now - rollup.ttlMs)]);
  }

  private async note(connection: DuckDBConnection, rollup: Rollup, from: string, time: string): Promise<void> {
    await connection.run(
      `INSERT INTO rta.rollup_touched SELECT DISTINCT $1::VARCHAR, ${spanStart(rollup, time)} ${from}
       EXCEPT SELECT rollup, start FROM rta.rollup_touched`,
      [rollup.name],
    );
  }

  /** Whether there was something to be done. */
  private async work(connection: DuckDBConnection, rollup: Rollup): Promise<boolean> {
    const touched = 'rta.rollup_touched WHERE rollup = $1';
    const [[first, last]] = await rowsOf(connection, `SELECT min(start), max(start) FROM ${touched}`, [rollup.name]);
    if (first === null) return false;
    const columns = selected(rollup);
    const spans = `IN (SELECT start FROM ${touched})`;
    const groups = Array.from({ length: rollup.group.length + 2 }, (_, i) => String(i + 1));
    await connection.run(`DELETE FROM ${nameOf(rollup)} WHERE ${START} ${spans}`, [rollup.name]);
    // The bounds let parts of the table be passed over that have other times.
    await connection.run(
      `INSERT INTO ${nameOf(rollup)} (${columns.map(({ name }) => quoted(name)).join(', ')})
       SELECT ${columns.map(({ sql }) => sql).join(', ')} FROM ${this.rows.name}
       WHERE ${STORE_TIME} >= $2::TIMESTAMP AND ${STORE_TIME} < $3::TIMESTAMP + to_microseconds(${String(rollup.everyMs * 1000)})
         AND ${spanStart(rollup, STORE_TIME)} ${spans}
       GROUP BY ${groups.join(', ')}`,
      [rollup.name, first, last],
    );
    await connection.run(`DELETE FROM ${touched}`, [rollup.name]);
    return true;
  }
}

function nameOf({ name }: Rollup): string {
  return `main.${quoted(name)}`;
}
