/** The sink `clickhouse:` on a real server: types, upserts, tables that change, a server that is away, and kills at random moments. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Column, Row, SinkNode, Type } from '@rta/dsl';
import { ClickhouseSink } from '@rta/serve/clickhouse';
import { describe, expect, it } from 'vitest';
import { eventually } from '../http/serving.js';
import { ROOT, rta, spawnRta } from '../support/cli.js';
import { leavesOutClickhouse, useClickhouse } from '../support/use-clickhouse.js';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { openShop, type Shop, totalsOf } from './shop.js';

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly rawSql: string }[] }[];
}

const STRING: Type = { kind: 'string' };
const LONG: Type = { kind: 'long' };
const nullable = (of: Type): Type => ({ kind: 'nullable', of });
const column = (name: string, type: Type): Column => ({ name, type });

function sinkOf(columns: readonly Column[], key: readonly string[] | null, compacted = key !== null): SinkNode {
  const span = { source: { path: 'p.yaml', text: '' }, start: 0, end: 0 };
  const formats = { format: 'avro', keyFormat: 'avro', keySchema: null, valueSchema: null } as const;
  return { id: 'sink', name: 'sink', input: 's', topic: 'p-sink', key, compacted, columns, span, ...formats };
}

const batchOf = (rows: readonly (readonly [key: Row | null, row: Row | null])[], from = 0, time = 0) => ({
  items: rows.map(([key, row], i) => ({
    partition: 0,
    offset: from + i,
    time,
    id: key === null ? null : JSON.stringify(key),
    key,
    row,
    bytes: 0,
  })),
  next: new Map([[0, from + rows.length]]),
});

describe.skipIf(leavesOutClickhouse('the sink clickhouse'))('the sink clickhouse', { timeout: 180_000 }, () => {
  const { server, ask } = useClickhouse();
  let tables = 0;
  const newTable = (): string => `t${String(++tables)}`;

  interface Using {
    readonly table: string;
    readonly sink: SinkNode;
    readonly ttlMs?: number;
    readonly now?: () => number;
  }
  /** Opens the sink, lets it do something, and closes it. Resolves to where it begins. */
  async function using(
    { table, sink, ttlMs, now }: Using,
    act: (sink: ClickhouseSink) => Promise<void>,
  ): Promise<ReadonlyMap<number, number>> {
    const { url, user, password } = server();
    const target = { kind: 'clickhouse', table, url, database: 'default', user, password, ttlMs: ttlMs ?? null } as const;
    const opened = new ClickhouseSink({ sink, target, resolved: { ...target, problems: [] }, ...(now === undefined ? {} : { now }) });
    try {
      const from = await opened.begin(new Map([[0, 7]]));
      await act(opened);
      return from;
    } finally {
      await opened.close();
    }
  }
  const never = new AbortController().signal;

  it('holds every type of the language, and null of each', async () => {
    const record: Type = { kind: 'record', name: 'R', fields: [{ name: 'x', type: { kind: 'int' } }, { name: 'y', type: nullable(STRING) }] }; // prettier-ignore
    const types: Readonly<Record<string, readonly [Type, Row[string], unknown, unknown?]>> = {
      a_boolean: [{ kind: 'boolean' }, true, 1],
      an_int: [{ kind: 'int' }, -7, -7],
      a_long: [LONG, 9007199254740993n, '9007199254740993'],
      a_float: [{ kind: 'float' }, 1.5, 1.5],
      a_double: [{ kind: 'double' }, 0.1, 0.1],
      a_decimal: [{ kind: 'decimal', precision: 20, scale: 3 }, -123456789n, -123456.789],
      a_wide_decimal: [{ kind: 'decimal', precision: 80, scale: 2 }, 12345n, '123.45'],
      a_string: [STRING, 'žluť "\\\n', 'žluť "\\\n'],
      an_enum: [{ kind: 'enum', name: 'E', symbols: ['a'] }, 'a', 'a'],
      some_bytes: [{ kind: 'bytes' }, Uint8Array.of(1, 255), 'Af8='],
      // This server is older than times with fractions of a second.
      a_timestamp: [{ kind: 'timestamp', unit: 'micros' }, 1_700_000_000_123.456, '2023-11-14 22:13:20'],
      a_date: [{ kind: 'date' }, 19_675, '2023-11-14'],
      an_array: [{ kind: 'array', items: nullable(STRING) }, ['a', null, '"'], ['a', null, '"'], []],
      some_records: [{ kind: 'array', items: record }, [{ x: 1, y: null }], ['{"x":1,"y":null}'], []],
      a_map: [{ kind: 'map', values: LONG }, new Map([['k', 3]]), '{"k":3}'],
      a_record: [record, { x: 3, y: 'z' }, '{"x":3,"y":"z"}'],
    };
    const columns = [column('id', LONG), ...Object.entries(types).map(([name, [type]]) => column(name, nullable(type)))];
    const full = Object.fromEntries(Object.entries(types).map(([name, [, value]]) => [name, value]));
    const empty = Object.fromEntries(Object.keys(types).map((name) => [name, null]));
    const table = newTable();
    await using({ table, sink: sinkOf(columns, ['id']) }, (sink) =>
      sink.write(
        batchOf([
          [{ id: 1 }, { id: 1, ...full }],
          [{ id: 2 }, { id: 2, ...empty }],
        ]),
        never,
      ),
    );
    const shown = Object.fromEntries(Object.entries(types).map(([name, [, , json]]) => [name, json]));
    const nulls = Object.fromEntries(Object.entries(types).map(([name, [, , , none]]) => [name, none ?? null]));
    const names = Object.keys(types).join(', ');
    expect(await ask(`SELECT ${names} FROM ${table} FINAL ORDER BY id`)).toEqual([shown, nulls]);
    await using(
      { table, sink: sinkOf([column('id', LONG), column('n', { kind: 'double' })], ['id']) },
      (sink) =>
      sink.write(batchOf([[{ id: 3 }, { id: 3, n: Infinity }], [{ id: 4 }, { id: 4, n: NaN }]], 2), never), // prettier-ignore
    );
    expect(await ask(`SELECT toString(n) AS n FROM ${table} FINAL WHERE id > 2 ORDER BY id`)).toEqual([{ n: 'inf' }, { n: 'nan' }]);
  });

  it('upserts by key, deletes by tombstones, and repeats in any order change nothing', async () => {
    const sink = sinkOf([column('team', STRING), column('total', LONG)], ['team']);
    const table = newTable();
    const row = (team: string, total: number) => [{ team }, { team, total }] as const;
    const [first, second] = [
      batchOf([row('red', 1), row('blue', 1), row('red', 2)]),
      batchOf([[{ team: 'blue' }, null], row('green', 3)], 3),
    ];
    const from = await using({ table, sink }, async (opened) => {
      for (const batch of [first, second, first]) await opened.write(batch, never);
    });
    const rows = () => ask(`SELECT team, toInt32(total) AS total FROM ${table} FINAL WHERE rta_deleted = 0 ORDER BY team`);
    const expected = [{ team: 'green', total: 3 }, { team: 'red', total: 2 }]; // prettier-ignore
    expect(await rows()).toEqual(expected);
    // A table that was not there gets everything; one that is goes on where the group was.
    expect(from).toEqual(new Map([[0, 0]]));
    expect(await using({ table, sink }, (opened) => opened.write(second, never))).toEqual(new Map());
    expect(await rows()).toEqual(expected);
  });

  it('has each row of a stream once, and one row where a table has no key', async () => {
    const [stream, single] = [newTable(), newTable()];
    const rows = Array.from({ length: 5000 }, (_, n) => [null, { n }] as const);
    await using({ table: stream, sink: sinkOf([column('n', LONG)], null) }, async (opened) => {
      await opened.write(batchOf(rows), never);
      await opened.write(batchOf(rows.slice(100, 200), 100), never);
    });
    expect(await ask(`SELECT toInt32(count()) AS rows, toInt32(sum(n)) AS total FROM ${stream} FINAL`)).toEqual([
      { rows: 5000, total: 12_497_500 },
    ]);
    await using({ table: single, sink: sinkOf([column('n', LONG)], [], true) }, async (opened) => {
      for (const n of [1, 2]) await opened.write(batchOf([[{}, { n }]], n), never);
    });
    expect(await ask(`SELECT toInt32(n) AS n FROM ${single} FINAL`)).toEqual([{ n: 2 }]);
  });

  it('gets the columns that the schema gains, and wider types; what cannot be is an error that says so', async () => {
    const table = newTable();
    const write = (columns: readonly Column[], row: Row, offset: number) =>
      using({ table, sink: sinkOf([column('id', STRING), ...columns], ['id']) }, (opened) =>
        opened.write(batchOf([[{ id: row.id }, row]], offset), never),
      );
    await write([column('n', { kind: 'int' }), column('gone', STRING)], { id: 'a', n: 1, gone: 'g' }, 0);
    await write([column('n', nullable(LONG)), column('more', nullable(STRING))], { id: 'b', n: 5_000_000_000, more: 'm' }, 1);
    expect(await ask(`SELECT id, n, gone, more FROM ${table} FINAL ORDER BY id`)).toEqual([
      { id: 'a', n: '1', gone: 'g', more: null },
      { id: 'b', n: '5000000000', gone: '', more: 'm' },
    ]);
    const refused = async (columns: readonly Column[], key = ['id'], name = table): Promise<string> =>
      using({ table: name, sink: sinkOf([column('id', STRING), ...columns], key) }, () => Promise.resolve()).then(
        () => 'taken',
        (error: unknown) => (error as Error).message,
      );
    expect(await refused([column('n', { kind: 'date' })])).toBe(
      `the column n of the table ${table} is Nullable(Int64), and cannot become Date`,
    );
    expect(await refused([column('k', STRING)], ['id', 'k'])).toMatch(/is sorted by \(id\), .* it has to be \(id, k\)$/);
    await ask('CREATE TABLE plain (id String) ENGINE = MergeTree ORDER BY id');
    expect(await refused([], ['id'], 'plain')).toMatch(/^the table plain is a MergeTree, in which rows that are inserted again stay/);
  });

  it('answers what the dashboard of deploy/grafana asks', async () => {
    const dashboard = JSON.parse(readFileSync(join(ROOT, 'deploy/grafana/dashboards/teams.json'), 'utf8')) as Dashboard;
    const sink = sinkOf([column('team_id', STRING), column('total', LONG)], ['team_id']);
    const batch = batchOf([[{ team_id: 'red' }, { team_id: 'red', total: 7 }]], 0, Date.now());
    await using({ table: 'team_totals', sink }, (opened) => opened.write(batch, never));
    for (const { title, targets } of dashboard.panels) for (const { rawSql } of targets) expect(await ask(rawSql), title).toHaveLength(1);
  });

  it('deletes what has expired, by its event time', async () => {
    const table = newTable();
    const now = Date.UTC(2026, 0, 31);
    await using({ table, sink: sinkOf([column('id', STRING)], null), ttlMs: 86_400_000, now: () => now }, async (opened) => {
      await opened.write(batchOf([[null, { id: 'old' }]], 0, now - 90_000_000), never);
      await opened.write(batchOf([[null, { id: 'new' }]], 1, now - 80_000_000), never);
      await opened.maintain();
    });
    for (let tries = 0; tries < 100 && (await ask(`SELECT id FROM ${table}`)).length > 1; tries++) await delay(100);
    expect(await ask(`SELECT id FROM ${table}`)).toEqual([{ id: 'new' }]);
  });

  /** Each has its own tables. */
  const sinks = (prefix: string): string => `  totals_table: { from: totals, clickhouse: ${prefix}totals }
  raw: { from: shop, clickhouse: { table: ${prefix}orders, url: '\${HOUSE_URL}', user: '\${HOUSE_USER}', password: '\${HOUSE_PASSWORD}' } }
`;

  async function expectEachOnce({ directory, pipeline, env: kafka, send }: Shop, prefix: string): Promise<void> {
    const house = server();
    const { url, user, password } = house;
    const env = { ...kafka, HOUSE_URL: url, HOUSE_USER: user, HOUSE_PASSWORD: password, CLICKHOUSE_URL: url, CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: password }; // prettier-ignore
    const here = { cwd: directory, env };
    const stored = async (): Promise<number> => {
      const rows = await ask<{ readonly n: number }>(`SELECT toInt32(count()) AS n FROM ${prefix}orders FINAL`).catch(() => []);
      return rows.at(0)?.n ?? 0;
    };
    for (const kills of [0, 1]) {
      await send(kills * 10_000, 10_000);
      const before = await stored();
      const running = spawnRta(['run', '--json'], here);
      await running.printed(/"started"/);
      await eventually(stored, (now) => now > before);
      running.child.kill('SIGKILL');
      await running.ended;
    }
    // It is away when the last run begins, and comes back.
    await house.kill();
    const ending = new AbortController();
    let stdout = '';
    const restart: { done?: Promise<void> } = {};
    const said = (what: string): boolean => stdout.split(what).length > 2;
    const onStdout = (text: string): void => {
      stdout += text;
      if (said('cannot be reached')) restart.done ??= house.restart();
      if (said('the store is there')) ending.abort();
    };
    const { code } = await rta(['run', '--json'], { ...here, onStdout, signal: ending.signal });
    await restart.done;
    expect(code).toBe(130);
    const last = await rta(['run', '--until-end', '--json'], here);
    expect(last.code).toBe(0);
    expect(stdout + last.stdout).not.toContain(password);
    const away = `ClickHouse table ${prefix}orders: it cannot be reached (ECONNREFUSED); rows wait in ${pipeline}-raw, and it is tried again`;
    expect(stdout).toContain(away);
    expect(await ask(`SELECT toInt32(count()) AS n, toInt32(uniqExact(id)) AS ids FROM ${prefix}orders FINAL`)).toEqual([
      { n: 20_000, ids: 20_000 },
    ]);
    const totals = await ask(
      `SELECT team, toInt32(total) AS total, toInt32(orders) AS orders FROM ${prefix}totals FINAL WHERE rta_deleted = 0 ORDER BY team`,
    );
    expect(totals).toEqual(totalsOf(20_000));
  }

  it('has each row once, however often rta and the server are killed, and shows no password', () =>
    expectEachOnce(openShop(sinks('')), ''));

  describe.skipIf(leavesOut('the sink clickhouse on Kafka'))('on Kafka', () => {
    const kafka = useKafka();
    it('has each row once, however often rta and the server are killed', () =>
      expectEachOnce(openShop(sinks('kafka_'), kafka()), 'kafka_'));
  });
});
