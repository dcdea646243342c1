/** Questions to the OLAP store while it is written: what they may, what they may not, and when they end. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OlapStore } from '@rta/serve/delivery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SqlEnd, SqlQuestion, SqlRow } from '../../src/sql/sql-store.js';

const directory = mkdtempSync(join(tmpdir(), 'rta-ask-'));
let olap: OlapStore;

beforeAll(async () => {
  olap = await OlapStore.open(join(directory, 'olap.duckdb'));
  await olap.transaction((connection) => connection.run('CREATE TABLE t AS SELECT range AS n FROM range(5000)'));
});
afterAll(async () => {
  await olap.close();
  rmSync(directory, { recursive: true, force: true });
});

const LONG = 'SELECT sum(a.n * b.n * c.n) FROM t a, t b, t c';

async function ask(sql: string, more: Partial<SqlQuestion> = {}): Promise<SqlEnd & { readonly rows: readonly SqlRow[] }> {
  const rows: SqlRow[] = [];
  const end = await olap.ask({ sql, limit: 1000, timeMs: 20_000, take: (some) => rows.push(...some) > 0, ...more });
  return { ...end, rows };
}

describe('a question to the OLAP store', () => {
  it('has columns with types, and values as JSON without loss', async () => {
    const { columns, rows } = await ask(`SELECT 7::BIGINT AS small, 9007199254740993::BIGINT AS large, 1.50::DECIMAL(9,2) AS price,
      TIMESTAMP '2026-01-02 03:04:05.123456' AS at, DATE '2026-01-02' AS day, 'x'::BLOB AS bytes, [1, NULL]::BIGINT[] AS list,
      {'a': 1, 'b': TIMESTAMP '2026-01-01'} AS fields, MAP {'k': 2::BIGINT} AS map, 'NaN'::DOUBLE AS nan, NULL::INTEGER AS none,
      TIMESTAMP 'infinity' AS never`);
    expect(columns.slice(0, 4)).toEqual([
      { name: 'small', type: 'BIGINT' },
      { name: 'large', type: 'BIGINT' },
      { name: 'price', type: 'DECIMAL(9,2)' },
      { name: 'at', type: 'TIMESTAMP' },
    ]);
    const fields = { a: 1, b: '2026-01-01T00:00:00.000Z' };
    expect(rows).toEqual([
      [
        7,
        '9007199254740993',
        '1.50',
        '2026-01-02T03:04:05.123456Z',
        '2026-01-02',
        'eA==',
        [1, null],
        fields,
        { k: 2 },
        'NaN',
        null,
        'infinity',
      ],
    ]);
  });

  it('gives as many rows as were asked for, and says whether there are more', async () => {
    expect(await ask('SELECT n FROM t ORDER BY n', { limit: 2 })).toMatchObject({ rows: [[0], [1]], truncated: true });
    expect(await ask('SELECT n FROM t', { limit: 5000 })).toMatchObject({ truncated: false });
    expect((await ask('SELECT n FROM t', { limit: 4500 })).rows).toHaveLength(4500);
    expect(await ask('SELECT n FROM t WHERE n < 0')).toEqual({ columns: [{ name: 'n', type: 'BIGINT' }], rows: [], truncated: false });
    expect(await ask('SELECT 1 AS a, 2 AS a')).toMatchObject({ columns: [{ name: 'a' }, { name: 'a:1' }] });
  });

  it.each([
    'SHOW TABLES',
    'DESCRIBE t',
    'SUMMARIZE t',
    'FROM t LIMIT 1',
    'EXPLAIN SELECT 1',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    '-- why\nSELECT 1',
  ])('may be %j', async (sql) => {
    expect((await ask(sql)).columns.length).toBeGreaterThan(0);
  });

  const file = join(directory, 'made');
  it.each([
    ['DELETE FROM t', 'read_only', 'DELETE would change something'],
    ['CREATE TABLE u AS SELECT 1', 'read_only', 'CREATE'],
    ['CREATE TEMP TABLE u AS SELECT 1', 'read_only', 'CREATE'],
    ['EXPLAIN ANALYZE DELETE FROM t', 'read_only', 'it would'],
    [`COPY t TO '${file}'`, 'bad_sql', 'file system operations are disabled'],
    [`ATTACH '${file}'`, 'read_only', 'ATTACH'],
    ['SET threads = 1', 'read_only', 'SET'],
    ['COMMIT', 'read_only', 'TRANSACTION'],
    [`SELECT * FROM "enable_logging"(storage_path = '${file}')`, 'read_only', 'enable_logging()'],
    ["SELECT * FROM query('SELECT * FROM enable' || '_logging()')", 'read_only', 'query()'],
    ["SELECT * FROM read_text('/etc/hostname')", 'bad_sql', 'file system operations are disabled'],
    ["SELECT * FROM read_csv('http://localhost/')", 'bad_sql', 'disabled'],
    ['SELECT 1; SELECT 2', 'bad_sql', 'there are 2'],
    ['-- nothing', 'bad_sql', 'no statement'],
    ['SELEC 1', 'bad_sql', 'syntax error'],
    ['SELECT m FROM t', 'bad_sql', 'Candidate bindings'],
    ['SELECT $1', 'bad_sql', 'parameters'],
  ])('may not be %j', async (sql, code, message) => {
    await expect(ask(sql)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as unknown });
    expect(existsSync(file)).toBe(false);
    expect((await ask('SELECT count(*) FROM t')).rows).toEqual([[5000]]);
  });

  it('ends when its time is up, or nobody waits for it, and leaves writers alone', async () => {
    const began = Date.now();
    const slow = [ask(LONG, { timeMs: 400 }), ask(LONG, { timeMs: 60_000, signal: AbortSignal.timeout(400) })];
    const done = Promise.allSettled(slow);
    await olap.transaction((connection) => connection.run('CREATE OR REPLACE TABLE w AS SELECT 1 AS n'));
    for (const one of slow) await expect(one).rejects.toMatchObject({ code: 'too_slow' });
    await done;
    expect(Date.now() - began).toBeLessThan(10_000);
    expect((await ask('SELECT n FROM w')).rows).toEqual([[1]]);
  });

  it('waits for two others, and is refused beyond two that wait', async () => {
    const slow = [500, 500, 5000, 5000].map((timeMs) => ask(timeMs === 500 ? LONG : 'SELECT 1', { timeMs }));
    await expect(ask('SELECT 1')).rejects.toMatchObject({ code: 'busy' });
    const ended = await Promise.allSettled(slow);
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  });
});
