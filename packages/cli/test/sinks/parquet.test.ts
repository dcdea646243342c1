/** The sink `parquet:` of `rta run`: files have each order once, also when the process is killed meanwhile. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ndjson, rta, spawnRta } from '../support/cli.js';
import { openShop } from './shop.js';

it('has each row once, however often the process is killed', { timeout: 180_000 }, async () => {
  const { directory, send } = openShop(
    '  board: { from: totals, topic: totals }\n  lake: { from: shop, parquet: { path: ./lake, every: 500ms, rows: 3000 } }\n',
  );
  let sent = 0;
  for (const ms of [700, 1500]) {
    await send(sent, 10_000);
    sent += 10_000;
    const running = spawnRta(['run', '--json'], { cwd: directory });
    await running.printed(/"started"/);
    await delay(ms);
    running.child.kill('SIGKILL');
    await running.ended;
  }
  expect(await rta(['run', '--until-end', '--json'], { cwd: directory })).toMatchObject({ code: 0, stderr: '' });
  const files = `read_parquet('${join(directory, 'lake')}/*/*.parquet')`;
  const sql = `SELECT count(*) AS n, count(DISTINCT id) AS ids, min(date)::VARCHAR AS first FROM ${files}`;
  const read = await rta(['sql', sql, '--json'], { cwd: directory });
  expect(read).toMatchObject({ code: 0, stderr: '' });
  expect(ndjson(read.stdout).slice(1)).toEqual([{ n: sent, ids: sent, first: '2026-01-01' }]);
});
