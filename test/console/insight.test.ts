/** Views of what happens over time, on events that are known: analytics over a range, windows, incidents and who was told of them. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@rta/tools';
import { beforeAll, expect, it } from 'vitest';
import { ROOT, temporaryDirectory } from '../../packages/cli/test/support/cli.js';
import { openReceiver } from '../../packages/cli/test/support/receiver.js';
import { appendRawEvents } from '../../packages/cli/test/support/raw-events.js';
import { describeInBrowser, openPage, show, until, type Shown } from './opened.js';

const PROJECT = (url: string): string => `sources:
  raw_events: { topic: raw-events, schema: raw_event, format: json, time: event_timestamp, lateness: 5s }
notify:
  desk: { webhook: { url: '${url}' } }
`;
const SPREES = `pipeline: sprees
source: raw_events
steps:
  - groupBy: user_id
    window: { tumbling: 1m, grace: 10s }
    aggregate: { spent: sum(total_amount) where event_type == "purchase" }
sink: { topic: sprees, format: json }
alerts:
  spree: { when: spent > 20, notify: desk }
`;
const MINUTE = 60_000;
/** An hour ago: in the last 24 hours, whatever the time is. */
const START = Math.floor(Date.now() / MINUTE) * MINUTE - 60 * MINUTE;

interface Event {
  readonly minute: number;
  readonly user: number;
  readonly type: 'product_view' | 'add_to_cart' | 'purchase';
  readonly amount?: number;
}

/** A visit each minute: each second one fills a cart, each fourth one buys for 10 + its minute. In minute 24 somebody buys for 50. */
const EVENTS: readonly Event[] = [
  ...Array.from({ length: 21 }, (_, minute): Event[] => [
    { minute, user: minute % 5, type: 'product_view' },
    ...(minute % 2 === 0 ? [{ minute, user: minute % 5, type: 'add_to_cart' } as const] : []),
    ...(minute % 4 === 0 ? [{ minute, user: minute % 5, type: 'purchase', amount: 10 + minute } as const] : []),
  ]).flat(),
  { minute: 24, user: 9, type: 'purchase', amount: 50 },
  { minute: 25.5, user: 8, type: 'product_view' },
];
const BOUGHT = EVENTS.reduce((sum, { amount = 0 }) => sum + amount, 0);

function append(directory: string, events: readonly Event[]): Promise<void> {
  const where = { device_type: 'phone', os: 'x', browser: 'y', location: 'z', page_url: '/' };
  const raw = events.map(({ minute, user, type, amount }, i) => {
    const time = START + minute * MINUTE + i;
    const ids = { event_id: `${minute} ${type} ${user}`, user_id: `u${user}`, session_id: `s${Math.floor(minute)}` };
    const product = { product_id: 'p1', product_name: 'Lamp', product_category: minute < 10 ? 'Home' : 'Toys' };
    const what = { event_timestamp: new Date(time).toISOString(), event_type: type, total_amount: amount ?? null };
    return { time, event: { ...ids, ...where, ...product, ...what } };
  });
  return appendRawEvents(join(directory, '.rta'), raw);
}

const cells = (page: Page, table: string): Promise<string[][]> =>
  page
    .getByRole('region', { name: table, exact: true })
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));

describeInBrowser('views of what happens over time', () => {
  const told: string[] = [];
  let project = '';
  let run: Shown;

  beforeAll(async () => {
    const desk = await openReceiver((body, _, response) => {
      told.push((body as { readonly action: string }).action);
      response.writeHead(202).end();
    });
    project = temporaryDirectory();
    mkdirSync(join(project, 'schemas'));
    cpSync(join(ROOT, 'schemas/raw_event.avsc'), join(project, 'schemas/raw_event.avsc'));
    cpSync(join(ROOT, 'pipelines/product'), join(project, 'pipelines'), { recursive: true });
    writeFileSync(join(project, 'rta.yaml'), PROJECT(`${desk}/`));
    writeFileSync(join(project, 'pipelines/sprees.yaml'), SPREES);
    await append(project, EVENTS);
    run = await show(['run', '--http', '0', '--partitions', '1'], project);
  }, 120_000);

  it('shows figures, funnel, lines, categories and tables of a range', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#analytics`);
    const figure = (board: string): Promise<string | null> => page.getByRole('region', { name: board, exact: true }).locator('.figure').textContent(); // prettier-ignore
    await until(() => figure('revenue'), (text) => text === String(BOUGHT), 90_000); // prettier-ignore
    for (const board of ['orders', 'visits']) await until(() => figure(board), (text) => text === '7'); // prettier-ignore
    await page.getByRole('img', { name: 'from view to purchase: viewed 22, carted 11, purchased 6' }).waitFor();
    const conversions = page.getByLabel('from view to purchase, from step to step');
    expect(await conversions.textContent()).toBe('viewed → carted50%carted → purchased54.5%');
    // 21 seen, 11 put into a cart, 7 bought: the last view is newer than the watermark.
    const lamps = (): Promise<string[][]> => cells(page, 'Rows of best products');
    await until(lamps, (rows) => rows.length === 1 && rows[0].slice(-3, -1).join() === '52.4,63.6');
    const bars = page.getByRole('list', { name: 'categories' }).locator('li');
    await until(() => bars.evaluateAll((all) => all.map((bar) => bar.querySelector('.label')?.textContent)), (all) => all.join() === 'Toys,Home'); // prettier-ignore
    expect(await page.locator('[data-board="revenue-per-minute/revenue over time"] canvas').count()).toBe(1);
    await page.getByRole('button', { name: 'Table of revenue over time' }).click();
    const rows = await until(() => cells(page, 'Rows of revenue over time'), (all) => all.length > 0); // prettier-ignore
    expect(rows.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(BOUGHT);
    await page.getByRole('button', { name: 'Last 7d' }).click();
    await until(() => figure('revenue'), (text) => text === String(BOUGHT)); // prettier-ignore
    await page.getByRole('button', { name: 'Custom range' }).click();
    const field = (ms: number): string => new Date(ms).toISOString().slice(0, 19);
    await page.getByLabel('From, UTC').fill(field(START));
    await page.getByLabel('To, UTC').fill(field(START + 10 * MINUTE));
    await until(() => figure('revenue'), (text) => text === String(10 + 14 + 18)); // prettier-ignore
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('draws open windows with the watermark, and those that have closed', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#windows`);
    const card = page.locator('section', { hasText: 'sprees ·' });
    const axis = card.getByRole('img', { name: /^windows of sprees .+: 1 open, 0 closed, watermark / });
    await axis.waitFor();
    expect(await card.locator('.facts').textContent()).toMatch(/^tumbling 1m, grace 10s · 1 open · grace 10 s · 0 late · watermark \d/);
    await append(project, [{ minute: 27.5, user: 7, type: 'product_view' }]);
    await card.getByRole('img', { name: /: 1 open, 1 closed, watermark / }).waitFor();
    await card.getByRole('button', { name: /^Table of windows of sprees/ }).click();
    const rows = await card.locator('tbody tr').evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    expect(rows.map(([, , count, state]) => [count, state])).toEqual([['1', 'closed'], ['1', 'open']]); // prettier-ignore
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('shows incidents by key over time, and who was told', async () => {
    const { page, errors } = await openPage();
    await page.goto(`${run.url}/#alerts`);
    // Of minutes 12, 16, 20 and 24; all have ended by now.
    const items = page.getByRole('list', { name: 'Incidents by key' }).getByRole('listitem');
    await until(() => items.count(), (count) => count === 4); // prettier-ignore
    await until(() => Promise.resolve(told.length), (count) => count >= 7); // prettier-ignore
    const rows = await until(() => cells(page, 'Table of incidents'), (all) => all.every(([, , , , , , , by]) => !by.includes('not told yet'))); // prettier-ignore
    expect(rows.map(([alert, key]) => `${alert} ${key}`)).toEqual(['spree user_id u9', 'spree user_id u0', 'spree user_id u1', 'spree user_id u2']); // prettier-ignore
    expect(rows.at(-1)![2]).toBe('ended');
    for (const [, , , , , , , by] of rows) expect(by).toMatch(/^desk: trigger told \d\d:\d\d:\d\d/);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
