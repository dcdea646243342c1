import { CALENDAR_END, DAY_MS } from './calendar.js';
import { ExpressionError } from './typed.js';
import type { Zone } from './zone.js';

/** What clocks of a zone show at a time, in whole ms as if it were of UTC; throws `domain` beyond the calendar. */
export function localTime(ms: number, zone: Zone): number {
  const whole = Math.floor(ms);
  if (!(whole >= -CALENDAR_END && whole <= CALENDAR_END)) throw new ExpressionError('domain', `${ms} ms is beyond the calendar`);
  return whole + zone.offsetAt(whole);
}

/** The day of a local time, in days since 1970. */
export function dayOf(local: number): number {
  return Math.floor(local / DAY_MS);
}

/** The ms of a local time since its midnight. */
export function timeOfDay(local: number): number {
  return local - Math.floor(local / DAY_MS) * DAY_MS;
}

/** Days since 1970 of a day of the Gregorian calendar; months before the first and after the twelfth are of other years. */
export function daysOf(year: number, month: number, day: number): number {
  const months = year * 12 + month - 1;
  // Years begin in March here, so that leap days end them.
  const y = Math.floor((months - 2) / 12);
  const monthFromMarch = months - 2 - y * 12;
  return (
    365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + Math.floor((153 * monthFromMarch + 2) / 5) + day - 719_469
  );
}

/** year × 10,000 + month × 100 + day of a day since 1970, for the functions below: three numbers without an object. */
function packed(days: number): number {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0)) * 10_000 + month * 100 + day;
}

export function yearOf(days: number): number {
  return Math.floor(packed(days) / 10_000);
}

/** 1 to 12. */
export function monthOf(days: number): number {
  const date = packed(days);
  return Math.floor((date - Math.floor(date / 10_000) * 10_000) / 100);
}

/** 1 to 31. */
export function dayOfMonth(days: number): number {
  const date = packed(days);
  return date - Math.floor(date / 100) * 100;
}

/** 1 to 4. */
export function quarterOf(days: number): number {
  return Math.ceil(monthOf(days) / 3);
}

/** 1 (Monday) to 7. */
export function dayOfWeek(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

/** 1 to 366. */
export function dayOfYear(days: number): number {
  return days - daysOf(yearOf(days), 1, 1) + 1;
}

/** The week of ISO 8601, 1 to 53: the first has the year's first Thursday. */
export function weekOf(days: number): number {
  return Math.ceil(dayOfYear(days - dayOfWeek(days) + 4) / 7);
}

/** The same day of another month, or that month's last day. */
export function addMonths(days: number, count: number): number {
  const [year, month] = [yearOf(days), monthOf(days) + count];
  return Math.min(daysOf(year, month, dayOfMonth(days)), daysOf(year, month + 1, 1) - 1);
}
