/** Web events: what the pipelines give equals a plain recomputation of the events that the generator wrote. */
import { beforeAll, describe, expect, it } from 'vitest';
import { groupsOf, runUseCase, sorted, type Row, type UseCase, YESTERDAY } from './project.js';

interface Event {
  readonly event_type: string;
  readonly timestamp: number;
  readonly user_id: string;
  readonly country: string | null;
  readonly properties: {
    readonly page_id?: string;
    readonly endpoint?: string;
    readonly response_ms?: number;
    readonly product_id?: string;
    readonly revenue?: number;
    readonly items?: readonly { readonly sku: string; readonly qty: number }[];
  };
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GAP = 30 * MINUTE;

describe('web events', () => {
  let useCase: UseCase;
  let events: Event[];

  beforeAll(async () => {
    useCase = await runUseCase('web', 10_000, YESTERDAY);
    events = ((await useCase.records('web-events')) as unknown as Event[]).sort((a, b) => a.timestamp - b.timestamp);
    expect(events).toHaveLength(10_000);
  }, 300_000);

  /** Events by something and by window of `size`, as what `rowOf` says of them. */
  const windowed = (
    chosen: readonly Event[],
    size: number,
    column: string,
    by: (event: Event) => string,
    rowOf: (group: readonly Event[]) => Row,
  ): Row[] =>
    [...groupsOf(chosen, (event) => `${by(event)} ${String(Math.floor(event.timestamp / size) * size)}`)].map(([key, group]) => {
      const [value, start] = key.split(' ');
      return { [column]: value, window_start: Number(start), window_end: Number(start) + size, ...rowOf(group) };
    });

  it('page-views: by page and minute', async () => {
    const viewed = events.filter(({ event_type }) => event_type === 'page_viewed');
    const expected = windowed(
      viewed,
      MINUTE,
      'page_id',
      ({ properties }) => properties.page_id!,
      (group) => ({ views: group.length }),
    );
    expect(sorted(await useCase.table('page-views'))).toEqual(sorted(expected));
  });

  it('geography: requests and different users by country', async () => {
    const expected = windowed(
      events,
      5 * MINUTE,
      'country',
      ({ country }) => country ?? 'unknown',
      (group) => ({
        requests: group.length,
        users: new Set(group.map(({ user_id }) => user_id)).size,
      }),
    );
    expect(sorted(await useCase.table('geography'))).toEqual(sorted(expected));
  });

  it('active-users: of the last five minutes', async () => {
    const users = new Map<number, Set<string>>();
    for (const { timestamp, user_id } of events)
      for (let i = 1, end = Math.floor(timestamp / MINUTE) * MINUTE + MINUTE; i <= 5; i++, end += MINUTE)
        users.set(end, (users.get(end) ?? new Set()).add(user_id));
    const expected = [...users].map(([end, of]) => ({ window_start: end - 5 * MINUTE, window_end: end, users: of.size }));
    expect(sorted(await useCase.records('active-users'))).toEqual(sorted(expected));
  });

  it('response-time: each call with the five minutes before it', async () => {
    const calls = events.filter(({ event_type }) => event_type === 'api_call');
    const rows = await useCase.records('response-time');
    expect(rows).toHaveLength(calls.length);
    const byEndpoint = groupsOf(calls, ({ properties }) => properties.endpoint!);
    for (const row of rows) {
      const end = Number(row['window_end']);
      const looked = byEndpoint
        .get(String(row['endpoint']))!
        .filter(({ timestamp }) => timestamp <= end && timestamp >= end - 5 * MINUTE)
        .map(({ properties }) => properties.response_ms!);
      expect(row['calls']).toBe(looked.length);
      expect(row['avg_ms']).toBeCloseTo(looked.reduce((sum, ms) => sum + ms, 0) / looked.length, 9);
    }
  });

  it('web-funnel: how far each visit got', async () => {
    const steps = ['product_viewed', 'added_to_cart', 'checkout_started', 'purchase'];
    const depths: number[] = [];
    for (const group of groupsOf(events, ({ user_id }) => user_id).values()) {
      let depth = 0;
      group.forEach(({ event_type, timestamp }, i) => {
        if (i > 0 && timestamp - group[i - 1].timestamp > GAP) {
          depths.push(depth);
          depth = 0;
        }
        if (event_type === steps[depth]) depth++;
      });
      depths.push(depth);
    }
    const names = ['viewed', 'carted', 'checkout', 'purchased'];
    expect(await useCase.table('web-funnel')).toEqual([
      Object.fromEntries(names.map((name, i) => [name, depths.filter((depth) => depth > i).length])),
    ]);
  });

  it('web-store: every event in the OLAP store, and in files by date', async () => {
    const expected = events.map(({ event_type, user_id, timestamp }) => ({ event_type, user_id, at: new Date(timestamp).toISOString() }));
    for (const from of ['web_events', `read_parquet('${useCase.lake}/web-events/*/*.parquet')`])
      expect(sorted(await useCase.sql(`SELECT event_type, user_id, "timestamp" AS at FROM ${from}`))).toEqual(sorted(expected));
  });

  it('web-store: hours by type and country, with how many users they had', async () => {
    const expected = [
      ...groupsOf(
        events,
        ({ event_type, country, timestamp }) => `${event_type} ${country ?? 'unknown'} ${String(timestamp - (timestamp % HOUR))}`,
      ),
    ].map(([key, group]) => {
      const [event_type, country, start] = key.split(' ');
      const users = new Set(group.map(({ user_id }) => user_id)).size;
      const cents = group.reduce((sum, { properties }) => sum + Math.round((properties.revenue ?? 0) * 100), 0);
      return { event_type, country, window_start: new Date(Number(start)).toISOString(), events: group.length, users, cents };
    });
    const sql = 'SELECT event_type, country, window_start, events, users, round(revenue * 100)::INTEGER AS cents FROM web_events_by_hour';
    const rows = await useCase.sql(sql);
    const exact = ({ users: _, ...row }: Row): Row => row;
    expect(sorted(rows.map(exact))).toEqual(sorted(expected.map(exact)));
    const users = (of: readonly Row[]): number => of.reduce((sum, row) => sum + Number(row['users']), 0);
    // HyperLogLog: a few per cent off.
    expect(Math.abs(users(rows) / users(expected) - 1)).toBeLessThan(0.1);
  });
});
