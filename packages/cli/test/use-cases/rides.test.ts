/** Ride sharing: the metrics of cities equal a plain recomputation; late rides are kept aside. */
import { beforeAll, describe, expect, it } from 'vitest';
import { groupsOf, runUseCase, type Row, type UseCase } from './project.js';

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
    useCase = await runUseCase('rides', 10_000, ['--partitions', '1', '--late-every', '100']);
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
});
