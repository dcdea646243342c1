/** Windows in time zones, against what the clocks of the zone show. */
import type { CumulateWindow, HoppingWindow } from '@rta/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignedWindows } from '../../src/plan/aligned-windows.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const common = { graceMs: 0, late: null };

function hopping(sizeMs: number, advanceMs: number, zone: string | null): HoppingWindow {
  return { kind: 'hopping', sizeMs, advanceMs, zone, ...common };
}

function cumulate(sizeMs: number, stepMs: number, zone: string | null): CumulateWindow {
  return { kind: 'cumulate', sizeMs, stepMs, zone, ...common };
}

/** The windows that a time is in, as `start/end` in UTC. */
function windowsOf(window: HoppingWindow | CumulateWindow, time: string): string[] {
  const windows = alignedWindows(window);
  const found: string[] = [];
  const t = Date.parse(time);
  for (let id = windows.first(t); !Number.isNaN(id); id = windows.next(id, t))
    found.push([windows.startOf(id), windows.endOf(id)].map((ms) => new Date(ms).toISOString().replace(':00.000Z', '')).join('/'));
  return found;
}

/** What clocks in the zone show, `2024-03-31 02:00:00`. */
function clock(zone: string, ms: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(ms);
}

describe('days of a zone', () => {
  it('have 23 and 25 hours where clocks are changed', () => {
    const day = hopping(DAY, DAY, 'Europe/Prague');
    expect(windowsOf(day, '2024-03-31T12:00Z')).toEqual(['2024-03-30T23:00/2024-03-31T22:00']);
    expect(windowsOf(day, '2024-10-27T12:00Z')).toEqual(['2024-10-26T22:00/2024-10-27T23:00']);
    expect(windowsOf(day, '2024-10-27T22:59:59Z')).toEqual(['2024-10-26T22:00/2024-10-27T23:00']);
    expect(windowsOf(day, '2024-10-27T23:00Z')).toEqual(['2024-10-27T23:00/2024-10-28T23:00']);
  });

  it('begin with their first moment where midnight is left out', () => {
    // On 2018-11-04 clocks in São Paulo went from 00:00 to 01:00; in Beirut on 2022-03-27.
    expect(windowsOf(hopping(DAY, DAY, 'America/Sao_Paulo'), '2018-11-04T12:00Z')).toEqual(['2018-11-04T03:00/2018-11-05T02:00']);
    expect(windowsOf(hopping(DAY, DAY, 'Asia/Beirut'), '2022-03-27T12:00Z')).toEqual(['2022-03-26T22:00/2022-03-27T21:00']);
  });

  it('may be missing altogether', () => {
    // Samoa went over the date line: there was no 2011-12-30.
    const day = hopping(DAY, DAY, 'Pacific/Apia');
    expect(windowsOf(day, '2011-12-30T09:59Z')).toEqual(['2011-12-29T10:00/2011-12-30T10:00']);
    expect(windowsOf(day, '2011-12-30T10:00Z')).toEqual(['2011-12-30T10:00/2011-12-31T10:00']);
  });

  it('make weeks from Monday, in UTC too if it is named; without a zone they are counted from the epoch', () => {
    expect(windowsOf(hopping(7 * DAY, 7 * DAY, 'Europe/Prague'), '2024-03-31T21:59Z')).toEqual(['2024-03-24T23:00/2024-03-31T22:00']);
    expect(windowsOf(hopping(7 * DAY, 7 * DAY, 'UTC'), '2024-03-31T21:59Z')).toEqual(['2024-03-25T00:00/2024-04-01T00:00']);
    expect(windowsOf(hopping(7 * DAY, 7 * DAY, null), '2024-03-31T21:59Z')).toEqual(['2024-03-28T00:00/2024-04-04T00:00']);
  });

  it('hop by the calendar', () => {
    expect(windowsOf(hopping(2 * DAY, DAY, 'Europe/Prague'), '2024-03-31T12:00Z')).toEqual([
      '2024-03-29T23:00/2024-03-31T22:00',
      '2024-03-30T23:00/2024-04-01T22:00',
    ]);
  });

  it('are cut into hours of full length from midnight on, the last of them ending with the day', () => {
    const parts = hopping(6 * HOUR, 6 * HOUR, 'Europe/Prague');
    expect(windowsOf(parts, '2024-10-27T03:00Z')).toEqual(['2024-10-26T22:00/2024-10-27T04:00']);
    expect(windowsOf(parts, '2024-10-27T22:30Z')).toEqual(['2024-10-27T22:00/2024-10-27T23:00']);
    expect(windowsOf(parts, '2024-03-31T21:30Z')).toEqual(['2024-03-31T17:00/2024-03-31T22:00']);
    expect(windowsOf(hopping(HOUR, HOUR, 'Asia/Kolkata'), '2024-01-01T10:00Z')).toEqual(['2024-01-01T09:30/2024-01-01T10:30']);
  });

  it('are where a calendar is, for times beyond all calendars too', () => {
    for (const time of [1e17, -1e17, 8.64e15, -8.64e15]) {
      const windows = alignedWindows(hopping(DAY, DAY, 'Europe/Prague'));
      const id = windows.first(time);
      expect(windows.startOf(id) <= time && time < windows.endOf(id)).toBe(true);
    }
  });
});

describe('cumulating windows', () => {
  it('begin together and end one step after the other', () => {
    expect(windowsOf(cumulate(3 * HOUR, HOUR, null), '2024-01-01T13:00Z')).toEqual([
      '2024-01-01T12:00/2024-01-01T14:00',
      '2024-01-01T12:00/2024-01-01T15:00',
    ]);
    expect(windowsOf(cumulate(3 * HOUR, HOUR, null), '2024-01-01T14:59Z')).toEqual(['2024-01-01T12:00/2024-01-01T15:00']);
  });

  it('grow over a day of a zone', () => {
    expect(windowsOf(cumulate(DAY, 6 * HOUR, 'Europe/Prague'), '2024-10-27T20:00Z')).toEqual([
      '2024-10-26T22:00/2024-10-27T22:00',
      '2024-10-26T22:00/2024-10-27T23:00',
    ]);
  });
});

describe('any time is in the windows that it should be in', () => {
  const zones = fc.constantFrom('Europe/Prague', 'America/New_York', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Kolkata', 'UTC');
  const times = fc.oneof(
    fc.integer({ min: Date.parse('1985-01-01'), max: Date.parse('2040-01-01') }),
    // Around the changes of clocks.
    fc.integer({ min: -30 * HOUR, max: 30 * HOUR }).map((ms) => Date.parse('2024-03-31T01:00Z') + ms),
    fc.integer({ min: -30 * HOUR, max: 30 * HOUR }).map((ms) => Date.parse('2024-11-03T06:00Z') + ms),
  );

  it('of whole days: from midnight to midnight, one after the other', () => {
    fc.assert(
      fc.property(zones, times, fc.constantFrom(1, 2, 7), (zone, time, days) => {
        const windows = alignedWindows(hopping(days * DAY, days * DAY, zone));
        const id = windows.first(time);
        const [start, end] = [windows.startOf(id), windows.endOf(id)];
        expect(start <= time && time < end).toBe(true);
        expect(windows.next(id, time)).toBeNaN();
        expect(windows.first(start)).toBe(id);
        expect(windows.first(end - 1)).toBe(id);
        expect(windows.startOf(windows.first(end))).toBe(end);
        // Midnight; in some zones clocks were changed at midnight.
        expect(clock(zone, start).slice(0, 10) > clock(zone, start - 1).slice(0, 10)).toBe(true);
        if (zone === 'Europe/Prague' || zone === 'UTC') expect(clock(zone, start).slice(11)).toBe('00:00:00');
        const hours = (end - start) / HOUR;
        expect(hours).toBeGreaterThanOrEqual(days * 24 - 2);
        expect(hours).toBeLessThanOrEqual(days * 24 + 2);
      }),
      { numRuns: 500 },
    );
  });

  it('of parts of a day, hopping and cumulating ones: all that contain it, by their end', () => {
    const kinds = fc.oneof(
      fc
        .tuple(fc.constantFrom([6, 2], [24, 6], [48, 24], [1, 1]), zones)
        .map(([[size, step], zone]) => hopping(size * HOUR, step * HOUR, zone)),
      fc.tuple(fc.constantFrom([6, 2], [24, 6], [168, 24]), zones).map(([[size, step], zone]) => cumulate(size * HOUR, step * HOUR, zone)),
    );
    fc.assert(
      fc.property(kinds, times, (kind, time) => {
        const windows = alignedWindows(kind);
        let last = -Infinity;
        let count = 0;
        for (let id = windows.first(time); !Number.isNaN(id); id = windows.next(id, time)) {
          expect(windows.startOf(id) <= time && time < windows.endOf(id)).toBe(true);
          expect(windows.endOf(id)).toBeGreaterThan(last);
          last = windows.endOf(id);
          count++;
          // The first and the last moment of a window are in it.
          for (const inside of [windows.startOf(id), windows.endOf(id) - 1]) {
            const ids: number[] = [];
            for (let other = windows.first(inside); !Number.isNaN(other); other = windows.next(other, inside)) ids.push(other);
            expect(ids).toContain(id);
          }
        }
        if (kind.kind === 'hopping') expect(count).toBe(kind.sizeMs / kind.advanceMs);
      }),
      { numRuns: 500 },
    );
  });
});
