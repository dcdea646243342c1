/**
 * The sink `clickhouse:`: rows into a `ReplacingMergeTree` that has the offset as the version, so that what is inserted again changes nothing
 * in the end. Batches are inserted one after the other, and a repeat is not taken at all by servers that know tokens.
 */
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { CLICKHOUSE_COLUMNS, STORE_TIME, type ClickhouseTarget, type ResolvedClickhouse, type SinkNode } from '@rta/dsl';
import { type SinkBatch, type SinkRow, type SinkStore, StoreError } from '../sink-store.js';
import { timeType } from './column-types.js';
import { featuresOf, type ServerFeatures } from './server-features.js';
import { createTable, declaration, fits, literal, quoted, type TableShape, tableShape } from './table-shape.js';

/** How long the server may take for an answer, ms. */
const TIMEOUT_MS = 60_000;
/** A server that has no TTL deletes what has expired that often, ms: each time it writes parts anew. */
const DELETE_EVERY_MS = 3_600_000;
/**
 * Codes of ClickHouse that say that the same will be refused again: unknown names, values that are none of the type, syntax, access.
 * https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
 */
const FINAL: ReadonlySet<number> = new Set([
  6, 16, 27, 36, 38, 41, 42, 43, 44, 46, 47, 50, 53, 60, 62, 69, 70, 72, 80, 81, 115, 117, 130, 131, 158, 164, 192, 193, 194, 349, 497, 516, 577, 620,
]); // prettier-ignore

export interface ClickhouseSinkOptions {
  readonly sink: SinkNode;
  readonly target: ClickhouseTarget;
  /** The target's connection. */
  readonly resolved: ResolvedClickhouse;
  /** ms since the epoch. */
  readonly now?: () => number;
}

/** What is known of the server and the table since `begin`. */
interface Opened {
  readonly server: ServerFeatures;
  readonly shape: TableShape;
}

export class ClickhouseSink implements SinkStore {
  private readonly client: ClickHouseClient;
  private readonly now: () => number;
  private opened: Opened | null = null;
  private deleted = 0;

  constructor(private readonly options: ClickhouseSinkOptions) {
    const { url, user, password, database } = options.resolved;
    this.now = options.now ?? Date.now;
    this.client = createClient({
      url,
      username: user,
      password,
      database,
      request_timeout: TIMEOUT_MS,
      application: 'rta',
      // Servers close idle connections after 3 s, some of them.
      keep_alive: { enabled: true, idle_socket_ttl: 2_000 },
      // It would write to stderr; what there is to say is said by warnings.
      log: { level: ClickHouseLogLevel.OFF },
      // Rows are given as text, with what JSON.stringify cannot write.
      json: { parse: (text: string) => JSON.parse(text) as never, stringify: String },
    });
  }

  async begin(committed: ReadonlyMap<number, number | null>): Promise<ReadonlyMap<number, number>> {
    const [{ version }] = await this.query<{ readonly version: string }>('SELECT version() AS version');
    const server = featuresOf(version);
    const { sink, target } = this.options;
    const shape = tableShape(sink, target, server);
    const isNew = await this.ensureTable(shape, server);
    this.opened = { server, shape };
    // Whoever dropped the table gets all rows that the topic still has.
    return isNew ? new Map([...committed.keys()].map((partition) => [partition, 0])) : new Map();
  }

  async write({ items }: SinkBatch, signal: AbortSignal): Promise<void> {
    const { server, shape } = this.opened!;
    const { sink, target } = this.options;
    const rows = sink.compacted ? [...new Map(items.map((row) => [row.id, row])).values()] : items;
    const time = timeType('millis', server);
    const names = [...shape.columns, ...shape.own].map(({ name }) => quoted(name));
    const settings = {
      max_partitions_per_insert_block: '0',
      wait_for_async_insert: 1 as const,
      insert_deduplication_token: tokenOf(items),
    };
    await this.attempt(() =>
      this.client.insert({
        table: quoted(target.table),
        columns: names as [string, ...string[]],
        format: 'JSONEachRow',
        values: rows.map((row) => this.text(row, time, shape)),
        abort_signal: signal,
        ...(server.modern ? { clickhouse_settings: settings } : {}),
      }),
    );
  }

  async maintain(): Promise<void> {
    const { ttlMs, table } = this.options.target;
    if (ttlMs === null || this.opened === null || this.opened.server.ttl || this.now() - this.deleted < DELETE_EVERY_MS) return;
    const oldest = Math.floor((this.now() - ttlMs) / 1000);
    await this.command(`ALTER TABLE ${quoted(table)} DELETE WHERE ${STORE_TIME} < toDateTime(${String(Math.max(0, oldest))})`);
    this.deleted = this.now();
  }

  /** Ends its connections. */
  async close(): Promise<void> {
    await this.client.close();
  }

  // ---- The table ----

  /** Makes it, or sees that it takes the rows, and gives it the columns that are new. Returns whether it was not there. */
  private async ensureTable(shape: TableShape, server: ServerFeatures): Promise<boolean> {
    const { table } = this.options.target;
    const found = await this.query<Readonly<Record<'engine' | 'sorting_key' | 'create_table_query', string>>>(
      `SELECT engine, sorting_key, create_table_query FROM system.tables WHERE database = currentDatabase() AND name = ${literal(table)}`,
    );
    if (found.length === 0) {
      await this.command(createTable(table, shape));
      return true;
    }
    const [{ engine, sorting_key: sortingKey, create_table_query: query }] = found;
    if (!engine.endsWith('ReplacingMergeTree'))
      throw new StoreError(`the table ${table} is a ${engine}, in which rows that are inserted again stay: it has to be a ReplacingMergeTree(${CLICKHOUSE_COLUMNS.offset})`, false); // prettier-ignore
    // Servers differ in how they write it.
    const plain = (text: string): string => text.replaceAll(/[`\s()]/g, '');
    if (plain(sortingKey) !== plain(shape.sortingKey.join()))
      throw new StoreError(`the table ${table} is sorted by (${sortingKey}), by which rows would not replace each other as they have to: it has to be (${shape.sortingKey.join(', ')})`, false); // prettier-ignore
    await this.evolve(shape, server);
    if (shape.ttl !== null && !plain(query).includes(plain(shape.ttl))) await this.command(`ALTER TABLE ${quoted(table)} MODIFY TTL ${shape.ttl}`); // prettier-ignore
    return false;
  }

  private async evolve({ columns, own }: TableShape, server: ServerFeatures): Promise<void> {
    const { table } = this.options.target;
    const found = await this.query<{ readonly name: string; readonly type: string }>(
      `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ${literal(table)}`,
    );
    const types = new Map(found.map(({ name, type }) => [name, type]));
    for (const { name, type } of [...columns.map((column) => ({ name: column.name, type: column.type.name })), ...own]) {
      const known = types.get(name);
      const how = known === undefined ? 'add' : fits(known, type);
      const cannot = (why: string, cause?: unknown): StoreError =>
        new StoreError(`the column ${name} of the table ${table} is ${known ?? 'not there'}, and cannot become ${type}${why}`, false, { cause }); // prettier-ignore
      if (how === 'no') throw cannot('');
      if (how === 'as is') continue;
      // Another process may add it at the same time.
      const add = server.modern ? 'ADD COLUMN IF NOT EXISTS' : 'ADD COLUMN';
      await this.command(`ALTER TABLE ${quoted(table)} ${how === 'add' ? add : 'MODIFY COLUMN'} ${declaration(name, type)}`);
    }
  }

  // ---- Rows ----

  /** As JSON: columns that are left out get their default. */
  private text({ row, key, time, partition, offset }: SinkRow, times: ReturnType<typeof timeType>, { columns, own }: TableShape): string {
    const values = row ?? key ?? {};
    const some = row === null ? columns.filter(({ name }) => name in values) : columns;
    const mine = [times.json(time), String(partition), String(offset), row === null ? '1' : '0'];
    const fields = [
      ...some.map(({ name, type }) => `${JSON.stringify(name)}:${type.json(values[name])}`),
      ...own.map(({ name }, i) => `${JSON.stringify(name)}:${mine[i]}`),
    ];
    return `{${fields.join(',')}}`;
  }

  // ---- The server ----

  private query<T>(query: string): Promise<T[]> {
    return this.attempt(async () => (await this.client.query({ query, format: 'JSONEachRow' })).json<T>());
  }

  private command(query: string): Promise<unknown> {
    return this.attempt(() => this.client.command({ query }));
  }

  private async attempt<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      const { message, code } = cause as { readonly message: string; readonly code?: string };
      // Servers before 20.x word it so that the client has no code; network errors have one that is no number.
      const number = Number(/^\d+$/.test(code ?? '') ? code : (/^Code: (\d+)/.exec(message)?.[1] ?? Number.NaN));
      const text = message
        .split('\n', 1)[0]
        .replace(/^Code: \d+, e\.displayText\(\) = DB::Exception: |, e\.what\(\) = DB::Exception.*$/g, '');
      throw new StoreError(Number.isNaN(number) ? `it cannot be reached (${code ?? text})` : `it says: ${text}`, !FINAL.has(number), {
        cause,
      });
    }
  }
}

/** Of the offsets that a batch has: the same ones are inserted once. The times are for topics that were deleted and made again. */
function tokenOf(items: readonly SinkRow[]): string {
  const ranges = new Map<number, { readonly first: SinkRow; last: SinkRow }>();
  for (const row of items) {
    const range = ranges.get(row.partition);
    if (range === undefined) ranges.set(row.partition, { first: row, last: row });
    else range.last = row;
  }
  const place = ({ offset, time }: SinkRow): string => `${String(offset)}@${String(time)}`;
  return [...ranges].map(([partition, { first, last }]) => `${String(partition)}:${place(first)}-${place(last)}`).join();
}
