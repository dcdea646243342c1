/** What tables of ClickHouse are made with, by the server's version. */
import type { Column, SinkNode, Type } from '@rta/dsl';
import { describe, expect, it } from 'vitest';
import { columnType } from '../../src/delivery/clickhouse/column-types.js';
import { featuresOf } from '../../src/delivery/clickhouse/server-features.js';
import { createTable, fits, tableShape } from '../../src/delivery/clickhouse/table-shape.js';

const NEW = featuresOf('25.8.1.5101');
const OLD = featuresOf('18.16.1');
const STRING: Type = { kind: 'string' };
const COLUMNS: readonly Column[] = [
  { name: 'team', type: STRING },
  { name: 'total', type: { kind: 'nullable', of: { kind: 'long' } } },
];

function ddl(key: readonly string[] | null, compacted: boolean, ttlMs: number | null, server = NEW): string {
  const schemas = { format: 'avro', keyFormat: 'avro', keySchema: null, valueSchema: null } as const;
  const span = { source: { path: 'p.yaml', text: '' }, start: 0, end: 0 };
  const sink: SinkNode = { id: 'sink', name: 'sink', input: 's', topic: 'p-sink', key, compacted, columns: COLUMNS, span, ...schemas };
  const target = { kind: 'clickhouse', table: 't', url: '', database: '', user: '', password: '', ttlMs } as const;
  return createTable('t', tableShape(sink, target, server));
}

describe('tables of ClickHouse', () => {
  it('replace rows of a table by key, deletions too', () => {
    expect(ddl(['team'], true, null)).toBe(
      'CREATE TABLE IF NOT EXISTS `t` (`team` String, `total` Nullable(Int64), ' +
        "`rta_time` DateTime64(3, 'UTC'), `rta_partition` UInt32, `rta_offset` UInt64, `rta_deleted` UInt8) " +
        'ENGINE = ReplacingMergeTree(rta_offset, rta_deleted) ORDER BY (`team`) SETTINGS non_replicated_deduplication_window = 1000',
    );
    expect(ddl(['team'], true, null, OLD)).toBe(
      'CREATE TABLE IF NOT EXISTS `t` (`team` String, `total` Nullable(Int64), ' +
        "`rta_time` DateTime('UTC'), `rta_partition` UInt32, `rta_offset` UInt64, `rta_deleted` UInt8) " +
        'ENGINE = ReplacingMergeTree(rta_offset) ORDER BY (`team`)',
    );
    expect(ddl([], true, null)).toContain('ORDER BY (`rta_partition`)');
  });

  it('keep those of a stream once, by day where they expire', () => {
    expect(ddl(['team'], false, null)).toMatch(/rta_offset` UInt64\) .* ORDER BY \(`team`, `rta_time`, `rta_partition`, `rta_offset`\)/);
    expect(ddl(null, false, 86_400_000)).toMatch(
      /PARTITION BY toYYYYMMDD\(rta_time\) ORDER BY .* TTL toDateTime\(rta_time\) \+ toIntervalSecond\(86400\) SETTINGS/,
    );
    expect(ddl(null, false, 86_400_000, OLD)).not.toContain('TTL');
  });

  it.each<readonly [Type, Parameters<ReturnType<typeof columnType>['json']>[0], string, string]>([
    [{ kind: 'boolean' }, true, 'Bool', 'true'],
    [{ kind: 'enum', name: 'E', symbols: ['a'] }, 'a', 'LowCardinality(String)', '"a"'],
    [{ kind: 'nullable', of: { kind: 'enum', name: 'E', symbols: ['a'] } }, null, 'LowCardinality(Nullable(String))', 'null'],
    [{ kind: 'decimal', precision: 60, scale: 2 }, 12345n, 'Decimal(60, 2)', '123.45'],
    [{ kind: 'timestamp', unit: 'millis' }, 1_700_000_000_123, "DateTime64(3, 'UTC')", '"2023-11-14 22:13:20.123"'],
    [{ kind: 'timestamp', unit: 'micros' }, 1_700_000_000_123.456, "DateTime64(6, 'UTC')", '"2023-11-14 22:13:20.123456"'],
    [{ kind: 'timestamp', unit: 'millis' }, 1e15, "DateTime64(3, 'UTC')", '"2299-12-31 23:59:59.999"'],
    [{ kind: 'date' }, -1, 'Date32', '"1969-12-31"'],
    [{ kind: 'nullable', of: { kind: 'array', items: STRING } }, null, 'Array(String)', '[]'],
    [{ kind: 'map', values: { kind: 'int' } }, new Map([['a"', 1]]), 'Map(String, Int32)', '{"a\\"":1}'],
    [{ kind: 'double' }, -Infinity, 'Float64', '"-inf"'],
  ])('a column and its value, %#', (type, value, name, json) => {
    const column = columnType(type, NEW);
    expect([column.name, column.json(value)]).toEqual([name, json]);
  });

  it.each([
    ['Int32', 'Int32', 'as is'],
    ['Decimal(20, 3)', 'Decimal(20,3)', 'as is'],
    ['String', 'LowCardinality(String)', 'as is'],
    ['LowCardinality(Nullable(String))', 'String', 'as is'],
    ['Nullable(Int64)', 'Int64', 'as is'],
    ['Int64', 'Nullable(Int64)', 'widen'],
    ['Int32', 'Nullable(Int64)', 'widen'],
    ["DateTime('UTC')", "DateTime64(3, 'UTC')", 'widen'],
    ['Decimal(10, 2)', 'Decimal(20, 2)', 'widen'],
    ['Decimal(10, 2)', 'Decimal(20, 3)', 'no'],
    ['Int64', 'Int32', 'no'],
    ['String', 'Int64', 'no'],
  ])('a column of %s for %s: %s', (found, wanted, how) => {
    expect(fits(found, wanted)).toBe(how);
  });
});
