/** The sink `parquet:` of `rta run`: files have each order once, also when the process is killed meanwhile. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../http/serving.js';
import { ndjson, rta, spawnRta } from '../support/cli.js';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { openShop, type Shop } from './shop.js';

const SINKS = '  board: { from: totals, topic: totals }\n  lake: { from: shop, parquet: { path: ./lake, every: 500ms, rows: 3000 } }\n';

async function expectEachOnce({ directory, env, send }: Shop): Promise<void> {
  const lake = join(directory, 'lake');
  const files = (): number =>
    existsSync(lake) ? readdirSync(lake, { recursive: true }).filter((name) => /\.parquet$/.test(String(name))).length : 0;
  let sent = 0;
  for (let kills = 0; kills < 2; kills++) {
    await send(sent, 10_000);
    sent += 10_000;
    const before = files();
    const running = spawnRta(['run', '--json'], { cwd: directory, env });
    await running.printed(/"started"/);
    // Rows have come by then, and more wait for the next file.
    await eventually(
      () => Promise.resolve(files()),
      (now) => now > before,
    );
    running.child.kill('SIGKILL');
    await running.ended;
  }
  expect(await rta(['run', '--until-end', '--json'], { cwd: directory, env })).toMatchObject({ code: 0, stderr: '' });
  const sql = `SELECT count(*) AS n, count(DISTINCT id) AS ids, min(date)::VARCHAR AS first FROM read_parquet('${lake}/*/*.parquet')`;
  const read = await rta(['sql', sql, '--json'], { cwd: directory });
  expect(read).toMatchObject({ code: 0, stderr: '' });
  expect(ndjson(read.stdout).slice(1)).toEqual([{ n: sent, ids: sent, first: '2026-01-01' }]);
}

describe('the sink parquet', { timeout: 180_000 }, () => {
  it('has each row once, however often the process is killed', () => expectEachOnce(openShop(SINKS)));
});

describe.skipIf(leavesOut('the sink parquet on Kafka'))('the sink parquet on Kafka', { timeout: 180_000 }, () => {
  const env = useKafka();
  it('has each row once, however often the process is killed', () => expectEachOnce(openShop(SINKS, env())));
});
