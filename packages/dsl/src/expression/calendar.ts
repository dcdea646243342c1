import { ExpressionError } from './typed.js';

export const DAY_MS = 86_400_000;
/** The last ms that JavaScript's calendar holds, on both sides of 1970. */
export const CALENDAR_END = 8.64e15;

/** `2024-05-01`, `2024-05-01T10:00`, `2024-05-01 10:00:30.25`, each time with `Z`, `+02:00` or nothing (UTC). */
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Milliseconds since the epoch of an ISO 8601 time, with a fraction for microseconds; null if the text is none. */
export function parseTimestamp(text: string): number | null {
  const found = TIMESTAMP.exec(text.trim());
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((digits) => Number(digits ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return null;
  const midnight = utcDay(year, month, day);
  const offset = offsetOf(found[8]);
  if (midnight === null || offset === null) return null;
  const micros = Math.floor(Number((found[7] ?? '').padEnd(9, '0')) / 1000);
  return midnight + hour * 3_600_000 + minute * 60_000 + second * 1000 - offset + micros / 1000;
}

/** Days since the epoch of `2024-05-01`, or null if the text is no date. */
export function parseDate(text: string): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text.trim());
  const midnight = found && utcDay(Number(found[1]), Number(found[2]), Number(found[3]));
  return midnight === null ? null : midnight / DAY_MS;
}

function utcDay(year: number, month: number, day: number): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null;
}

function offsetOf(zone: string | undefined): number | null {
  if (zone === undefined || zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return hours > 23 || minutes > 59 ? null : (zone.startsWith('-') ? -1 : 1) * (hours * 3_600_000 + minutes * 60_000);
}

/** `2024-05-01T10:00:00.000Z`; with microseconds if there are any. */
export function showTimestamp(ms: number): string {
  const text = dateOf(ms).toISOString();
  const micros = Math.round((ms - Math.floor(ms)) * 1000);
  return micros === 0 ? text : `${text.slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}

/** `2024-05-01`. */
export function showDate(days: number): string {
  const text = dateOf(days * DAY_MS).toISOString();
  return text.slice(0, text.indexOf('T'));
}

/** A JavaScript date of a timestamp; throws `domain` beyond what those hold (year 275760). */
export function dateOf(ms: number): Date {
  const date = new Date(Math.floor(ms));
  if (Number.isNaN(date.getTime())) throw new ExpressionError('domain', `${ms} ms is beyond the calendar`);
  return date;
}
