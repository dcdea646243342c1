/** The sink `table:` of `rta run`: what the embedded OLAP store has is what the orders come to, also when the process is killed meanwhile. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ndjson, rta, spawnRta } from '../support/cli.js';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { openShop, totalsOf } from './shop.js';

const SINKS = `  board: { from: totals, topic: totals }
  totals_table: { from: totals, table: totals }
  raw: { from: shop, table: orders }
`;

async function query(directory: string, sql: string): Promise<unknown[]> {
  const { code, stdout, stderr } = await rta(['sql', sql, '--json'], { cwd: directory });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return ndjson(stdout).slice(1);
}

async function expectAll(directory: string, count: number): Promise<void> {
  const raw = await query(directory, 'SELECT count(*)::INTEGER AS n, count(DISTINCT id)::INTEGER AS ids FROM orders');
  expect(raw).toEqual([{ n: count, ids: count }]);
  const totals = await query(directory, 'SELECT team, total::INTEGER AS total, orders::INTEGER AS orders FROM totals ORDER BY team');
  expect(totals).toEqual(totalsOf(count));
}

describe('the sink table', { timeout: 180_000 }, () => {
  it('has each row once, however often the process is killed', async () => {
    const { directory, send } = openShop(SINKS);
    let sent = 0;
    for (const ms of [300, 900, 1500, 2200]) {
      await send(sent, 20_000);
      sent += 20_000;
      const running = spawnRta(['run', '--json'], { cwd: directory });
      await running.printed(/"started"/);
      await delay(ms);
      running.child.kill('SIGKILL');
      await running.ended;
    }
    const { code, stderr } = await rta(['run', '--until-end', '--json'], { cwd: directory });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    await expectAll(directory, sent);
  });

  it('waits in its topic with --no-sinks', async () => {
    const { directory, send } = openShop(SINKS);
    await send(0, 100);
    expect((await rta(['run', '--until-end', '--no-sinks', '--json'], { cwd: directory })).code).toBe(0);
    expect(await rta(['sql', 'SELECT 1'], { cwd: directory })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no OLAP store') as unknown,
    });
    expect((await rta(['run', '--until-end', '--json'], { cwd: directory })).code).toBe(0);
    await expectAll(directory, 100);
  });
});

describe.skipIf(leavesOut('the sink table on Kafka'))('the sink table on Kafka', { timeout: 180_000 }, () => {
  const env = useKafka();

  it('has each row once, though the process is killed', async () => {
    const { directory, send } = openShop(SINKS, env());
    await send(0, 20_000);
    const running = spawnRta(['run', '--json'], { cwd: directory, env: env() });
    await running.printed(/"started"/);
    await delay(3000);
    running.child.kill('SIGKILL');
    await running.ended;
    await send(20_000, 20_000);
    const { code } = await rta(['run', '--until-end', '--json'], { cwd: directory, env: env() });
    expect(code).toBe(0);
    await expectAll(directory, 40_000);
  });
});
