/** SQL over the OLAP store of a running process: over HTTP, and by `rta sql` beside it. */
import { expect, it } from 'vitest';
import { ndjson, rta } from '../support/cli.js';
import { openShop, totalsOf } from '../sinks/shop.js';
import { eventually, serveApart } from './serving.js';

const SQL = 'SELECT team, total, orders FROM totals ORDER BY team';

it('is answered while rta run has the store open', { timeout: 120_000 }, async () => {
  const { directory: cwd, send } = openShop('  totals: { from: totals, table: totals }\n');
  await send(0, 500);
  const env = { RTA_HTTP_TOKEN: 'secret' };
  const { url, child, ended } = await serveApart({ cwd, env });
  const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' };
  const post = (body: object): Promise<Response> => fetch(`${url}/sql`, { method: 'POST', headers, body: JSON.stringify(body) });
  const wanted = totalsOf(500).map(({ team, total, orders }) => [team, total, orders]);
  const shown = await eventually(
    () => post({ sql: SQL }).then((response) => response.json() as Promise<Readonly<Record<string, unknown>>>),
    ({ rows }) => JSON.stringify(rows) === JSON.stringify(wanted),
  );
  const columns = [
    { name: 'team', type: 'VARCHAR' },
    { name: 'total', type: 'BIGINT' },
    { name: 'orders', type: 'BIGINT' },
  ];
  expect(shown).toEqual({ columns, rows: wanted, truncated: false, ms: expect.any(Number) as unknown });
  expect(await (await post({ sql: SQL, limit: 1 })).json()).toMatchObject({ rows: [wanted[0]], truncated: true });

  const get = (query: string): Promise<Response> => fetch(`${url}/sql?access_token=secret&${query}`);
  const csv = await get(
    `format=csv&limit=2&q=${encodeURIComponent(`SELECT 'a "b", c' AS x, NULL AS y, [1] AS z UNION ALL SELECT '', '1', []`)}`,
  );
  expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
  expect(await csv.text()).toBe('x,y,z\r\n"a ""b"", c",,[1]\r\n"",1,[]\r\n');
  const lines = await get(`format=ndjson&limit=1&q=${encodeURIComponent(SQL)}`);
  expect(lines.headers.get('x-rta-truncated')).toBe('true');
  expect(await lines.text()).toBe(`${JSON.stringify(totalsOf(500)[0])}\n`);

  for (const [body, status, error] of [
    [{ sql: 'DELETE FROM totals' }, 400, 'read_only'],
    [{ sql: 'SELECT tema FROM totals' }, 400, 'bad_sql'],
    [{ sql: SQL, limit: 0 }, 400, 'bad_limit'],
    [{ sql: SQL, timeout: 1e9 }, 400, 'bad_timeout'],
    [{ sql: SQL, format: 'xml' }, 400, 'bad_format'],
    [{ sql: SQL, lines: 1 }, 400, 'unknown_parameter'],
    [{}, 400, 'no_sql'],
  ] as const) {
    const response = await post(body);
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([status, error]);
  }
  expect((await fetch(`${url}/sql?q=SELECT+1`)).status).toBe(401);

  // By another process, which finds this one.
  const asked = await rta(['sql', SQL, '--json'], { cwd, env });
  expect({ code: asked.code, rows: ndjson(asked.stdout).slice(1) }).toEqual({ code: 0, rows: totalsOf(500) });
  expect((await rta(['sql', SQL, '--limit', '1', '--url', url], { env })).stderr).toContain('there are more rows');
  expect(await rta(['sql', SQL], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining('a token is needed') as unknown });
  child.kill('SIGTERM');
  expect((await ended).code).toBe(130);
  expect(ndjson((await rta(['sql', SQL, '--json'], { cwd })).stdout).slice(1)).toEqual(totalsOf(500));
});
