import { CALENDAR_END, DAY_MS, parseDate } from './calendar.js';
import { ExpressionError } from './typed.js';

/** A stretch of time, within one UTC day, in which the clock does not change. */
interface Stretch {
  /** In ms since the epoch; `end` is not in it. */
  readonly start: number;
  readonly end: number;
  /** What local time is ahead of UTC, in ms. */
  readonly offset: number;
}

/** Days whose offsets a zone remembers. */
const MAX_DAYS = 4096;
/** Zones that are kept: all there are, with room for names in other cases. */
const MAX_ZONES = 1024;
/** Before this the calendar of `Intl` counts years of another era; the offset is the one of that day. */
const YEAR_ONE = (parseDate('0001-01-03') ?? 0) * DAY_MS;

/** The last day on which clocks ahead of UTC are in the calendar too. */
const LAST_DAY = CALENDAR_END - DAY_MS;

/** A time zone: what its clocks show, with daylight saving time as the tz database of ICU has it. */
export class Zone {
  private readonly days = new Map<number, readonly Stretch[]>();
  private last: Stretch;

  constructor(private readonly format: Intl.DateTimeFormat | null) {
    this.last = { start: Number.NEGATIVE_INFINITY, end: Number.NEGATIVE_INFINITY, offset: 0 };
  }

  /** What local time is ahead of UTC at a time (ms since the epoch), in ms. */
  offsetAt(ms: number): number {
    if (this.format === null) return 0;
    if (ms >= this.last.start && ms < this.last.end) return this.last.offset;
    const day = Math.floor(ms / DAY_MS);
    let stretches = this.days.get(day);
    if (stretches === undefined) {
      if (this.days.size >= MAX_DAYS) this.days.clear();
      stretches = this.stretchesOf(day * DAY_MS, this.format);
      this.days.set(day, stretches);
    }
    this.last = stretches.find(({ end }) => ms < end)!;
    return this.last.offset;
  }

  /**
   * When local clocks show a time (ms, as if it were of UTC). Of a time that comes twice it is the first; one that is skipped counts on from
   * the clock before the change, and so lies as much behind it.
   */
  instantOf(local: number): number {
    const before = this.offsetAt(local - DAY_MS);
    if (this.offsetAt(local - before) === before) return local - before;
    const after = this.offsetAt(local + DAY_MS);
    return this.offsetAt(local - after) === after ? local - after : local - before;
  }

  private stretchesOf(midnight: number, format: Intl.DateTimeFormat): Stretch[] {
    const next = midnight + DAY_MS;
    const last = offsetOf(format, next - 1);
    const stretches: Stretch[] = [];
    for (let start = midnight; start < next;) {
      const offset = offsetOf(format, start);
      let end = next;
      if (offset !== last) {
        // The first millisecond with another offset.
        for (let low = start; end - low > 1;) {
          const middle = Math.floor((low + end) / 2);
          if (offsetOf(format, middle) === offset) low = middle;
          else end = middle;
        }
      }
      stretches.push({ start, end, offset });
      start = end;
    }
    return stretches;
  }
}

/** The zone without an offset. */
export const UTC = new Zone(null);

const zones = new Map<string, Zone>();

/** The zone of a name such as `Europe/Prague`, or null if there is none. */
export function zoneNamed(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = openZone(name);
  if (zone === null) return null;
  if (zones.size >= MAX_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
}

/** As `zoneNamed`; throws `domain` if there is none. */
export function zoneOf(name: string): Zone {
  const zone = zoneNamed(name);
  if (zone === null) throw new ExpressionError('domain', `there is no time zone "${name}"`);
  return zone;
}

function openZone(name: string): Zone | null {
  if (name === 'UTC' || name === 'Z') return UTC;
  // Offsets such as +02:00 are zones in some releases of Node only.
  if (!/^[A-Za-z]/.test(name)) return null;
  try {
    return new Zone(
      new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      }),
    );
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function offsetOf(format: Intl.DateTimeFormat, ms: number): number {
  const time = Math.min(Math.max(Math.floor(ms / 1000) * 1000, YEAR_ONE), LAST_DAY);
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of format.formatToParts(time)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second);
  return local.getTime() - time;
}
