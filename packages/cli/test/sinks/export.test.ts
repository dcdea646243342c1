/** `rta export`: a table of the OLAP store to Parquet files by date. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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
