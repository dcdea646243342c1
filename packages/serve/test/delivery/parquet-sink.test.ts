/** The sink `parquet:` on DuckDB and files: what a reader of *.parquet sees, also when it ends at any moment. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Column, SinkNode, Type } from '@rta/dsl';
import { OlapStore, ParquetSink } from '@rta/serve/delivery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchOf, sinkOf } from './sinks-of.js';

const root = mkdtempSync(join(tmpdir(), 'rta-lake-'));
let reader: DuckDBInstance;
beforeAll(async () => {
  reader = await DuckDBInstance.create(':memory:');
});
afterAll(() => {
  reader.closeSync();
  rmSync(root, { recursive: true, force: true });
});

const DAY = 86_400_000;
const JANUARY = Date.UTC(2026, 0, 1);
const STRING: Type = { kind: 'string' };
const nullable = (of: Type): Type => ({ kind: 'nullable', of });
const ID: Column = { name: 'id', type: { kind: 'long' } };

let stores = 0;
const newStore = () => ({ file: join(root, `${String(++stores)}.duckdb`), lake: join(root, `lake ${String(stores)}`) });
type Store = ReturnType<typeof newStore>;

/** As a process that has the store open. */
async function using<T>(
  { file, lake }: Store,
  act: (sink: ParquetSink, olap: OlapStore) => Promise<T>,
  {
    sink = sinkOf([ID], null),
    rows = 1000,
    bytes = 1e9,
    now = () => 0,
  }: { sink?: SinkNode; rows?: number; bytes?: number; now?: () => number } = {},
): Promise<T> {
  const olap = await OlapStore.open(file, [lake]);
  try {
    const parquet = new ParquetSink(olap, sink, { kind: 'parquet', path: lake, everyMs: 60_000, rows, bytes }, lake, now);
    await parquet.begin(new Map([[0, null]]));
    return await act(parquet, olap);
  } finally {
    await olap.close();
  }
}

async function read({ lake }: Store, columns: string, order = 'ALL'): Promise<unknown> {
  const connection = await reader.connect();
  const files = `read_parquet('${lake}/**/*.parquet', hive_partitioning = true, union_by_name = true)`;
  const found = await connection.runAndReadAll(`SELECT ${columns} FROM ${files} ORDER BY ${order}`);
  connection.closeSync();
  return found.getRowObjectsJson();
}

const filesOf = ({ lake }: Store): string[] =>
  readdirSync(lake, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('.parquet'))
    .sort();

const rowsFrom = (from: number, count: number) => Array.from({ length: count }, (_, i) => [null, { id: from + i }] as const);

describe('the sink parquet', () => {
  it('writes files by date of event time, late rows to theirs, when there are enough', async () => {
    const store = newStore();
    await using(store, async (sink) => sink.write(batchOf(rowsFrom(0, 3), 0, [JANUARY + DAY - 1, JANUARY + DAY, JANUARY])), { rows: 3 });
    expect(filesOf(store)).toEqual(['date=2026-01-01/p-sink-000000000.parquet', 'date=2026-01-02/p-sink-000000000.parquet']);
    await using(store, async (sink) => sink.write(batchOf(rowsFrom(3, 3), 3, JANUARY + 5)), { bytes: 30 });
    expect(filesOf(store)).toEqual([
      'date=2026-01-01/p-sink-000000000.parquet',
      'date=2026-01-01/p-sink-000000001.parquet',
      'date=2026-01-02/p-sink-000000000.parquet',
    ]);
    expect(await read(store, 'id::INTEGER AS id, date::VARCHAR AS date, rta_time', 'id')).toEqual([
      { id: 0, date: '2026-01-01', rta_time: '2026-01-01 23:59:59.999' },
      { id: 1, date: '2026-01-02', rta_time: '2026-01-02 00:00:00' },
      { id: 2, date: '2026-01-01', rta_time: '2026-01-01 00:00:00' },
      ...[3, 4, 5].map((id) => ({ id, date: '2026-01-01', rta_time: '2026-01-01 00:00:00.005' })),
    ]);
  });

  it('writes what has waited for long enough, also from before a restart, and the rest at the end', async () => {
    const store = newStore();
    let now = 1000;
    const clock = { now: () => now };
    await using(store, (sink) => sink.write(batchOf(rowsFrom(0, 2))), clock);
    now += 59_999;
    await using(store, (sink) => sink.maintain(), clock);
    expect(filesOf(store)).toEqual([]);
    now++;
    await using(store, (sink) => sink.maintain(), clock);
    expect(filesOf(store)).toHaveLength(1);
    await using(store, async (sink) => {
      await sink.write(batchOf(rowsFrom(2, 1), 2));
      await sink.finish();
      await sink.finish();
    });
    expect(await read(store, 'id::INTEGER AS id')).toEqual([{ id: 0 }, { id: 1 }, { id: 2 }]);
  });

  it('keeps the types of columns', async () => {
    const types: Readonly<Record<string, readonly [Type, unknown, unknown]>> = {
      amount: [{ kind: 'decimal', precision: 20, scale: 3 }, -12345678901234567n, '-12345678901234.567'],
      at: [{ kind: 'timestamp', unit: 'micros' }, 1_700_000_000_123.456, '2023-11-14 22:13:20.123456'],
      day: [{ kind: 'date' }, 19_675, '2023-11-14'],
      kind: [{ kind: 'enum', name: 'E', symbols: ['a'] }, 'a', 'a'],
      tags: [{ kind: 'array', items: nullable(STRING) }, ['x', null], ['x', null]],
      by_name: [{ kind: 'map', values: { kind: 'double' } }, new Map([['k', 0.1]]), [{ key: 'k', value: 0.1 }]],
      place: [{ kind: 'record', name: 'P', fields: [{ name: 'x', type: { kind: 'float' } }] }, { x: 1.5 }, { x: 1.5 }],
      large: [{ kind: 'long' }, 9007199254740993n, '9007199254740993'],
      bytes: [{ kind: 'bytes' }, Uint8Array.of(1, 255), '\\x01\\xFF'],
    };
    const columns = [ID, ...Object.entries(types).map(([name, [type]]) => ({ name, type: nullable(type) }))];
    const full = Object.fromEntries(Object.entries(types).map(([name, [, value]]) => [name, value])) as Readonly<Record<string, never>>;
    const none = Object.fromEntries(Object.keys(types).map((name) => [name, null])) as Readonly<Record<string, never>>;
    const store = newStore();
    const rows = [
      [null, { id: 1, ...full }],
      [null, { id: 2, ...none }],
    ] as const;
    await using(store, (sink) => sink.write(batchOf(rows)), { sink: sinkOf(columns, null), rows: 2 });
    const shown = Object.fromEntries(Object.entries(types).map(([name, [, , json]]) => [name, json]));
    expect(await read(store, '* EXCLUDE (id, rta_time, date)', 'id')).toEqual([shown, none]);
  });

  it('has each change of a table as a row', async () => {
    const store = newStore();
    const sink = sinkOf([{ name: 'team', type: STRING }, { name: 'total', type: nullable({ kind: 'int' }) }], ['team']); // prettier-ignore
    const key = { team: 'red' };
    await using(store, (parquet) => parquet.write(batchOf([[key, { ...key, total: 1 }], [key, { ...key, total: 2 }], [key, null]])), { sink, rows: 3 }); // prettier-ignore
    expect(await read(store, 'team, total, rta_deleted, rta_partition, rta_offset::INTEGER AS rta_offset', 'rta_offset')).toEqual([
      { team: 'red', total: 1, rta_deleted: false, rta_partition: 0, rta_offset: 0 },
      { team: 'red', total: 2, rta_deleted: false, rta_partition: 0, rta_offset: 1 },
      { team: 'red', total: null, rta_deleted: true, rta_partition: 0, rta_offset: 2 },
    ]);
  });

  it('applies no offset twice, and goes on where it was', async () => {
    const store = newStore();
    await using(store, (sink) => sink.write(batchOf(rowsFrom(0, 2))));
    await using(store, async (sink) => {
      expect(await sink.begin(new Map([[0, 1]]))).toEqual(new Map([[0, 2]]));
      await sink.write(batchOf(rowsFrom(0, 4)));
      await sink.finish();
    });
    expect(await read(store, 'id::INTEGER AS id')).toEqual([0, 1, 2, 3].map((id) => ({ id })));
  });

  it('names the files that a kill left without, and drops those of a roll that never was', async () => {
    const store = newStore();
    await using(store, async (sink, olap) => {
      await sink.write(batchOf(rowsFrom(0, 2), 0, [JANUARY, JANUARY + DAY]));
      await sink.finish();
      // As if it had been killed after the transaction, and after one of two names.
      const [first, second] = filesOf(store).map((name) => join(store.lake, name));
      renameSync(second, `${second}.tmp`);
      for (const path of [first, second])
        await olap.transaction((connection) => connection.run('INSERT INTO rta.parquet_files VALUES ($1, $2)', ['p-sink', path]));
    });
    writeFileSync(join(store.lake, 'date=2026-01-01/p-sink-000000001.parquet.tmp'), 'torn');
    await using(store, () => Promise.resolve());
    expect(filesOf(store)).toEqual(['date=2026-01-01/p-sink-000000000.parquet', 'date=2026-01-02/p-sink-000000000.parquet']);
    expect(await read(store, 'id::INTEGER AS id')).toEqual([{ id: 0 }, { id: 1 }]);
  });

  it('keeps rows where files cannot be written, and writes them once they can', async () => {
    const store = newStore();
    await using(
      store,
      async (sink) => {
        const day = join(store.lake, 'date=2026-01-01');
        writeFileSync(day, 'in the way');
        await expect(sink.write(batchOf(rowsFrom(0, 2), 0, JANUARY))).rejects.toMatchObject({ name: 'StoreError', retriable: true });
        rmSync(day);
        await sink.write(batchOf(rowsFrom(0, 2), 0, JANUARY));
      },
      { rows: 2 },
    );
    expect(await read(store, 'id::INTEGER AS id')).toEqual([{ id: 0 }, { id: 1 }]);
  });

  it('refuses a directory with the files of another store', async () => {
    const store = newStore();
    await using(store, () => Promise.resolve());
    await expect(using({ ...newStore(), lake: store.lake }, () => Promise.resolve())).rejects.toThrow(
      'has the files of another sink or OLAP store',
    );
    expect(existsSync(join(store.lake, '_rta.json'))).toBe(true);
  });

  it('is read by questions to the store, which get at no other directory', async () => {
    const store = newStore();
    await using(store, async (sink, olap) => {
      await sink.write(batchOf(rowsFrom(0, 2)));
      await sink.finish();
      const rows: unknown[] = [];
      const ask = (path: string) =>
        olap.ask({ sql: `SELECT count(*) FROM '${path}/**/*.parquet'`, limit: 1, timeMs: 10_000, take: (some) => rows.push(...some) > 0 });
      await ask(store.lake);
      expect(rows).toEqual([[2]]);
      await expect(ask(root)).rejects.toMatchObject({ code: 'bad_sql' });
    });
  });
});
