/** Calendar and zones against JavaScript's own, and at the hours when clocks change. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as civil from '../../src/expression/civil.js';
import { UTC, zoneNamed, type Zone } from '../../src/expression/zone.js';
import { valueOf } from './helpers.js';

const ZONES = ['UTC', 'Europe/Prague', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Havana', 'Africa/Casablanca'];
const zone = fc.constantFrom(...ZONES);
/** 1950 to 2080, often near a change of clocks. */
const moment = fc.oneof(
  fc.integer({ min: -631_152_000_000, max: 3_471_292_800_000 }),
  fc
    .tuple(fc.constantFrom(1_711_846_800_000, 1_729_990_800_000, 1_728_142_200_000), fc.integer({ min: -9e6, max: 9e6 }))
    .map(([a, b]) => a + b),
);

function named(name: string): Zone {
  const found = zoneNamed(name);
  if (found === null) throw new Error(name);
  return found;
}

/** What `Intl` shows, by another locale and another way than the library asks it. */
function shown(ms: number, name: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: name, dateStyle: 'short', timeStyle: 'medium' }).format(ms);
}

describe('the calendar', () => {
  it('is that of Date', () => {
    fc.assert(
      fc.property(fc.integer({ min: -99_000_000, max: 99_000_000 }), (days) => {
        const date = new Date(days * 86_400_000);
        expect([civil.yearOf(days), civil.monthOf(days), civil.dayOfMonth(days)]).toEqual([
          date.getUTCFullYear(),
          date.getUTCMonth() + 1,
          date.getUTCDate(),
        ]);
        expect(civil.dayOfWeek(days)).toBe(date.getUTCDay() || 7);
        expect(civil.daysOf(civil.yearOf(days), civil.monthOf(days), civil.dayOfMonth(days))).toBe(days);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['2021-01-03', 53],
    ['2021-01-04', 1],
    ['2024-12-30', 1],
    ['2026-12-31', 53],
    ['1970-01-01', 1],
  ])('%s is in week %i', (day, week) => {
    expect(valueOf(`week(date("${day}"))`)).toBe(week);
  });
});

describe('zones', () => {
  it('show what Intl shows', () => {
    fc.assert(
      fc.property(moment, zone, (ms, name) => {
        expect(valueOf('formatTime(t, "yyyy-MM-dd HH:mm:ss", s)', { t: ms, s: name })).toBe(shown(ms, name));
      }),
      { numRuns: 2000 },
    );
  });

  it('find the time again that clocks show', () => {
    fc.assert(
      fc.property(moment, zone, (ms, name) => {
        const local = civil.localTime(ms, named(name));
        const found = named(name).instantOf(local);
        expect(found).toBeLessThanOrEqual(ms);
        expect(civil.localTime(found, named(name))).toBe(local);
      }),
      { numRuns: 2000 },
    );
  });

  it('truncate to what is not later and not again truncated', () => {
    const unit = fc.constantFrom('second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year');
    fc.assert(
      fc.property(moment, zone, unit, (ms, name, to) => {
        const first = valueOf(`truncate(t, "${to}", s)`, { t: ms, s: name }) as number;
        expect(first).toBeLessThanOrEqual(ms);
        if (name !== 'Australia/Lord_Howe') expect(valueOf(`truncate(t, "${to}", s)`, { t: first, s: name })).toBe(first);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    // 02:30 is skipped in Prague on 31 March, and comes twice on 27 October.
    ['parseTime("2024-03-31 02:30", "yyyy-MM-dd HH:mm", "Europe/Prague")', '2024-03-31T01:30:00.000Z'],
    ['parseTime("2024-10-27 02:30", "yyyy-MM-dd HH:mm", "Europe/Prague")', '2024-10-27T00:30:00.000Z'],
    ['truncate(timestamp("2024-10-27T01:30:00Z"), "hour", "Europe/Prague")', '2024-10-27T01:00:00.000Z'],
    ['truncate(timestamp("2024-10-27T12:00:00Z"), "day", "Europe/Prague")', '2024-10-26T22:00:00.000Z'],
    ['truncate(timestamp("2024-10-28T12:00:00Z"), "day", "Europe/Prague")', '2024-10-27T23:00:00.000Z'],
    // Midnight itself is skipped in São Paulo on 4 November 2018, and comes twice in Havana on 4 November 2018.
    ['truncate(timestamp("2018-11-04T12:00:00Z"), "day", "America/Sao_Paulo")', '2018-11-04T03:00:00.000Z'],
    ['truncate(timestamp("2018-11-04T12:00:00Z"), "day", "America/Havana")', '2018-11-04T04:00:00.000Z'],
    ['addDays(timestamp("2024-10-26T12:00:00Z"), 1, "Europe/Prague")', '2024-10-27T13:00:00.000Z'],
    ['addMonths(timestamp("2024-01-31T12:00:00Z"), -11)', '2023-02-28T12:00:00.000Z'],
    ['parseTime("12:05 AM", "hh:mm a")', '1970-01-01T00:05:00.000Z'],
    ['parseTime("12:05 pm", "hh:mm a")', '1970-01-01T12:05:00.000Z'],
    ['parseTime("2024-05-01T10:00:00.123456-03:30", "yyyy-MM-dd\'T\'HH:mm:ss.SSSSSSXXX")', '2024-05-01T13:30:00.123Z'],
  ])('%s is %s', (text, time) => {
    expect(new Date(valueOf(text) as number).toISOString()).toBe(time);
  });

  it.each(['13:00 AM', '00:10 PM', '5:00 PM', '12:60 PM', '12:00 XM', '12:00 PM ', ''])('%s is no time of hh:mm a', (text) => {
    expect(valueOf('parseTime(s, "hh:mm a")', { s: text })).toBeNull();
  });

  it('from records may be none', () => {
    expect(() => valueOf('hour(t, s)', { t: 0, s: 'Mars/Olympus' })).toThrow('no time zone "Mars/Olympus"');
    expect(zoneNamed('+02:00')).toBeNull();
    expect(zoneNamed('UTC')).toBe(UTC);
  });

  it('end where the calendar ends', () => {
    expect(() => valueOf('hour(t, "Europe/Prague")', { t: 9e15 })).toThrow('beyond the calendar');
    expect(() => valueOf('addMonths(t, l)', { t: 0, l: 2n ** 60n })).toThrow('no calendar');
    expect(() => valueOf('addDays(t, l, "Europe/Prague")', { t: 8.6e15, l: 90_000_000 })).toThrow('no calendar');
    expect(valueOf('hour(t, "Europe/Prague")', { t: 8.64e15 })).toBe(2);
    expect(valueOf('year(t, "Europe/Prague")', { t: -8.64e15 })).toBe(-271_821);
  });

  it('look an offset up once', () => {
    const prague = named('Europe/Prague');
    for (let i = 0; i < 1000; i++) prague.offsetAt(i * 86_400_000);
    const start = performance.now();
    for (let i = 0; i < 1_000_000; i++) prague.offsetAt(i * 50_000);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
