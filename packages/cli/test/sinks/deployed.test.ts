/** What is deployed delivers too: `rta worker` tells targets of incidents, and fills stores. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { ndjson, rta, spawnRta, type RtaProcess } from '../support/cli.js';
import { openReceiver } from '../support/receiver.js';
import { openShop, totalsOf } from './shop.js';

const SINKS = `  totals:
    from: totals
    webhook: { url: '\${SHOP_URL}/totals', headers: { authorization: 'Bearer \${SHOP_TOKEN}' } }
  raw: { from: shop, table: raw_orders }
alerts:
  late: { from: shop, when: id >= 1000, notify: desk }
`;

type Row = Readonly<Record<string, unknown>>;

/** Rows and incidents that came, by path, in their order. */
const posted: Record<string, Row[]> = { '/totals': [], '/desk': [] };
let env: Record<string, string>;
beforeAll(async () => {
  const url = await openReceiver((body, request, response) => {
    const rows = Array.isArray(body) ? (body as readonly { readonly row: Row }[]).map(({ row }) => row) : [body as Row];
    posted[request.url!].push(...rows);
    response.writeHead(204).end();
  });
  env = { SHOP_URL: url, SHOP_TOKEN: 'hush-hush' };
});

/** The last row of each team. */
function lastTotals(): unknown[] {
  const last = new Map(posted['/totals'].map((row) => [String(row.team), row]));
  return [...last.keys()].sort().map((team) => last.get(team));
}

async function until(what: () => boolean, worker: RtaProcess): Promise<void> {
  for (let i = 0; i < 600 && !what(); i++) {
    if (worker.child.exitCode !== null) throw new Error(JSON.stringify(await worker.ended));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(what()).toBe(true);
}

it(
  'tells targets and fills stores, with the variables of the worker, and goes on where the one before was',
  { timeout: 180_000 },
  async () => {
    const { directory, send } = openShop(SINKS);
    writeFileSync(join(directory, 'rta.yaml'), `notify:\n  desk: { webhook: '\${SHOP_URL}/desk' }\n`);
    await send(0, 2000);
    const deployed = await rta(['deploy', '--json'], { cwd: directory, env });
    expect({ code: deployed.code, stderr: deployed.stderr }).toEqual({ code: 0, stderr: '' });
    for (const count of [2000, 2500]) {
      if (count > 2000) await send(2000, count - 2000);
      const worker = spawnRta(['worker', '--json'], { cwd: directory, env });
      await until(() => JSON.stringify(lastTotals()) === JSON.stringify(totalsOf(count)), worker);
      await until(() => posted['/desk'].length > 0, worker);
      // The rows of the table have a group of their own.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      worker.child.kill('SIGINT');
      const { code, stdout, stderr } = await worker.ended;
      expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
      expect(ndjson(stdout).filter((line) => 'warning' in line)).toEqual([]);
      const asked = await rta(['sql', 'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM raw_orders', '--json'], { cwd: directory });
      expect(asked.stdout).toContain(`"n":${String(count)},"ids":${String(count)}`);
    }
    // What was told is not told again.
    expect(posted['/desk']).toMatchObject([{ alert: 'late', action: 'trigger' }]);
  },
);
