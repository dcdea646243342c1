/** `rta export`: a table of the OLAP store to Parquet files by date. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/exit-codes.js';
import { eventually, serveApart } from '../http/serving.js';
import { ndjson, rta } from '../support/cli.js';
import { openShop } from './shop.js';

it('writes a table by date, and nothing where that cannot be', { timeout: 180_000 }, async () => {
  const { directory: cwd, send } = openShop('  raw: { from: shop, table: orders }\n');
  expect(await rta(['export', 'orders', '--to', 'lake'], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining('no_store') as unknown }); // prettier-ignore
  await send(0, 500);
  expect((await rta(['run', '--until-end', '--json'], { cwd })).code).toBe(0);
  expect(await rta(['export', 'order', '--to', 'lake'], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining('no_table') as unknown }); // prettier-ignore
  expect(existsSync(join(cwd, 'lake'))).toBe(false);
  const { code, stdout } = await rta(['export', 'orders', '--to', 'lake', '--json'], { cwd });
  expect(code).toBe(0);
  expect(ndjson(stdout)).toEqual([
    { rta: 1, command: 'export' },
    { date: '2026-01-01', path: join(cwd, 'lake/date=2026-01-01/orders.parquet'), rows: 500 },
  ]);
  expect(readdirSync(join(cwd, 'lake'))).toEqual(['date=2026-01-01']);
  expect(await rta(['export', 'orders', '--to', 'lake'], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining('not_empty') as unknown }); // prettier-ignore
});

it('is done by rta run itself while that has the store open', { timeout: 180_000 }, async () => {
  const { directory: cwd, send } = openShop('  raw: { from: shop, table: orders }\n');
  await send(0, 500);
  const env = { RTA_HTTP_TOKEN: 'secret' };
  const { url, child, ended } = await serveApart({ cwd, env });
  const count = async (): Promise<unknown> => ndjson((await rta(['sql', 'SELECT count(*)::INTEGER AS n FROM orders', '--json'], { cwd, env })).stdout).at(-1); // prettier-ignore
  await eventually(count, (last) => (last as { readonly n?: number } | undefined)?.n === 500);
  for (const [to, more] of [
    ['lake', []],
    ['deep/pond', ['--url', url]],
  ] as const) {
    const { code, stdout, stderr } = await rta(['export', 'orders', '--to', to, '--json', ...more], { cwd, env });
    expect({ code, stderr, files: ndjson(stdout).slice(1) }).toEqual({
      code: 0,
      stderr: '',
      files: [{ date: '2026-01-01', path: join(cwd, to, 'date=2026-01-01/orders.parquet'), rows: 500 }],
    });
  }
  expect(readdirSync(join(cwd, 'deep'))).toEqual(['pond']);
  expect(readdirSync(join(cwd, '.rta/copies'))).toEqual([]);
  expect(await rta(['export', 'order', '--to', 'sea'], { cwd, env })).toMatchObject({ code: 1, stderr: expect.stringContaining('no_table') as unknown }); // prettier-ignore
  expect(await rta(['export', 'orders', '--to', 'sea'], { cwd })).toMatchObject({ code: 1, stderr: expect.stringContaining('unauthorized') as unknown }); // prettier-ignore
  expect(existsSync(join(cwd, 'sea'))).toBe(false);
  expect((await fetch(`${url}/export/orders`)).status).toBe(401);
  child.kill('SIGTERM');
  expect((await ended).code).toBe(EXIT_CODES.interrupted.code);
});
