/** Product analytics: what the three pipelines give equals a plain recomputation of the events that the generator wrote. */
import { beforeAll, describe, expect, it } from 'vitest';
import { groupsOf, runUseCase, sorted, type Row, type UseCase } from './project.js';

interface Event {
  readonly event_id: string;
  readonly event_timestamp: string;
  readonly event_type: 'page_view' | 'product_view' | 'add_to_cart' | 'purchase';
  readonly user_id: string;
  readonly session_id: string;
  readonly product_id?: string;
  readonly product_name?: string;
  readonly product_category?: string;
  readonly price?: number;
  readonly quantity?: number;
  readonly total_amount?: number;
}

const MINUTE = 60_000;
const GAP = 30 * MINUTE;
const timeOf = ({ event_timestamp }: Event): number => Date.parse(event_timestamp);
const iso = (ms: number): string => new Date(ms).toISOString();
const countOf = (events: readonly Event[], type: Event['event_type']): number => events.filter((event) => event.event_type === type).length;
/** Amounts are whole cents. */
const spent = (events: readonly Event[]): number =>
  events.reduce((cents, { event_type, total_amount = 0 }) => cents + (event_type === 'purchase' ? Math.round(total_amount * 100) : 0), 0) /
  100;

describe('product analytics', () => {
  let useCase: UseCase;
  let events: Event[];

  beforeAll(async () => {
    useCase = await runUseCase('product', 20_000);
    const rows = (await useCase.records('raw-events')) as unknown as Event[];
    events = rows.sort((a, b) => timeOf(a) - timeOf(b));
  });

  it('is fed with journeys: what is put into the cart was looked at, what is bought was in the cart', () => {
    expect(events).toHaveLength(20_000);
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(20_000);
    expect(new Set(events.flatMap(({ product_id }) => product_id ?? [])).size).toBe(100);
    expect(new Set(events.flatMap(({ product_category }) => product_category ?? [])).size).toBe(5);
    for (const session of groupsOf(events, ({ session_id }) => session_id).values()) {
      const done = { product_view: new Set<string>(), add_to_cart: new Set<string>(), purchase: new Set<string>() };
      expect(new Set(session.map(({ user_id }) => user_id)).size).toBe(1);
      for (const { event_type, product_id = '', price = 0, quantity = 0, total_amount } of session) {
        if (event_type === 'page_view') continue;
        if (event_type === 'add_to_cart') expect(done.product_view).toContain(product_id);
        if (event_type === 'purchase') {
          expect(done.add_to_cart).toContain(product_id);
          expect(total_amount).toBeCloseTo(price * quantity, 9);
        }
        done[event_type].add(product_id);
      }
    }
  });

  it('active-users-per-minute: distinct users by minute', async () => {
    const minutes = groupsOf(events, (event) => String(Math.floor(timeOf(event) / MINUTE)));
    const expected = [...minutes].map(([minute, group]) => ({
      window_start: iso(Number(minute) * MINUTE),
      window_end: iso((Number(minute) + 1) * MINUTE),
      active_users: new Set(group.map(({ user_id }) => user_id)).size,
    }));
    expect(sorted(await useCase.table('active-users-per-minute'))).toEqual(sorted(expected));
  });

  it('product-analytics: a row per product', async () => {
    const products = groupsOf(
      events.filter(({ product_id }) => product_id !== undefined),
      ({ product_id = '' }) => product_id,
    );
    const expected = [...products].map(([product_id, group]) => ({
      product_id,
      product_name: group[0].product_name,
      product_category: group[0].product_category,
      view_count: countOf(group, 'product_view'),
      cart_adds: countOf(group, 'add_to_cart'),
      purchases: countOf(group, 'purchase'),
      revenue: expect.closeTo(spent(group), 9) as unknown,
      update_time: group.at(-1)!.event_timestamp,
    }));
    const rows = await useCase.table('product-analytics');
    expect(rows).toHaveLength(100);
    const byProduct = (a: Row, b: Row): number => (String(a['product_id']) < String(b['product_id']) ? -1 : 1);
    expect([...rows].sort(byProduct)).toEqual(expected.sort(byProduct));
  });

  it('user-session-analytics: sessions of activity, the shop’s own ones, and the funnel', async () => {
    const metrics = (group: readonly Event[]): Row => ({
      session_start: group[0].event_timestamp,
      session_end: group.at(-1)!.event_timestamp,
      page_views: countOf(group, 'page_view'),
      product_views: countOf(group, 'product_view'),
      cart_adds: countOf(group, 'add_to_cart'),
      purchases: countOf(group, 'purchase'),
      total_spent: Math.round(spent(group) * 100),
    });
    const cents = (rows: readonly Row[]): Row[] =>
      rows.map((row) => ({ ...row, total_spent: Math.round(Number(row['total_spent']) * 100) }));
    const active = [...groupsOf(events, ({ user_id }) => user_id)].flatMap(([user_id, group]) => {
      const stretches: Event[][] = [];
      for (const event of group) {
        const last = stretches.at(-1);
        if (last !== undefined && timeOf(event) - timeOf(last.at(-1)!) <= GAP) last.push(event);
        else stretches.push([event]);
      }
      return stretches.map((stretch) => ({
        user_id,
        window_start: stretch[0].event_timestamp,
        window_end: iso(timeOf(stretch.at(-1)!) + GAP),
        ...metrics(stretch),
      }));
    });
    expect(sorted(cents(await useCase.table('user-session-analytics')))).toEqual(sorted(active));
    const sessions = [...groupsOf(events, ({ session_id }) => session_id)];
    expect(sorted(cents(await useCase.table('session-analytics')))).toEqual(
      sorted(sessions.map(([session_id, group]) => ({ session_id, ...metrics(group) }))),
    );
    const depths = sessions.map(([, group]) => {
      const steps = ['product_view', 'add_to_cart', 'purchase'];
      let depth = 0;
      for (const { event_type } of group) if (event_type === steps[depth]) depth++;
      return depth;
    });
    expect(await useCase.table('product-funnel')).toEqual([
      Object.fromEntries(['viewed', 'carted', 'purchased'].map((name, i) => [name, depths.filter((depth) => depth > i).length])),
    ]);
  });

  it('the OLAP store has all three tables', async () => {
    const count = async (topic: string): Promise<number> => (await useCase.table(topic)).length;
    const products = await useCase.table('product-analytics');
    const sum = (name: string): number => products.reduce((total, row) => total + Number(row[name]), 0);
    expect(
      await useCase.sql(`SELECT count(*)::INTEGER AS products, sum(view_count)::INTEGER AS views, sum(purchases)::INTEGER AS purchases,
        sum(revenue) AS revenue FROM product_analytics`),
    ).toEqual([
      { products: 100, views: sum('view_count'), purchases: sum('purchases'), revenue: expect.closeTo(sum('revenue'), 6) as unknown },
    ]);
    const part = (of: unknown, whole: unknown): number | null =>
      whole === 0 ? null : Math.round((1000 * Number(of)) / Number(whole)) / 10;
    const rates = await useCase.sql('SELECT product_id, view_to_cart_pct, cart_to_purchase_pct FROM product_analytics ORDER BY product_id');
    const parts = products.map(({ product_id, view_count, cart_adds, purchases }) => ({
      product_id,
      view_to_cart_pct: part(cart_adds, view_count),
      cart_to_purchase_pct: part(purchases, cart_adds),
    }));
    expect(rates).toEqual(parts.sort((a, b) => (String(a.product_id) < String(b.product_id) ? -1 : 1)));
    const rows = (table: string): Promise<Row[]> => useCase.sql(`SELECT count(*)::INTEGER AS n FROM ${table}`);
    expect(await rows('active_users_per_minute')).toEqual([{ n: await count('active-users-per-minute') }]);
    expect(await rows('user_session_analytics')).toEqual([{ n: await count('user-session-analytics') }]);
  });
});
