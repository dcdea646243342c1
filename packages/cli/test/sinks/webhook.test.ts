/** The sink `webhook:` of `rta run`: every change reaches the target, those of a key in order, also when the process is killed meanwhile. */
import { beforeAll, describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/exit-codes.js';
import { rta, spawnRta } from '../support/cli.js';
import { openReceiver } from '../support/receiver.js';
import { leavesOut, useKafka } from '../support/use-kafka.js';
import { openShop, type Shop, totalsOf } from './shop.js';

const SINKS = `  totals:
    from: totals
    webhook: { url: '\${TOTALS_URL}', headers: { authorization: 'Bearer \${TOTALS_TOKEN}' }, batch: 50 }
  raw: { from: shop, webhook: '\${ORDERS_URL}' }
`;

interface Posted {
  readonly id: string;
  readonly row: Readonly<Record<string, number | string>>;
}

/** What came by path, in its order; every third request is answered with 503. */
const posted = new Map<string, Posted[]>();
const tokens = new Set<string | undefined>();
/** Called, once, when so many orders have come, before that is answered. */
let cut: { readonly orders: number; readonly then: () => void } | null = null;
let env: Record<string, string>;
beforeAll(async () => {
  const url = await openReceiver((body, request, response) => {
    if (request.url === '/totals') tokens.add(request.headers.authorization);
    if (Math.random() < 0.3) return void response.writeHead(503, { 'retry-after': '0' }).end();
    const rows = posted.get(request.url!) ?? [];
    posted.set(request.url!, rows);
    rows.push(...(body as Posted[]));
    if (cut !== null && request.url === '/orders' && rows.length >= cut.orders) {
      cut.then();
      cut = null;
    }
    response.writeHead(204).end();
  });
  env = { TOTALS_URL: `${url}/totals`, ORDERS_URL: `${url}/orders`, TOTALS_TOKEN: 'hush-hush' };
});

async function expectEveryRow({ directory, send, env: kafka }: Shop): Promise<void> {
  posted.clear();
  tokens.clear();
  const here = { cwd: directory, env: { ...env, ...kafka } };
  for (const kills of [0, 1]) {
    await send(kills * 2000, 2000);
    const running = spawnRta(['run', '--json'], here);
    // What is under way then was taken, and rta never learns it.
    const { length } = posted.get('/orders') ?? [];
    cut = { orders: length + 500, then: () => running.child.kill('SIGKILL') };
    expect(await running.ended).toMatchObject({ code: null, stderr: '' });
  }
  const { code, stdout, stderr } = await rta(['run', '--until-end', '--json'], here);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toContain('hush');
  expect([...tokens]).toEqual(['Bearer hush-hush']);
  expect(new Set(posted.get('/orders')!.map(({ row }) => row.id)).size).toBe(4000);
  // Repeats begin at a batch that came before; the first time that each came is in order.
  const first = [...new Map(posted.get('/totals')!.map((one) => [one.id, one])).values()];
  const last = new Map(first.map(({ row }) => [String(row.team), row]));
  expect([...last.values()].sort((a, b) => String(a.team).localeCompare(String(b.team)))).toEqual(totalsOf(4000));
  for (const team of last.keys()) {
    const orders = first.flatMap(({ row }) => (row.team === team ? [Number(row.orders)] : []));
    expect(orders).toEqual([...orders].sort((a, b) => a - b));
  }
}

describe.skipIf(leavesOut('the sink webhook on Kafka'))('the sink webhook on Kafka', { timeout: 180_000 }, () => {
  const kafka = useKafka();
  it('reaches the target with every row, however often the process is killed', () => expectEveryRow(openShop(SINKS, kafka())));
});

describe('the sink webhook', { timeout: 180_000 }, () => {
  it('reaches the target with every row, however often the process is killed', () => expectEveryRow(openShop(SINKS)));

  it.each([
    ['is away', 503, EXIT_CODES.unavailable, /error undelivered: .*\nhelp: run it again/, /are left in shop-totals: the next run/],
    ['wants none of them', 404, EXIT_CODES.failed, /error delivery_failed: /, /do not go to the webhook .* any more: .*404/],
  ] as const)('says that rows were not delivered, where the target %s', async (_what, status, { code }, error, warning) => {
    const url = await openReceiver((_body, _request, response) => void response.writeHead(status).end());
    const { directory: cwd, send } = openShop("  totals: { from: totals, webhook: '${TOTALS_URL}' }\n");
    await send(0, 100);
    const run = await rta(['run', '--until-end'], { cwd, env: { TOTALS_URL: url } });
    expect(run.code).toBe(code);
    expect(run.stderr).toMatch(error);
    expect(run.stdout + run.stderr).toMatch(warning);
  });

  it('starts nothing where it is not known where rows go, and shows no secret', async () => {
    const { directory } = openShop(SINKS);
    const run = (more: Readonly<Record<string, string>>) => rta(['run', '--until-end'], { cwd: directory, env: more });
    const unset = await run({ TOTALS_URL: env.TOTALS_URL, TOTALS_TOKEN: 'hush' });
    expect(unset.code).toBe(1);
    expect(unset.stderr).toMatch(/ORDERS_URL[^]*nothing was started: where rows go is not known|nothing was started: where rows go is not known[^]*ORDERS_URL/); // prettier-ignore
    const bad = await run({ ...env, TOTALS_URL: 'hush' });
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain('RTA3321');
    expect(unset.stderr + bad.stderr).not.toContain('hush');
  });
});
