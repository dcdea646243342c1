/** What `--http` says of sinks whose store is away: the process is degraded, and goes on. */
import { describe, expect, it } from 'vitest';
import { rta } from '../support/cli.js';
import { openReceiver } from '../support/receiver.js';
import { openShop } from '../sinks/shop.js';
import { eventually, serve } from './serving.js';

const ORDERS = 200;

describe.each(['run', 'worker'] as const)('rta %s --http', { timeout: 180_000 }, (command) => {
  it('says which store is away, how far it is behind, and when it takes rows again', async () => {
    let isAway = true;
    const url = await openReceiver((_body, _request, response) => response.writeHead(isAway ? 503 : 204, { 'retry-after': '0' }).end());
    const { directory: cwd, send } = openShop(`  raw: { from: shop, webhook: '\${DESK_URL}' }\n  board: { from: totals, topic: board }\n`);
    const env = { DESK_URL: url };
    await send(0, ORDERS);
    if (command === 'worker') expect(await rta(['deploy'], { cwd, env })).toMatchObject({ code: 0 });
    const serving = await serve([], { cwd, env }, command);
    const ask = async (path: string): Promise<unknown> => (await fetch(`${serving.url}${path}`)).json();
    /** Of the one delivery; null: nothing is said yet. */
    const figure = async (name: string): Promise<number | null> => {
      const text = await (await fetch(`${serving.url}/metrics`)).text();
      const [, value] = new RegExp(`^rta_delivery_${name}\\{pipeline="shop",sink="raw",store="webhook"\\} (\\S+)$`, 'm').exec(text) ?? [];
      return value === undefined ? null : Number(value);
    };
    const readiness = () => ask('/readyz') as Promise<{ readonly ready: boolean; readonly degraded: boolean; readonly sinks: readonly object[] }>;
    const away = await eventually(readiness, ({ ready, degraded }) => ready && degraded);
    expect(away.sinks).toMatchObject([{ pipeline: 'shop', sink: 'raw', store: 'webhook', state: 'retrying' }]);
    expect(await ask('/healthz')).toMatchObject({ status: 'degraded' });
    expect(await figure('up')).toBe(0);
    expect(await figure('failures_total')).toBeGreaterThan(0);
    expect(await eventually(() => figure('lag_records'), (lag) => lag !== null && lag >= ORDERS)).toBeLessThan(2 * ORDERS); // prettier-ignore
    expect(await eventually(() => figure('delay_seconds'), (delay) => delay! > 0)).toBeLessThan(60); // prettier-ignore
    isAway = false;
    expect(await eventually(() => figure('records_total'), (rows) => rows === ORDERS)).toBe(ORDERS); // prettier-ignore
    expect(await figure('lag_records')).toBe(0);
    expect(await readiness()).toMatchObject({ ready: true, degraded: false, sinks: [{ state: 'delivering', retries: 0 }] });
    expect(await ask('/healthz')).toMatchObject({ status: 'ok' });
    expect((await serving.stop()).code).toBe(130);
  });
}); // prettier-ignore
