/** The table of a sink in ClickHouse: its columns, and how repeats and newer versions of a row replace it. */
import { CLICKHOUSE_COLUMNS, STORE_TIME, type ClickhouseTarget, type SinkNode } from '@rta/dsl';
import { type ColumnType, columnType, timeType } from './column-types.js';
import type { ServerFeatures } from './server-features.js';

interface StoredColumn {
  readonly name: string;
  readonly type: ColumnType;
}

export interface TableShape {
  /** Of the rows. */
  readonly columns: readonly StoredColumn[];
  /** Of rta, behind them: event time, partition, offset, whether the row is gone. */
  readonly own: readonly { readonly name: string; readonly type: string }[];
  readonly engine: string;
  /** Rows that have the same are versions of one row. */
  readonly sortingKey: readonly string[];
  readonly partitionBy: string | null;
  /** As ClickHouse writes it in what it says of the table; null: none, or it cannot. */
  readonly ttl: string | null;
  readonly settings: readonly string[];
}

const [PARTITION, OFFSET, DELETED] = [CLICKHOUSE_COLUMNS.partition, CLICKHOUSE_COLUMNS.offset, CLICKHOUSE_COLUMNS.deleted];
/** How many batches the server remembers by their tokens. */
const REMEMBERED = 1000;

/**
 * The offset is the version: a row of a table is replaced by the next one of its key, and one of a stream by itself. A deletion is a version
 * too. Where the rows of a stream expire they are kept by day, so that whole days go at once.
 */
export function tableShape({ columns, key, compacted }: SinkNode, { ttlMs }: ClickhouseTarget, server: ServerFeatures): TableShape {
  const versions = [...(key ?? []), STORE_TIME, PARTITION, OFFSET];
  const expires = ttlMs !== null && server.ttl;
  return {
    columns: columns.map(({ name, type }) => ({ name, type: columnType(type, server) })),
    own: [
      { name: STORE_TIME, type: timeType('millis', server).name },
      { name: PARTITION, type: 'UInt32' },
      { name: OFFSET, type: 'UInt64' },
      ...(compacted ? [{ name: DELETED, type: 'UInt8' }] : []),
    ],
    engine: `ReplacingMergeTree(${OFFSET}${compacted && server.deletedColumn ? `, ${DELETED}` : ''})`,
    // The one row of a table without a key has one partition.
    sortingKey: compacted ? (key === null || key.length === 0 ? [PARTITION] : key) : versions,
    partitionBy: !compacted && ttlMs !== null ? `toYYYYMMDD(${STORE_TIME})` : null,
    ttl: expires ? `toDateTime(${STORE_TIME}) + toIntervalSecond(${String(Math.ceil(ttlMs / 1000))})` : null,
    settings: server.modern ? [`non_replicated_deduplication_window = ${String(REMEMBERED)}`] : [],
  };
}

export function createTable(table: string, { columns, own, engine, sortingKey, partitionBy, ttl, settings }: TableShape): string {
  const declared = [
    ...columns.map(({ name, type }) => declaration(name, type.name)),
    ...own.map(({ name, type }) => declaration(name, type)),
  ];
  return [
    `CREATE TABLE IF NOT EXISTS ${quoted(table)} (${declared.join(', ')}) ENGINE = ${engine}`,
    ...(partitionBy === null ? [] : [`PARTITION BY ${partitionBy}`]),
    `ORDER BY (${sortingKey.map(quoted).join(', ')})`,
    ...(ttl === null ? [] : [`TTL ${ttl}`]),
    ...(settings.length === 0 ? [] : [`SETTINGS ${settings.join(', ')}`]),
  ].join(' ');
}

export function declaration(name: string, type: string): string {
  return `${quoted(name)} ${type}`;
}

/** A name within SQL. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** A text within SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

const WIDER: Readonly<Record<string, readonly string[] | undefined>> = {
  Int32: ['Int64'],
  Float32: ['Float64'],
  DateTime: ['DateTime64'],
  Date: ['Date32'],
  UInt8: ['Bool'],
};

/** What has to be done so that a column of one type takes the values of another: nothing, widen it, or it cannot. */
export function fits(found: string, wanted: string): 'as is' | 'widen' | 'no' {
  const [from, to] = [found.replaceAll(' ', ''), wanted.replaceAll(' ', '')];
  if (from === to) return 'as is';
  const [bare, aim] = [unwrapped(from), unwrapped(to)];
  const takesNull = from.includes('Nullable(') || !to.includes('Nullable(');
  if (bare === aim) return takesNull ? 'as is' : 'widen';
  const [base, target] = [bare.replace(/\(.*/, ''), aim.replace(/\(.*/, '')];
  if (base === 'Decimal' && target === 'Decimal') return isWiderDecimal(bare, aim) ? 'widen' : 'no';
  return base !== target && WIDER[base]?.includes(target) === true ? 'widen' : 'no';
}

function unwrapped(type: string): string {
  return /^(?:LowCardinality|Nullable)\((.*)\)$/.exec(type)?.[1].replace(/^Nullable\((.*)\)$/, '$1') ?? type;
}

function isWiderDecimal(from: string, to: string): boolean {
  const [[digits, scale], [more, same]] = [from, to].map((type) => (type.match(/\d+/g) ?? []).map(Number));
  return scale === same && more >= digits;
}
