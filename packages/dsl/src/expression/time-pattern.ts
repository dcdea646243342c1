import { DAY_MS } from './calendar.js';
import { dayOf, dayOfMonth, dayOfWeek, daysOf, localTime, monthOf, timeOfDay, yearOf } from './civil.js';
import type { Zone } from './zone.js';

/** What is read so far. */
interface Reading {
  year: number;
  month: number;
  day: number;
  hour: number;
  /** Null where the hour counts to 24. */
  afternoon: boolean | null;
  minute: number;
  second: number;
  millis: number;
  /** In ms, or null where the text has none. */
  offset: number | null;
}

interface Field {
  /** Of a local time in whole ms, the ms it is ahead of UTC, and the µs behind the ms. */
  readonly write: (local: number, offset: number, micros: number) => string;
  /** Reads what stands at `at` and gives the place behind it, or -1. */
  readonly read: (text: string, at: number, into: Reading) => number;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Java's letters, as far as they read and write the same. */
const FIELDS: Readonly<Record<string, Field>> = {
  yyyy: number(
    4,
    4,
    (local) => yearOf(dayOf(local)),
    (into, x) => (into.year = x),
  ),
  yy: number(
    2,
    2,
    (local) => ((yearOf(dayOf(local)) % 100) + 100) % 100,
    (into, x) => (into.year = 2000 + x),
  ),
  MMM: name(
    MONTHS,
    (local) => monthOf(dayOf(local)) - 1,
    (into, x) => (into.month = x + 1),
  ),
  MM: number(
    2,
    2,
    (local) => monthOf(dayOf(local)),
    (into, x) => (into.month = x),
  ),
  M: number(
    1,
    2,
    (local) => monthOf(dayOf(local)),
    (into, x) => (into.month = x),
  ),
  dd: number(
    2,
    2,
    (local) => dayOfMonth(dayOf(local)),
    (into, x) => (into.day = x),
  ),
  d: number(
    1,
    2,
    (local) => dayOfMonth(dayOf(local)),
    (into, x) => (into.day = x),
  ),
  EEE: name(
    WEEKDAYS,
    (local) => dayOfWeek(dayOf(local)) - 1,
    () => undefined,
  ),
  HH: number(2, 2, hour, (into, x) => (into.hour = x)),
  H: number(1, 2, hour, (into, x) => (into.hour = x)),
  hh: number(2, 2, (local) => hour(local) % 12 || 12, readHour12),
  h: number(1, 2, (local) => hour(local) % 12 || 12, readHour12),
  a: name(
    ['AM', 'PM'],
    (local) => (hour(local) < 12 ? 0 : 1),
    (into, x) => (into.afternoon = x === 1),
  ),
  mm: number(
    2,
    2,
    (local) => Math.floor(timeOfDay(local) / 60_000) % 60,
    (into, x) => (into.minute = x),
  ),
  ss: number(
    2,
    2,
    (local) => Math.floor(timeOfDay(local) / 1000) % 60,
    (into, x) => (into.second = x),
  ),
  SSS: number(
    3,
    3,
    (local) => timeOfDay(local) % 1000,
    (into, x) => (into.millis = x),
  ),
  SSSSSS: number(
    6,
    6,
    (local, _, micros) => (timeOfDay(local) % 1000) * 1000 + micros,
    (into, x) => (into.millis = Math.floor(x / 1000)),
  ),
  XXX: { write: (_, offset) => showOffset(offset), read: readOffset },
};

/** The letters of a pattern, for docs and messages. */
export const TIME_LETTERS = Object.keys(FIELDS).join(', ');

function hour(local: number): number {
  return Math.floor(timeOfDay(local) / 3_600_000);
}

function readHour12(into: Reading, x: number): void {
  // 13 is no hour of these; as 99 it is found to be none.
  into.hour = x >= 1 && x <= 12 ? x % 12 : 99;
  into.afternoon ??= false;
}

function number(
  min: number,
  max: number,
  value: (local: number, offset: number, micros: number) => number,
  set: (into: Reading, x: number) => void,
): Field {
  return {
    write: (local, offset, micros) => String(value(local, offset, micros)).padStart(min, '0'),
    read: (text, at, into) => {
      let end = at;
      let x = 0;
      for (; end < at + max; end++) {
        const digit = text.charCodeAt(end) - 48;
        if (!(digit >= 0 && digit <= 9)) break;
        x = x * 10 + digit;
      }
      if (end - at < min) return -1;
      set(into, x);
      return end;
    },
  };
}

function name(names: readonly string[], value: (local: number) => number, set: (into: Reading, x: number) => void): Field {
  const width = names[0].length;
  const lower = names.map((one) => one.toLowerCase());
  return {
    write: (local) => names[value(local)],
    read: (text, at, into) => {
      const found = lower.indexOf(text.slice(at, at + width).toLowerCase());
      if (found < 0) return -1;
      set(into, found);
      return at + width;
    },
  };
}

function showOffset(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.floor(Math.abs(offset) / 60_000);
  const [h, m] = [Math.floor(minutes / 60), minutes % 60].map((x) => String(x).padStart(2, '0'));
  return `${offset < 0 ? '-' : '+'}${h}:${m}`;
}

function readOffset(text: string, at: number, into: Reading): number {
  if (text[at] === 'Z') {
    into.offset = 0;
    return at + 1;
  }
  const found = /^([+-])([01]\d|2[0-3]):?([0-5]\d)/.exec(text.slice(at, at + 6));
  if (!found) return -1;
  into.offset = (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 3_600_000 + Number(found[3]) * 60_000);
  return at + found[0].length;
}

const PARTS = /'([^']*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g;

/** A compiled pattern: fields, and the texts between them. */
export type TimePattern = readonly (Field | string)[];

/** Compiles a pattern such as `yyyy-MM-dd HH:mm`, in which other letters stand in `'…'`; the part that means nothing if there is one. */
export function timePattern(pattern: string): TimePattern | { readonly wrong: string } {
  const parts: (Field | string)[] = [];
  for (const [part, quoted, letter] of pattern.matchAll(PARTS)) {
    if (part === "'" || (letter !== undefined && !Object.hasOwn(FIELDS, part))) return { wrong: part };
    parts.push(letter === undefined ? (quoted ?? part) : FIELDS[part]);
  }
  return parts;
}

/** A time (ms, with a fraction for µs) by a pattern, as clocks of the zone show it. */
export function formatTime(ms: number, pattern: TimePattern, zone: Zone): string {
  const local = localTime(ms, zone);
  const whole = Math.floor(ms);
  const [offset, micros] = [local - whole, Math.round((ms - whole) * 1000)];
  let text = '';
  for (const part of pattern) text += typeof part === 'string' ? part : part.write(local, offset, micros);
  return text;
}

/** The time (ms) that a text says by a pattern, or null if it does not fit. What the pattern lacks is that of midnight, 1970-01-01. */
export function parseTime(text: string, pattern: TimePattern, zone: Zone): number | null {
  const into: Reading = { year: 1970, month: 1, day: 1, hour: 0, afternoon: null, minute: 0, second: 0, millis: 0, offset: null };
  let at = 0;
  for (const part of pattern) {
    if (typeof part === 'string') at = text.startsWith(part, at) ? at + part.length : -1;
    else at = part.read(text, at, into);
    if (at < 0) return null;
  }
  if (at < text.length) return null;
  const hours = into.afternoon === true && into.hour < 12 ? into.hour + 12 : into.hour;
  if (into.month < 1 || into.month > 12 || hours > 23 || into.minute > 59 || into.second > 59) return null;
  const day = daysOf(into.year, into.month, into.day);
  if (dayOfMonth(day) !== into.day) return null;
  const local = day * DAY_MS + hours * 3_600_000 + into.minute * 60_000 + into.second * 1000 + into.millis;
  return into.offset === null ? zone.instantOf(local) : local - into.offset;
}
