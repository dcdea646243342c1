/** The sink `table:` on DuckDB itself: types, upserts, positions, schemas that change, and what expires. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Column, Row, SinkNode, Type } from '@rta/dsl';
import { OlapStore, TableSink } from '@rta/serve/delivery';
import { afterAll, describe, expect, it } from 'vitest';
import { batchOf, sinkOf } from './sinks-of.js';

const directory = mkdtempSync(join(tmpdir(), 'rta-olap-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

let files = 0;
const newFile = (): string => join(directory, `${String(++files)}.duckdb`);
const nullable = (of: Type): Type => ({ kind: 'nullable', of });
const column = (name: string, type: Type): Column => ({ name, type });
const STRING: Type = { kind: 'string' };
const LONG: Type = { kind: 'long' };

/** Opens the store, lets it do something, and closes it. */
async function using<T>(
  file: string,
  sink: SinkNode,
  ttlMs: number | null,
  act: (table: TableSink) => Promise<T>,
  now?: () => number,
): Promise<T> {
  const olap = await OlapStore.open(file);
  try {
    const table = new TableSink(olap, sink, { kind: 'table', table: 'results', ttlMs }, now);
    await table.begin(new Map([[0, null]]));
    return await act(table);
  } finally {
    await olap.close();
  }
}

async function query(file: string, sql: string): Promise<unknown> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(sql);
  const rows = reader.getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

describe('the sink table', () => {
  it('holds every type of the language, and null of each', async () => {
    const record: Type = {
      kind: 'record',
      name: 'R',
      fields: [
        { name: 'x', type: { kind: 'int' } },
        { name: 'y', type: nullable(STRING) },
      ],
    };
    const types: Readonly<Record<string, readonly [Type, Row[string], unknown]>> = {
      a_boolean: [{ kind: 'boolean' }, true, true],
      an_int: [{ kind: 'int' }, -7, -7],
      a_long: [LONG, 9007199254740993n, '9007199254740993'],
      a_float: [{ kind: 'float' }, 1.5, 1.5],
      a_double: [{ kind: 'double' }, 0.1, 0.1],
      a_decimal: [{ kind: 'decimal', precision: 20, scale: 3 }, -12345678901234567n, '-12345678901234.567'],
      a_wide_decimal: [{ kind: 'decimal', precision: 50, scale: 2 }, 12345n, '123.45'],
      a_string: [STRING, 'žluť', 'žluť'],
      an_enum: [{ kind: 'enum', name: 'E', symbols: ['a'] }, 'a', 'a'],
      some_bytes: [{ kind: 'bytes' }, Uint8Array.of(1, 255), '\\x01\\xFF'],
      a_timestamp: [{ kind: 'timestamp', unit: 'micros' }, 1_700_000_000_123.456, '2023-11-14 22:13:20.123456'],
      a_date: [{ kind: 'date' }, 19_675, '2023-11-14'],
      an_array: [
        { kind: 'array', items: record },
        [
          { x: 1, y: null },
          { x: 2, y: 'two' },
        ],
        [
          { x: 1, y: null },
          { x: 2, y: 'two' },
        ],
      ],
      a_map: [{ kind: 'map', values: LONG }, new Map([['k', 3]]), [{ key: 'k', value: '3' }]],
      a_record: [record, { x: 3, y: 'z' }, { x: 3, y: 'z' }],
      nothing_in_it: [{ kind: 'record', name: 'Empty', fields: [] }, {}, '{}'],
    };
    const columns = [column('id', LONG), ...Object.entries(types).map(([name, [type]]) => column(name, nullable(type)))];
    const full = Object.fromEntries(Object.entries(types).map(([name, [, value]]) => [name, value]));
    const empty = Object.fromEntries(Object.keys(types).map((name) => [name, null]));
    const file = newFile();
    await using(file, sinkOf(columns, ['id']), null, (table) =>
      table.write(
        batchOf([
          [{ id: 1 }, { id: 1, ...full }],
          [{ id: 2 }, { id: 2, ...empty }],
        ]),
      ),
    );
    const shown = Object.fromEntries(Object.entries(types).map(([name, [, , json]]) => [name, json]));
    expect(await query(file, 'SELECT * EXCLUDE (id, rta_time) FROM results ORDER BY id')).toEqual([shown, empty]);
  });

  it('upserts by key, deletes by tombstones, and applies no offset twice', async () => {
    const sink = sinkOf([column('team', STRING), column('total', LONG)], ['team']);
    const file = newFile();
    const row = (team: string, total: number) => [{ team }, { team, total }] as const;
    const first = batchOf([row('red', 1), row('blue', 1), row('red', 2)]);
    await using(file, sink, null, async (table) => {
      await table.write(first);
      await table.write(batchOf([[{ team: 'blue' }, null], row('green', 3)], 3));
      // As after a commit for the group that failed.
      await table.write(first);
    });
    const shown = await query(file, 'SELECT team, total FROM results ORDER BY team');
    expect(shown).toEqual([{ team: 'green', total: '3' }, { team: 'red', total: '2' }]); // prettier-ignore
    const olap = await OlapStore.open(file);
    expect(await new TableSink(olap, sink, { kind: 'table', table: 'results', ttlMs: null }).begin(new Map([[0, 1]]))).toEqual(
      new Map([[0, 5]]),
    );
    await olap.close();
  });

  it('appends the rows of a stream, more than a chunk of them', async () => {
    const file = newFile();
    const rows = Array.from({ length: 5000 }, (_, n) => [null, { n }] as const);
    await using(file, sinkOf([column('n', LONG)], null), null, (table) => table.write(batchOf(rows)));
    expect(await query(file, 'SELECT count(*) AS rows, sum(n) AS total FROM results')).toEqual([{ rows: '5000', total: '12497500' }]);
  });

  it('has one row where a table has no key', async () => {
    const file = newFile();
    await using(file, sinkOf([column('n', LONG)], []), null, async (table) => {
      await table.write(batchOf([[{}, { n: 1 }]]));
      await table.write(batchOf([[{}, { n: 2 }]], 1));
    });
    expect(await query(file, 'SELECT n FROM results')).toEqual([{ n: '2' }]);
  });

  it('gets the columns that the schema gains, and wider types', async () => {
    const file = newFile();
    const point = (fields: readonly string[]): Type => ({
      kind: 'record',
      name: 'P',
      fields: fields.map((name) => ({ name, type: nullable({ kind: 'int' }) })),
    });
    const before = sinkOf([column('id', STRING), column('n', { kind: 'int' }), column('gone', STRING), column('at', point(['x']))], ['id']);
    await using(file, before, null, (table) => table.write(batchOf([[{ id: 'a' }, { id: 'a', n: 1, gone: 'g', at: { x: 1 } }]])));
    const after = sinkOf(
      [column('id', STRING), column('n', LONG), column('more', nullable(STRING)), column('at', point(['x', 'y']))],
      ['id'],
    );
    await using(file, after, null, (table) =>
      table.write(batchOf([[{ id: 'b' }, { id: 'b', n: 5_000_000_000, more: 'm', at: { x: 1, y: 2 } }]], 1)),
    );
    expect(await query(file, 'SELECT id, n, gone, more, "at" FROM results ORDER BY id')).toEqual([
      { id: 'a', n: '1', gone: 'g', more: null, at: { x: 1, y: null } },
      { id: 'b', n: '5000000000', gone: null, more: 'm', at: { x: 1, y: 2 } },
    ]);
    const text = sinkOf([column('id', STRING), column('n', { kind: 'date' })], ['id']);
    await expect(using(file, text, null, () => Promise.resolve())).rejects.toThrow(
      /the column n of the table results is BIGINT, and cannot become DATE/,
    );
  });

  it('drops rows whose event time is longer ago than ttl', async () => {
    const file = newFile();
    const now = Date.UTC(2026, 0, 31);
    await using(
      file,
      sinkOf([column('id', STRING)], ['id']),
      86_400_000,
      async (table) => {
        await table.write(batchOf([[{ id: 'old' }, { id: 'old' }]], 0, now - 86_400_001));
        await table.write(batchOf([[{ id: 'new' }, { id: 'new' }]], 1, now - 86_400_000));
        await table.maintain();
      },
      () => now,
    );
    expect(await query(file, 'SELECT id FROM results')).toEqual([{ id: 'new' }]);
  });

  it('is of one sink', async () => {
    const file = newFile();
    const sink = sinkOf([column('id', STRING)], ['id']);
    await using(file, sink, null, () => Promise.resolve());
    await expect(using(file, { ...sink, topic: 'other' }, null, () => Promise.resolve())).rejects.toThrow('has the rows of p-sink');
  });
});
