/** Ride sharing: the metrics of cities equal a plain recomputation; late rides are kept aside. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { rta } from '../support/cli.js';
import { leavesOutClickhouse, useClickhouse } from '../support/use-clickhouse.js';
import { groupsOf, runUseCase, type Row, type UseCase, YESTERDAY } from './project.js';

interface Ride {
  readonly ride_id: string;
  readonly event_type: string;
  readonly timestamp: number;
  readonly city: string;
  readonly estimated_fare: number;
  readonly user_id: string;
}

const MINUTE = 60_000;
const SIZE = 5 * MINUTE;
const LATENESS = 30_000;

describe('ride sharing', () => {
  let useCase: UseCase;
  /** Partition by partition, in the order in which they came. */
  let rides: Ride[];

  beforeAll(async () => {
    // One partition: what is late can then be told from the order of the records.
    useCase = await runUseCase('rides', 10_000, ['--partitions', '1', '--late-every', '100', ...YESTERDAY]);
    rides = (await useCase.records('ride-events')) as unknown as Ride[];
  });

  it('is fed with rides that are requested first, and end once', () => {
    expect(rides).toHaveLength(10_000);
    expect(new Set(rides.map(({ city }) => city)).size).toBe(10);
    for (const steps of groupsOf(rides, ({ ride_id }) => ride_id).values())
      expect(steps.map(({ event_type }) => event_type).join(' ')).toMatch(
        /^requested( cancelled| accepted( cancelled| started( completed)?)?)?$/,
      );
  });

  it('city-metrics: hopping windows per city, and late rides in their topic', async () => {
    const windows = new Map<string, Ride[]>();
    const missed: string[] = [];
    let watermark = -Infinity;
    for (const ride of rides) {
      let late = false;
      const newest = Math.floor(ride.timestamp / MINUTE) * MINUTE;
      for (let start = newest - SIZE + MINUTE; start <= newest; start += MINUTE) {
        if (watermark >= start + SIZE) {
          late = true;
          continue;
        }
        const key = `${ride.city} ${String(start)}`;
        const window = windows.get(key);
        if (window === undefined) windows.set(key, [ride]);
        else window.push(ride);
      }
      if (late) missed.push(ride.ride_id);
      watermark = Math.max(watermark, ride.timestamp - LATENESS);
    }
    const expected = new Map(
      [...windows].map(([key, group]): [string, Row] => {
        const count = (type: string): number => group.filter(({ event_type }) => event_type === type).length;
        const [requests, cancellations] = [count('requested'), count('cancelled')];
        const [city, start] = key.split(' ');
        return [
          key,
          {
            city,
            window_start: Number(start),
            window_end: Number(start) + SIZE,
            total_events: group.length,
            requests,
            completions: count('completed'),
            cancellations,
            avg_fare: expect.closeTo(group.reduce((sum, { estimated_fare }) => sum + estimated_fare, 0) / group.length, 9) as unknown,
            unique_riders: new Set(group.map(({ user_id }) => user_id)).size,
            cancellation_rate: requests === 0 ? 0 : cancellations / requests,
          },
        ];
      }),
    );
    const rows = await useCase.table('analytics-aggregated');
    expect(Object.fromEntries(rows.map((row) => [`${String(row['city'])} ${String(row['window_start'])}`, row]))).toEqual(
      Object.fromEntries(expected),
    );
    expect(missed.length).toBeGreaterThan(50);
    expect((await useCase.records('ride-events-late')).map(({ ride_id }) => ride_id)).toEqual(missed);
    // A city's bad ten minutes show.
    expect(Math.max(...rows.map((row) => Number(row['cancellation_rate'])))).toBeGreaterThan(0.3);
  });

  it('an incident is opened where more than 30 % are cancelled for five minutes, once, and ends when it was less for two', async () => {
    const rows = await useCase.table('analytics-aggregated');
    const last = Math.max(...rows.map((row) => Number(row['window_end'])));
    const expected = [...groupsOf(rows, ({ city }) => String(city))].flatMap(([city, windows]) => {
      const isBad = new Map(windows.map((row) => [Number(row['window_end']), Number(row['cancellation_rate']) > 0.3]));
      const told: string[] = [];
      let since: number | null = null;
      let opened: number | null = null;
      let quiet: number | null = null;
      // Window by window; one that has no rides is not bad.
      for (let end = Math.min(...isBad.keys()); end < last; end += MINUTE) {
        if (isBad.get(end) === true) {
          quiet = null;
          since ??= end;
          if (opened === null && end - since >= 5 * MINUTE) {
            opened = end;
            told.push(`${city} trigger ${String(end)}`);
          }
        } else if (opened === null) since = null;
        else {
          quiet ??= end;
          if (end - quiet < 2 * MINUTE) continue;
          told.push(`${city} resolve ${String(end)}`);
          since = opened = quiet = null;
        }
      }
      return told;
    });
    const incidents = await useCase.records('city-metrics-alerts');
    const told = incidents
      .filter(({ at }) => Number(at) < last)
      .map(({ key, action, at }) => `${(JSON.parse(String(key)) as { city: string }).city} ${String(action)} ${String(at)}`);
    expect(told.sort()).toEqual(expected.sort());
    expect(told.length).toBeGreaterThan(1);
  });

  it('has a cold path besides the alerts: every ride in files by date, and in the OLAP store with the metrics', async () => {
    const steps = rides.map(({ ride_id, event_type }) => `${ride_id} ${event_type}`).sort();
    const stepsIn = async (from: string): Promise<unknown> =>
      (await useCase.sql(`SELECT ride_id || ' ' || event_type AS step FROM ${from}`)).map(({ step }) => step).sort();
    expect(await stepsIn('rides')).toEqual(steps);
    expect(await stepsIn(`read_parquet('${useCase.lake}/rides/*/*.parquet')`)).toEqual(steps);
    const days = rides.map(({ timestamp }) => `date=${new Date(timestamp).toISOString().slice(0, 10)}`);
    const directories = readdirSync(join(useCase.lake, 'rides')).filter((name) => name.startsWith('date='));
    expect(directories.sort()).toEqual([...new Set(days)].sort());
    const [{ windows }] = await useCase.sql('SELECT count(*) AS windows FROM city_metrics');
    expect(windows).toBe((await useCase.table('analytics-aggregated')).length);
  });
});

describe.skipIf(leavesOutClickhouse('rides in ClickHouse'))('ride sharing with ClickHouse', { timeout: 180_000 }, () => {
  const { server, ask } = useClickhouse();

  it('has the metrics and every ride in ClickHouse', async () => {
    const used = await runUseCase('rides', 1000, YESTERDAY);
    const { url, user, password } = server();
    const env = { CLICKHOUSE_URL: url, CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: password };
    const ran = await rta(['run', 'deploy/clickhouse', '--dir', used.dir, '--until-end', '--json'], { env });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
    const steps = await ask<Row>(`SELECT concat(ride_id, ' ', event_type) AS step FROM rides FINAL`);
    const written = (await used.records('ride-events')).map(({ ride_id, event_type }) => `${String(ride_id)} ${String(event_type)}`);
    expect(steps.map(({ step }) => step).sort()).toEqual(written.sort());
    const [found] = await ask<Row>(`SELECT toInt32(count()) AS windows, toInt32(sum(total_events)) AS events FROM city_metrics FINAL`);
    const metrics = await used.table('analytics-aggregated');
    const events = metrics.reduce((sum, { total_events }) => sum + Number(total_events), 0);
    expect(found).toEqual({ windows: metrics.length, events });
  });
});
